#pragma once
// Clusters and jobs for tests of the scheduler: written by hand in few words, or at random.

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "scheduler/job_queue.h"
#include "scheduler/relocation.h"
#include "scheduler/room.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

constexpr std::int64_t gib = std::int64_t{1} << 30;

// Named a, b, …, y, z, n26, …, by id.
inline Node node(NodeId id, std::int64_t cpus, std::int64_t memory_gib, int gpus = 0) {
  Node made{.id = id, .cpu_milli = cpus * 1000, .memory_bytes = memory_gib * gib};
  made.name = id < 26 ? std::string(1, static_cast<char>('a' + id)) : str("n", id);
  made.gpus_milli.assign(static_cast<std::size_t>(gpus), whole_gpu_milli);
  return made;
}

// Something of another job that takes this much, with the devices that it finds.
inline void occupy(Node& node, Need need) {
  Room room = free_room(node);
  node.placed.push_back({.job = 1'000'000, .group = "other", .need = need});
  node.placed.back().devices = room.take(need);
}

inline const Placement* placed(const Placing& placing) {
  return std::get_if<Placement>(&placing);
}

inline std::string text_of(const Placing& placing) {
  std::string text;
  if (const auto* obstacles = std::get_if<Obstacles>(&placing))
    for (const auto& line : obstacles->lines()) text += line + "\n";
  return text;
}

// The nodes of a group's actors, in the order of actors.
inline std::vector<NodeId> nodes_of(const Placement& placement, std::uint32_t group) {
  std::vector<NodeId> nodes;
  for (const auto& seat : placement.seats)
    if (seat.group == group) nodes.push_back(seat.node);
  return nodes;
}

inline std::size_t distinct(std::vector<NodeId> nodes) {
  return std::set<NodeId>(nodes.begin(), nodes.end()).size();
}

// What is wrong with a placement of the job beside what the cluster has; empty: nothing. Written
// without anything of the scheduler but its values.
std::string fault_of(const Cluster& cluster, const JobRequest& job, const Placement& placement);

// Up to `nodes` nodes and `groups` groups of up to `actors` actors with every kind of wish.
struct Sizes {
  std::uint64_t nodes = 6;
  std::uint64_t groups = 4;
  std::uint64_t actors = 4;
};

Cluster random_cluster(Random& random, const Sizes& sizes);
JobRequest random_job(Random& random, const Sizes& sizes, const Cluster& cluster);

template <class T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

}  // namespace tramontane
