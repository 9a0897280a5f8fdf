#pragma once
// A ClusterStream tells one watcher of a cluster's jobs and nodes, each whenever something of it
// has changed, at most once a second, and at the beginning. There is nothing to resume: what is
// told is how it is now.
//
// Thread rule: next() where the cluster is used; its end anywhere.

#include "actors/dashboard/watched_cluster.h"
#include "runtime/http/message.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tramontane {

class ClusterStream final : public EventSource {
 public:
  // `kinds` of jobs and nodes; none are both.
  ClusterStream(std::shared_ptr<WatchedCluster> cluster, std::set<std::string> kinds)
      : cluster_(std::move(cluster)), kinds_(std::move(kinds)) {}

  std::string next(std::size_t room) override;

 private:
  struct Told {
    std::optional<std::uint64_t> version;
    Time at{};
  };

  void add(const char* kind, std::uint64_t version, Told& told, std::string& out) const;

  std::shared_ptr<WatchedCluster> cluster_;
  const std::set<std::string> kinds_;
  Told jobs_;
  Told nodes_;
};

// {"jobs": […], "next"}, the newest first, as many as a page has at most; {"nodes": […], "next"}.
boost::json::object jobs_told(const WatchedCluster& cluster);
boost::json::object nodes_told(const WatchedCluster& cluster);

}  // namespace tramontane
