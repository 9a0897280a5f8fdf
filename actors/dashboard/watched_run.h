#pragma once
// A WatchedRun is one run directory as the dashboard knows it, whether a process works on it or has
// long ended: its past (history.h), its actors (snapshot.h), its rollouts (run_ledger.h), and the
// machine's word on its processes.
//
//   WatchedRun run(folder, clock);
//   run.refresh(request.deadline);
//   boost::json::object job = run.job();
//
// It only reads. Thread rule: one at a time; the server's work thread.

#include "actors/dashboard/history.h"
#include "actors/dashboard/process_use.h"
#include "actors/dashboard/run_ledger.h"
#include "actors/dashboard/snapshot.h"
#include "runtime/base/clock.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace tramontane {

class WatchedRun {
 public:
  // Error(not_found) if the folder is no run. The clock outlives it.
  WatchedRun(const std::string& folder, const Clock& clock);

  const std::string& id() const { return id_; }

  const std::string& folder() const { return folder_; }

  // Whether it is one of a graph file.
  bool is_graph() const { return is_graph_; }

  // Reads what is new; at most every tenth of a second, and until the deadline.
  void refresh(Time deadline);

  RunHistory& history() { return history_; }

  const ActorsSnapshot& snapshot() const { return snapshot_; }

  RunLedger& ledger() { return ledger_; }

  const Clock& clock() const { return clock_; }

  // The API's shapes of these names.
  boost::json::object job();          // Job
  boost::json::object job_details();  // JobDetails
  boost::json::array actors();        // [Actor]
  boost::json::object node();         // Node
  boost::json::object actors_told();  // Actors: all of them, on one page

  // job() and actors_told() as text, made once for all who are told the same.
  const std::string& job_text();
  const std::string& actors_text();

  // Grow when job() or actors_told() give something else.
  std::uint64_t job_version() const { return history_.version() + snapshot_.version(); }

  std::uint64_t actors_version() const { return snapshot_.version(); }

 private:
  ProcessUse use_of(int pid);
  boost::json::object actor(const boost::json::object& row);
  void add_progress(boost::json::object& job);
  void add_state(boost::json::object& job);
  void add_run(boost::json::object& job);

  const Clock& clock_;
  const std::string folder_;
  const std::string id_;
  const bool is_graph_;
  RunHistory history_;
  ActorsSnapshot snapshot_;
  RunLedger ledger_;
  Time refreshed_{};
  std::map<int, ProcessUse> use_;  // since the last refresh
  // By version.
  std::pair<std::uint64_t, std::string> job_text_;
  std::pair<std::uint64_t, std::string> actors_text_;
};

}  // namespace tramontane
