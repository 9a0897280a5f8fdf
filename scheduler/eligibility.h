#pragma once
// Eligibility says which nodes a group may be placed on at all, whatever is free: labels,
// instruction set, the run directory. Groups that ask the same share one answer.
//
//   Eligibility eligibility(nodes, job, InstructionSet::avx2);
//   if (eligibility.of(group).allowed[node]) …
//
// `nodes` and `job` must outlive it. One thread.

#include "scheduler/job_request.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tramontane {

struct EligibleNodes {
  std::vector<std::uint8_t> allowed;              // by node
  std::vector<std::uint8_t> allowed_blocks;       // by block of a RoomIndex: any node of it
  std::vector<std::uint8_t> missing_preferences;  // by node; empty: the group prefers none
};

class Eligibility {
 public:
  // Computing groups may be on nodes that have at least `set`; nothing: on any.
  Eligibility(const std::vector<const Node*>& nodes, const JobRequest& job,
      std::optional<InstructionSet> set);

  const EligibleNodes& of(std::uint32_t group) const { return kinds_[kind_of_[group]]; }

 private:
  std::vector<EligibleNodes> kinds_;
  std::vector<std::uint32_t> kind_of_;  // by group
};

bool has_label(const Node& node, const Label& label);

// All but the instruction set and what is free.
bool suits(const Node& node, const JobGroup& group, std::optional<NodeId> run_node);

}  // namespace tramontane
