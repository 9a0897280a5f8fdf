#pragma once
// A JobRequest says which actors a job wants to have placed, in groups of identical ones.
//
//   JobRequest job{.id = 7, .name = "gate", .run_node = 1, .groups = {
//       {.name = "ledger", .need = {.cpu_milli = 1'000}, .at_run_directory = true},
//       {.name = "generator", .count = 8, .need = {.cpu_milli = 4'000, .gpu_milli = 1'000},
//           .work = Work::generates}}};
//   check(job);
//
// A cluster's head makes one of each job. Values: any thread.

#include "scheduler/cluster.h"
#include "scheduler/work.h"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace tramontane {

// How a group lies over nodes.
enum class Strategy : std::uint8_t {
  by_work = 0,        // spread if it generates, else on the run directory's node, then packed
  pack = 1,           // on few nodes, those that are nearly full first
  spread = 2,         // on many nodes, those that are nearly empty first
  strict_pack = 3,    // on one node, or not at all
  strict_spread = 4,  // each on a node of its own, or not at all
};

struct Label {
  std::string key;
  std::string value;

  bool operator==(const Label&) const = default;

  bool operator<(const Label& other) const {
    return std::tie(key, value) < std::tie(other.key, other.value);
  }
};

struct JobGroup {
  std::string name;
  std::uint32_t count = 1;
  Need need;  // of each actor
  Work work = Work::passes;
  Strategy strategy = Strategy::by_work;
  // A job starts with all its required actors or not at all; of optional ones as many as fit.
  bool required = true;
  bool at_run_directory = false;      // on the run directory's node and no other
  std::vector<Label> needs_labels;    // a node has all of them
  std::vector<Label> prefers_labels;  // nodes with more of them come first, before any strategy
  std::vector<std::string> near;      // on nodes only that have an actor of each of these groups
  std::vector<std::string> apart;     // on no node that has an actor of one of these groups
};

struct JobRequest {
  JobId id = 0;
  std::string name;
  std::optional<NodeId> run_node;         // where the run directory is
  std::optional<InstructionSet> kernels;  // what the job says; else the best that there is room on
  std::vector<JobGroup> groups;
};

constexpr std::size_t groups_max = 20'000;
constexpr std::size_t wishes_max = 4'096;         // of a job: different lists of labels
constexpr std::size_t actors_max = 1'000'000;     // of a job
constexpr std::size_t relations_max = 1'000'000;  // names in `near` and `apart` of a job

// Throws Error(bad_input) that names the group: a name twice or not there, no actor, a need below 0
// or beyond the bounds, one and a half GPUs, `at_run_directory` without a run directory, a group
// near itself or in a circle, a required group near an optional one.
void check(const JobRequest& job);

bool computes(const JobGroup& group);

// What is done: by_work is spread for who generates, and stays what it is for the others (the run
// directory's node, then packed).
Strategy strategy_of(const JobGroup& group);

}  // namespace tramontane
