#pragma once
// A WatchedFolder is a run's directory made up for a test, and the dashboard's routes over it.
//
//   WatchedFolder run;
//   run.write_metrics(sample_run({}));
//   run.write_actors(Alive::yes);
//   boost::json::object jobs = run.get("/api/v1/jobs");

#include "actors/dashboard/dashboard.h"
#include "actors/messages/run_event.h"
#include "runtime/base/clock.h"
#include "runtime/http/guard.h"
#include "runtime/http/routes.h"
#include "tests/support/temp_folder.h"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tramontane {

enum class Alive : bool { no, yes };

// Asks a route as the server does. What it throws goes on.
HttpResponse ask_route(const std::vector<HttpRoute>& routes, const Clock& clock,
    const std::string& target, const std::string& method = "GET", const std::string& body = "");

class WatchedFolder {
 public:
  // With job.yaml, or graph.yaml, and nothing else.
  explicit WatchedFolder(const char* file = "job.yaml");

  std::string path() const { return folder_.path() + "/run"; }

  void append(const std::string& file, const std::string& text) const;
  void write_metrics(const std::vector<RunEvent>& events) const;  // less status events
  void write_exit(const std::string& actor, const std::string& cause, std::int64_t wall_us) const;
  void write_log(const std::string& who, const std::string& level, const std::string& text) const;
  // Two generators, one of them in a worker, and a ledger; of this process or of none.
  void write_actors(Alive alive) const;
  // A ledger of four batches, played to its end.
  void write_ledger() const;

  // As ask_route().
  HttpResponse ask(const std::string& target, const std::string& method = "GET");
  boost::json::object get(const std::string& target);

  Dashboard& dashboard();

  const ManualClock& clock() const { return clock_; }

  // Answers are made of what is there now.
  void look_again() { clock_.advance(std::chrono::seconds(3)); }

 private:
  TempFolder folder_;
  ManualClock clock_;
  HttpGuard guard_;
  std::optional<Dashboard> dashboard_;
  std::vector<HttpRoute> routes_;
};

}  // namespace tramontane
