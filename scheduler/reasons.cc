#include "scheduler/reasons.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace tramontane {
namespace {

using Kind = Reason::Kind;

// What this job's actors take of a node.
struct Taken {
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t gpus = 0;  // devices of which anything is taken
};

std::vector<Taken> taken_by_job(const Seating& seating) {
  std::vector<Taken> taken(seating.ground().nodes.size());
  for (const auto& sitter : seating.sitters()) {
    const Need& need = seating.job().groups[sitter.group].need;
    taken[sitter.node].cpu_milli += need.cpu_milli;
    taken[sitter.node].memory_bytes += need.memory_bytes;
    taken[sitter.node].gpus += std::ssize(sitter.devices);
  }
  return taken;
}

bool is_among(std::span<const std::uint32_t> nodes, std::uint32_t node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

void add_room_reasons(const Seating& seating, std::uint32_t group, std::uint32_t n,
    const Taken& taken, std::vector<Reason>& reasons) {
  const Node& node = *seating.ground().nodes[n];
  const Room& room = seating.ground().rooms[n];
  const Need& need = seating.job().groups[group].need;
  if (need.cpu_milli > room.cpu_milli())
    reasons.push_back(
        {Kind::cpu, "", room.cpu_milli(), node.cpu_milli, need.cpu_milli, taken.cpu_milli});
  if (need.memory_bytes > room.memory_bytes())
    reasons.push_back({Kind::memory, "", room.memory_bytes(), node.memory_bytes, need.memory_bytes,
        taken.memory_bytes});
  std::int64_t devices = std::ssize(node.gpus_milli);
  if (need.gpu_milli >= whole_gpu_milli && need.gpu_milli / whole_gpu_milli > room.whole_gpus())
    reasons.push_back({Kind::whole_gpus, "", room.whole_gpus(), devices,
        need.gpu_milli / whole_gpu_milli, taken.gpus});
  if (need.gpu_milli < whole_gpu_milli && need.gpu_milli > room.largest_gpu_milli())
    reasons.push_back(
        {Kind::gpu_share, "", room.largest_gpu_milli(), devices, need.gpu_milli, taken.gpus});
}

void add_relation_reasons(const Seating& seating, std::uint32_t group, std::uint32_t missing,
    std::uint32_t n, std::vector<Reason>& reasons) {
  const JobRequest& job = seating.job();
  for (std::uint32_t other : seating.relations().near[group])
    if (!is_among(seating.nodes_of(other), n))
      reasons.push_back({Kind::near, job.groups[other].name});
  for (std::uint32_t other : seating.relations().apart[group])
    if (is_among(seating.nodes_of(other), n))
      reasons.push_back({Kind::apart, job.groups[other].name});
  auto own = seating.nodes_of(group);
  if (job.groups[group].strategy == Strategy::strict_spread && is_among(own, n))
    reasons.push_back({Kind::strict_spread, job.groups[group].name});
  if (job.groups[group].strategy != Strategy::strict_pack) return;
  if (!own.empty() && own.front() != n)
    reasons.push_back({Kind::elsewhere, seating.ground().nodes[own.front()]->name});
  std::int64_t holds = seating.ground().rooms[n].holds(job.groups[group].need, missing);
  if (holds > 0 && holds < missing) reasons.push_back({Kind::strict_pack, "", holds, 0, missing});
}

std::vector<Reason> reasons_of(const Seating& seating, std::uint32_t group, std::uint32_t missing,
    std::uint32_t n, const Taken& taken) {
  const JobRequest& job = seating.job();
  const JobGroup& asked = job.groups[group];
  const Node& node = *seating.ground().nodes[n];
  std::vector<Reason> reasons;
  if (asked.at_run_directory && job.run_node != node.id) reasons.push_back({Kind::run_directory});
  for (const auto& label : asked.needs_labels)
    if (!has_label(node, label)) reasons.push_back({Kind::label, label.key + "=" + label.value});
  auto set = seating.instruction_set();
  if (set && computes(asked) && node.instruction_set < *set)
    reasons.push_back(
        {Kind::instruction_set, name(node.instruction_set), 0, 0, static_cast<std::int64_t>(*set)});
  add_relation_reasons(seating, group, missing, n, reasons);
  add_room_reasons(seating, group, n, taken, reasons);
  return reasons;
}

// What comes nearest to a label that no node has.
std::string label_hint(const Ground& ground, const Label& label) {
  std::map<std::string, std::string> values;  // of the same key, with a node that has it
  std::map<std::string, std::string> keys;
  for (const Node* node : ground.nodes)
    for (const auto& [key, value] : node->labels) {
      if (key == label.key && values.size() < 64) values.emplace(value, node->name);
      if (keys.size() < 64) keys.emplace(key, value);
    }
  std::string hint = str("no node has the label ", label.key, "=", label.value);
  auto names_of = [](const std::map<std::string, std::string>& found) {
    std::vector<std::string> names;
    for (const auto& [name, _] : found) names.push_back(name);
    return names;
  };
  if (!values.empty()) {
    std::string near = nearest_name(label.value, names_of(values));
    if (near.empty()) near = values.begin()->first;
    return str(hint, "; nearest: ", label.key, "=", near, " (node ", values[near], ")");
  }
  std::string near = nearest_name(label.key, names_of(keys));
  return near.empty() ? hint : str(hint, "; nearest: ", near, "=", keys[near]);
}

std::vector<std::string> hints_of(const Seating& seating, std::uint32_t group) {
  const JobRequest& job = seating.job();
  const auto& nodes = seating.ground().nodes;
  std::vector<std::string> hints;
  for (const auto& label : job.groups[group].needs_labels)
    if (std::none_of(
            nodes.begin(), nodes.end(), [&](auto* node) { return has_label(*node, label); }))
      hints.push_back(label_hint(seating.ground(), label));
  bool has_run_node =
      std::any_of(nodes.begin(), nodes.end(), [&](auto* node) { return job.run_node == node->id; });
  if (job.groups[group].at_run_directory && !has_run_node)
    hints.push_back("the run directory's node is not there, or not ready");
  if (nodes.empty()) hints.emplace_back("no node is ready");
  return hints;
}

}  // namespace

Obstacle obstacle_of(
    const Cluster& cluster, const Seating& seating, std::uint32_t group, std::uint32_t missing) {
  const JobGroup& asked = seating.job().groups[group];
  Obstacle obstacle{asked.name, missing, asked.count, asked.need, {}, hints_of(seating, group)};
  std::vector<Taken> taken = taken_by_job(seating);
  const auto& nodes = seating.ground().nodes;
  for (std::uint32_t n = 0; n < nodes.size(); ++n)
    obstacle.nodes.push_back(
        {nodes[n]->id, nodes[n]->name, reasons_of(seating, group, missing, n, taken[n])});
  std::unordered_set<const Node*> used(nodes.begin(), nodes.end());
  for (const auto& node : cluster.nodes)
    if (!used.contains(&node))
      obstacle.nodes.push_back({node.id, node.name, {{Kind::state, name(node.state)}}});
  std::sort(obstacle.nodes.begin(), obstacle.nodes.end(),
      [](const NodeObstacle& a, const NodeObstacle& b) { return a.node < b.node; });
  return obstacle;
}

}  // namespace tramontane
