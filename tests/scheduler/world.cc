#include "tests/scheduler/world.h"

namespace tramontane {
namespace {

struct Books {
  const Cluster& cluster;
  const JobRequest& job;
  const Placement& placement;
  std::map<NodeId, const Node*> nodes;
  std::map<std::string, std::multiset<NodeId>> on;  // by group
};

std::string resource_fault(const Books& books) {
  std::map<NodeId, std::vector<std::pair<Need, std::vector<DeviceShare>>>> taken;
  for (const auto& node : books.cluster.nodes)
    for (const auto& p : node.placed) taken[node.id].push_back({p.need, p.devices});
  for (const auto& seat : books.placement.seats)
    taken[seat.node].push_back({books.job.groups[seat.group].need, seat.devices});
  for (const auto& [id, list] : taken) {
    const Node& node = *books.nodes.at(id);
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    std::vector<std::int64_t> gpus(node.gpus_milli.size());
    for (const auto& [need, devices] : list) {
      cpu += need.cpu_milli;
      memory += need.memory_bytes;
      std::int64_t of_gpus = 0;
      std::set<std::uint32_t> seen;
      for (const auto& share : devices) {
        if (share.device >= gpus.size()) return str("node ", id, " has no GPU ", share.device);
        if (!seen.insert(share.device).second) return str("one GPU twice on node ", id);
        gpus[share.device] += share.milli;
        of_gpus += share.milli;
      }
      if (of_gpus != need.gpu_milli) return str("an actor on node ", id, " has not its GPUs");
      if (need.gpu_milli < 1000 && devices.size() > 1) return "a share spans devices";
    }
    if (cpu > node.cpu_milli || memory > node.memory_bytes) return str("node ", id, " is overfull");
    for (std::size_t i = 0; i < gpus.size(); ++i)
      if (gpus[i] > node.gpus_milli[i]) return str("GPU ", i, " of node ", id, " is overfull");
  }
  return "";
}

std::string group_fault(const Books& books, const JobGroup& group) {
  auto found = books.on.find(group.name);
  std::multiset<NodeId> on = found == books.on.end() ? std::multiset<NodeId>{} : found->second;
  if (group.required && on.size() != group.count) return str(group.name, " is not whole");
  std::set<NodeId> nodes(on.begin(), on.end());
  if (group.strategy == Strategy::strict_pack && nodes.size() > 1) return "not packed";
  if (group.strategy == Strategy::strict_spread && nodes.size() != on.size()) return "not spread";
  for (NodeId id : nodes) {
    const Node& node = *books.nodes.at(id);
    if (node.state != NodeState::ready) return str("node ", id, " is not ready");
    if (group.at_run_directory && books.job.run_node != id) return "not at the run directory";
    for (const auto& label : group.needs_labels)
      if (!node.labels.contains(label.key) || node.labels.at(label.key) != label.value)
        return str("node ", id, " lacks ", label.key);
    if (group.work != Work::passes && node.instruction_set < books.placement.instruction_set)
      return str("node ", id, " lacks the instruction set");
    auto is_there = [&](const std::string& name) {
      auto other = books.on.find(name);
      return other != books.on.end() && other->second.contains(id);
    };
    for (const auto& name : group.near)
      if (!is_there(name)) return str(group.name, " on ", id, " is not near ", name);
    for (const auto& name : group.apart)
      if (is_there(name)) return str(group.name, " on ", id, " is not apart from ", name);
  }
  return "";
}

}  // namespace

std::string fault_of(const Cluster& cluster, const JobRequest& job, const Placement& placement) {
  Books books{cluster, job, placement, {}, {}};
  for (const auto& node : cluster.nodes) books.nodes.emplace(node.id, &node);
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  bool computing = false;
  for (const auto& seat : placement.seats) {
    if (seat.group >= job.groups.size() || seat.actor >= job.groups[seat.group].count)
      return "a seat of nobody";
    if (!seen.emplace(seat.group, seat.actor).second) return "an actor with two seats";
    if (!books.nodes.contains(seat.node)) return "a seat nowhere";
    books.on[job.groups[seat.group].name].insert(seat.node);
    computing = computing || job.groups[seat.group].work != Work::passes;
  }
  if (computing && !placement.instruction_set) return "no instruction set";
  if (job.kernels && placement.instruction_set != job.kernels) return "another instruction set";
  if (std::string fault = resource_fault(books); !fault.empty()) return fault;
  std::map<std::uint32_t, std::uint32_t> left_out;
  for (const auto& left : placement.left_out) left_out[left.group] += left.count;
  for (std::uint32_t g = 0; g < job.groups.size(); ++g) {
    if (std::string fault = group_fault(books, job.groups[g]); !fault.empty()) return fault;
    if (books.on[job.groups[g].name].size() + left_out[g] != job.groups[g].count)
      return str(job.groups[g].name, ": those left out are miscounted");
  }
  return "";
}

Cluster random_cluster(Random& random, const Sizes& sizes) {
  Cluster cluster;
  std::uint64_t count = 1 + random.below(sizes.nodes);
  for (NodeId id = 0; id < count; ++id) {
    Node made = node(id, static_cast<std::int64_t>(1 + random.below(8)),
        static_cast<std::int64_t>(1 + random.below(8)), static_cast<int>(random.below(4)));
    for (auto& milli : made.gpus_milli)
      if (random.below(6) == 0) milli = 500;
    if (random.below(2) == 0) made.labels["zone"] = random.below(2) == 0 ? "x" : "y";
    made.instruction_set = static_cast<InstructionSet>(random.below(3));
    if (random.below(8) == 0) made.state = static_cast<NodeState>(1 + random.below(2));
    Need need{static_cast<std::int64_t>(random.below(3)) * 500,
        static_cast<std::int64_t>(random.below(3)) * gib / 2,
        static_cast<std::int32_t>(random.below(3)) * 250};
    if (random.below(2) == 0 && free_room(made).fits(need)) occupy(made, need);
    cluster.nodes.push_back(std::move(made));
  }
  return cluster;
}

JobRequest random_job(Random& random, const Sizes& sizes, const Cluster& cluster) {
  JobRequest job{.id = 1, .name = "job"};
  if (random.below(3) > 0) job.run_node = cluster.nodes[random.below(cluster.nodes.size())].id;
  if (random.below(6) == 0) job.kernels = static_cast<InstructionSet>(random.below(3));
  constexpr std::int32_t gpus[] = {0, 0, 0, 250, 400, 500, 600, 1000, 2000};
  std::uint64_t count = 1 + random.below(sizes.groups);
  for (std::uint64_t g = 0; g < count; ++g) {
    JobGroup group{
        .name = str("g", g), .count = static_cast<std::uint32_t>(1 + random.below(sizes.actors))};
    group.need = {static_cast<std::int64_t>(random.below(8)) * 500,
        static_cast<std::int64_t>(random.below(6)) * gib / 2, gpus[random.below(std::size(gpus))]};
    group.work = static_cast<Work>(random.below(3));
    group.strategy =
        random.below(2) == 0 ? Strategy::by_work : static_cast<Strategy>(random.below(5));
    group.required = random.below(4) > 0;
    group.at_run_directory = job.run_node && random.below(8) == 0;
    if (random.below(6) == 0) group.needs_labels.push_back({"zone", "x"});
    if (random.below(4) == 0) group.prefers_labels.push_back({"zone", "y"});
    if (g > 0 && random.below(4) == 0) {
      const JobGroup& other = job.groups[random.below(g)];
      if (other.required || !group.required) group.near.push_back(other.name);
    }
    if (g > 0 && random.below(5) == 0) group.apart.push_back(job.groups[random.below(g)].name);
    job.groups.push_back(std::move(group));
  }
  return job;
}

}  // namespace tramontane
