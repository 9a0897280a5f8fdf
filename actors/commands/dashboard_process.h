#pragma once
// This program as the dashboard of one run: for `tram dashboard`, and as the child that `tram run
// --http` starts.
//
//   ServedDashboard served(run_folder, {"127.0.0.1", 0});
//   print(served.link());
//
// Thread rule: one thread.

#include "actors/dashboard/dashboard.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/http/guard.h"
#include "runtime/http/server.h"

#include <string>

namespace tramontane {

class ServedDashboard {
 public:
  // Serves when this returns. Error(not_found): no run; Error(io): the address cannot be had, or
  // there is no token.
  ServedDashboard(const std::string& run_folder, const HttpAddress& address);

  // "http://127.0.0.1:41234"
  std::string http() const;

  // The same with what logs in, once.
  std::string link() { return http() + guard_.new_link(); }

  const std::string& run_folder() const { return dashboard_.run_folder(); }

 private:
  RealClock clock_;
  Log log_;
  HttpGuard guard_;
  Dashboard dashboard_;
  HttpServer server_;
  HttpAddress address_;
};

// Who watches comes after what is watched: this process yields, and may have as many connections as
// its server holds.
void watch_quietly();

// Where the token lies.
std::string token_path();

// Error(bad_input) for an address that others can reach, unless that is what was asked for: what
// goes over it is not encrypted, the token included.
void require_loopback(const HttpAddress& address, bool trusted_network);

// The child (actors/run/dashboard_child.h).
bool is_dashboard(int argc, char** argv);
int serve_dashboard(int argc, char** argv);

}  // namespace tramontane
