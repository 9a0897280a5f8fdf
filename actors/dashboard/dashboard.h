#pragma once
// The Dashboard is the API (api.h) and the page over one run directory, as routes for an
// HttpServer.
//
//   Dashboard dashboard({.run = folder, .version = "0.1.0"}, guard, clock);
//   HttpServer server({.routes = dashboard.routes(), .guard = &guard, .clock = &clock, .log =
//   &log});
//
// It reads files and /proc, and nothing else of the run. Thread rule: made and asked for its routes
// by one thread; the handlers run on the server's work thread. It outlives the server.

#include "runtime/base/clock.h"
#include "runtime/http/guard.h"
#include "runtime/http/routes.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class Dashboard {
 public:
  struct Options {
    std::string run;      // the run's directory
    std::string version;  // of the program
  };

  // Error(not_found) if there is no run. Guard and clock outlive it.
  Dashboard(Options options, HttpGuard& guard, const Clock& clock);
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  std::vector<HttpRoute> routes();

  const std::string& run_folder() const;

  // Whether a process works on the run now. Not while a server runs its handlers.
  bool live();

 private:
  class State;
  std::shared_ptr<State> state_;
  HttpGuard& guard_;
};

}  // namespace tramontane
