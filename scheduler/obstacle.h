#pragma once
// An Obstacle says why actors of a group found no place, node by node.
//
//   for (const auto& line : obstacles.lines()) out << line << '\n';
//
//   generator: 2 of 4 actors find no place, each wants 4 GPUs; fits when something ends
//     node b: 2 of 4 GPUs free, generator wants 4
//     997 nodes: 0 of 8 GPUs free, generator wants 4
//
// Values: any thread.

#include "scheduler/job_request.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

enum class Prospect : std::uint8_t {
  when_something_ends = 0,   // the ready nodes would do if nothing were placed there
  when_a_node_is_ready = 1,  // all nodes would do, if they were ready and empty
  never = 2,                 // not even then
};

struct Reason {
  enum class Kind : std::uint8_t {
    state,            // the node is not ready: `text` is its state
    run_directory,    // it is not the run directory's node
    label,            // it lacks `text`, key=value
    instruction_set,  // it has `text`, less than the job's set
    cpu,              // thousandths
    memory,           // bytes
    whole_gpus,       // devices
    gpu_share,        // thousandths of the device that has most
    strict_spread,    // it has an actor of the group already
    strict_pack,      // it has room for `has` of the `wants` that must be together
    elsewhere,        // the group's other actors are on another node, `text`
    near,             // it has no actor of the group `text`
    apart,            // it has an actor of the group `text`
  };

  Kind kind = Kind::state;
  std::string text;
  std::int64_t has = 0;     // what is free
  std::int64_t of = 0;      // what the node has at all
  std::int64_t wants = 0;   // one actor
  std::int64_t by_job = 0;  // what this job's other actors take of it

  bool operator==(const Reason&) const = default;
};

struct NodeObstacle {
  NodeId node = 0;
  std::string name;
  std::vector<Reason> reasons;  // all of them: a node without them all has room for one actor
};

struct Obstacle {
  std::string group;
  std::uint32_t missing = 0;        // actors without a place
  std::uint32_t count = 0;          // of all
  Need need;                        // of each
  std::vector<NodeObstacle> nodes;  // by rising id
  std::vector<std::string> hints;   // "no node has the label zone=a; nearest: zone=b (node c)"
};

struct Obstacles {
  Prospect prospect = Prospect::never;
  std::vector<Obstacle> groups;  // those that failed first, obstacles_max at most

  // At most about `most` lines, a screen: nodes with the same reasons share one, then nodes with
  // the same kinds of reasons; nodes that lack least come first, and the rest is counted.
  std::vector<std::string> lines(std::size_t most = 24) const;
};

constexpr std::size_t obstacles_max = 4;

}  // namespace tramontane
