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
#include "runtime/http/certificate.h"
#include "runtime/http/guard.h"
#include "runtime/http/server.h"

#include <string>

namespace tramontane {

class ServedDashboard {
 public:
  // Serves when this returns. Error(not_found): no run; Error(io): the address cannot be had, or
  // there is no token.
  ServedDashboard(const std::string& run_folder, const HttpAddress& address, bool trusted_network);

  // "http://127.0.0.1:41234"; https where others can reach it, unless their network is trusted.
  std::string http() const;

  const HttpCertificate& certificate() const { return certificate_; }

  // The same with what logs in, once.
  std::string link() { return http() + guard_.new_link(); }

  const std::string& run_folder() const { return dashboard_.run_folder(); }

 private:
  const bool https_;
  const HttpCertificate certificate_;
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

// Where the token lies, and the certificate.
std::string token_path();
std::string certificate_path(const std::string& home);

// How a shell asks for a list of jobs; https: of the server with this certificate alone.
std::string curl_line(
    const std::string& http, const std::string& token_file, const HttpCertificate& certificate);

// What to compare where a browser asks whether to trust it; empty for http.
std::string fingerprint_line(const std::string& http, const HttpCertificate& certificate);

// The child (actors/run/dashboard_child.h).
bool is_dashboard(int argc, char** argv);
int serve_dashboard(int argc, char** argv);

}  // namespace tramontane
