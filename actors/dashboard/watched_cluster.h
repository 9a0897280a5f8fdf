#pragma once
// A WatchedCluster is a cluster as its dashboard knows it: jobs and nodes as the head tells them,
// and of each job the run directory, which lies on the head's own host.
//
//   WatchedCluster cluster({.home = home, .ask = ask}, clock);
//   cluster.refresh();
//   for (const auto& job : cluster.jobs()) …
//   std::shared_ptr<WatchedRun> run = cluster.run("3");
//
// It asks the head no more often than twice a second, and spends a tenth of the time on that at
// most, however many look. Thread rule: one at a time; the server's work thread.

#include "actors/dashboard/watched_run.h"
#include "runtime/base/clock.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tramontane {

// What is asked of a head, and its answer (actors/cluster/head_answers.h). Error: it is not
// reached, says no, or does not answer in time.
using AskOfHead =
    std::function<boost::json::object(const std::string& what, const boost::json::object& request)>;

class WatchedCluster {
 public:
  struct Options {
    std::string home;  // the head's
    AskOfHead ask;
  };

  // The clock outlives it.
  WatchedCluster(Options options, const Clock& clock);

  // Makes jobs() and nodes() what the head tells. Error(closed): it cannot be asked; they are then
  // as they were told last.
  void refresh();
  // The same, where it is no failure.
  bool refreshed() noexcept;

  // In the API's shapes ClusterJob, oldest first, and ClusterNode.
  const boost::json::array& jobs() const { return jobs_; }

  const boost::json::array& nodes() const { return nodes_; }

  // Grow when something of it is another, beside how long it has been so.
  std::uint64_t jobs_version() const { return jobs_version_; }

  std::uint64_t nodes_version() const { return nodes_version_; }

  // Error(not_found).
  const boost::json::object& job(std::string_view id) const;
  const boost::json::object& node(std::string_view name) const;

  // Asks the head; what it says no to is the asker's. What was told before is old then.
  boost::json::object ask(const std::string& what, const boost::json::object& request);

  // Error(not_found): there is no such job, or nothing of it has begun.
  std::shared_ptr<WatchedRun> run(const std::string& id);

  const std::string& home() const { return options_.home; }

  const Clock& clock() const { return clock_; }

 private:
  const Options options_;
  const Clock& clock_;
  boost::json::array jobs_;
  boost::json::array nodes_;
  std::string jobs_text_;  // without what grows by itself
  std::string nodes_text_;
  std::uint64_t jobs_version_ = 0;
  std::uint64_t nodes_version_ = 0;
  Time next_{};            // when the head may be asked again
  std::string unreached_;  // why it was not, the last time; else empty
  std::list<std::pair<std::string, std::shared_ptr<WatchedRun>>> runs_;  // used last first
};

// What the API's shape of this name has of it, in the shape's order; what it lacks is null.
boost::json::object in_shape(const boost::json::object& from, std::string_view shape);

}  // namespace tramontane
