#include "scheduler/placement.h"

#include "runtime/base/check.h"
#include "scheduler/decision.h"
#include "scheduler/room.h"

#include <algorithm>
#include <unordered_map>

namespace tramontane {
namespace {

bool holds_devices(const Room& room, const std::vector<DeviceShare>& devices) {
  return std::all_of(devices.begin(), devices.end(), [&](const DeviceShare& share) {
    return share.device < room.gpus_milli().size() &&
           share.milli <= room.gpus_milli()[share.device];
  });
}

}  // namespace

Placing place(const Cluster& cluster, const JobRequest& job) {
  check(cluster);
  check(job);
  return decide(cluster, job, {}, job.kernels);
}

bool has_room(const Cluster& cluster, const JobRequest& job, const Placement& placement) {
  std::unordered_map<NodeId, Room> rooms;
  for (const auto& seat : placement.seats) rooms.try_emplace(seat.node);
  for (const auto& node : cluster.nodes)
    if (auto at = rooms.find(node.id); at != rooms.end() && node.state == NodeState::ready)
      at->second = free_room(node);
  for (const auto& seat : placement.seats) {
    Room& room = rooms.at(seat.node);
    const Need& need = job.groups[seat.group].need;
    if (need.cpu_milli > room.cpu_milli() || need.memory_bytes > room.memory_bytes() ||
        !holds_devices(room, seat.devices))
      return false;
    room.take(need, seat.devices);
  }
  return true;
}

void settle(Cluster& cluster, const JobRequest& job, const Placement& placement) {
  std::unordered_map<NodeId, Node*> nodes;
  for (auto& node : cluster.nodes) nodes.emplace(node.id, &node);
  for (const auto& seat : placement.seats) {
    auto at = nodes.find(seat.node);
    TRAM_CHECK(at != nodes.end(), "a placement on a node that is not there", seat.node);
    const JobGroup& group = job.groups[seat.group];
    at->second->placed.push_back({job.id, group.name, seat.actor, group.need, seat.devices});
  }
}

void vacate(Cluster& cluster, JobId job) {
  for (auto& node : cluster.nodes)
    std::erase_if(node.placed, [&](const Placed& placed) { return placed.job == job; });
}

}  // namespace tramontane
