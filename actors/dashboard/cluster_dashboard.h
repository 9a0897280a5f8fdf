#pragma once
// The ClusterDashboard is the API (cluster_api.h) and the page over a cluster and the runs of its
// jobs, as routes for an HttpServer.
//
//   ClusterDashboard dashboard({.home = home, .version = "0.1.0", .ask = ask, .request_of = make},
//       guard, clock);
//   HttpServer server({.routes = dashboard.routes(), .guard = &guard, .clock = &clock, .log =
//   &log});
//
// It asks the head for jobs and nodes, and reads the run directories of the head's host. Thread
// rule: made and asked for its routes by one thread; the handlers, and what it was given, run on
// the server's work thread. It outlives the server.

#include "actors/dashboard/cluster_views.h"
#include "runtime/base/clock.h"
#include "runtime/http/guard.h"
#include "runtime/http/routes.h"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class ClusterDashboard {
 public:
  struct Options {
    std::string home;     // the head's
    std::string version;  // of the program
    AskOfHead ask;
    // Checks the job graph and makes of it what is asked of a head as "submit"; Error says what is
    // wrong with it.
    std::function<boost::json::object(const Submission&)> request_of;
  };

  // Guard and clock outlive it.
  ClusterDashboard(Options options, HttpGuard& guard, const Clock& clock);
  ~ClusterDashboard();
  ClusterDashboard(const ClusterDashboard&) = delete;
  ClusterDashboard& operator=(const ClusterDashboard&) = delete;

  std::vector<HttpRoute> routes();

 private:
  class State;
  std::shared_ptr<State> state_;
  HttpGuard& guard_;
};

}  // namespace tramontane
