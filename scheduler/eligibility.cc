#include "scheduler/eligibility.h"

#include "scheduler/room_index.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tramontane {
namespace {

constexpr std::size_t missing_max = 127;

EligibleNodes eligible(const std::vector<const Node*>& nodes, const JobGroup& group,
    std::optional<NodeId> run_node, std::optional<InstructionSet> set) {
  EligibleNodes found;
  found.allowed.resize(nodes.size());
  found.allowed_blocks.resize(nodes.size() / RoomIndex::width + 1);
  if (!group.prefers_labels.empty()) found.missing_preferences.resize(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const Node& node = *nodes[n];
    bool allowed =
        suits(node, group, run_node) && (!set || !computes(group) || node.instruction_set >= *set);
    found.allowed[n] = allowed ? 1 : 0;
    if (allowed) found.allowed_blocks[n / RoomIndex::width] = 1;
    if (group.prefers_labels.empty()) continue;
    auto missing = std::count_if(group.prefers_labels.begin(), group.prefers_labels.end(),
        [&](const Label& label) { return !has_label(node, label); });
    found.missing_preferences[n] =
        static_cast<std::uint8_t>(std::min(static_cast<std::size_t>(missing), missing_max));
  }
  return found;
}

}  // namespace

bool has_label(const Node& node, const Label& label) {
  auto at = node.labels.find(label.key);
  return at != node.labels.end() && at->second == label.value;
}

bool suits(const Node& node, const JobGroup& group, std::optional<NodeId> run_node) {
  if (group.at_run_directory && run_node != node.id) return false;
  return std::all_of(group.needs_labels.begin(), group.needs_labels.end(),
      [&](const Label& label) { return has_label(node, label); });
}

Eligibility::Eligibility(const std::vector<const Node*>& nodes, const JobRequest& job,
    std::optional<InstructionSet> set) {
  using Key = std::tuple<bool, bool, const std::vector<Label>&, const std::vector<Label>&>;
  std::map<Key, std::uint32_t> known;
  kind_of_.reserve(job.groups.size());
  for (const auto& group : job.groups) {
    Key key{computes(group), group.at_run_directory, group.needs_labels, group.prefers_labels};
    auto [at, is_new] = known.emplace(key, static_cast<std::uint32_t>(kinds_.size()));
    if (is_new) kinds_.push_back(eligible(nodes, group, job.run_node, set));
    kind_of_.push_back(at->second);
  }
}

}  // namespace tramontane
