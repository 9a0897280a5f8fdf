#include "scheduler/room.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tramontane {

Room::Room(std::int64_t cpu_milli, std::int64_t memory_bytes, std::vector<std::int32_t> gpus_milli)
    : cpu_milli_(cpu_milli), memory_bytes_(memory_bytes), gpus_milli_(std::move(gpus_milli)) {
  count_gpus();
}

void Room::count_gpus() {
  whole_ = 0;
  largest_milli_ = 0;
  for (std::int32_t milli : gpus_milli_) {
    if (milli >= whole_gpu_milli) ++whole_;
    largest_milli_ = std::max(largest_milli_, milli);
  }
}

std::int64_t Room::gpu_milli() const {
  return std::accumulate(gpus_milli_.begin(), gpus_milli_.end(), std::int64_t{0});
}

std::int64_t Room::holds(const Need& need, std::int64_t most) const {
  std::int64_t count = most;
  if (need.cpu_milli > 0) count = std::min(count, cpu_milli_ / need.cpu_milli);
  if (need.memory_bytes > 0) count = std::min(count, memory_bytes_ / need.memory_bytes);
  if (need.gpu_milli >= whole_gpu_milli)
    return std::min<std::int64_t>(count, whole_ / (need.gpu_milli / whole_gpu_milli));
  if (need.gpu_milli == 0) return count;
  std::int64_t shares = 0;
  for (std::int32_t milli : gpus_milli_) shares += milli / need.gpu_milli;
  return std::min(count, shares);
}

std::vector<DeviceShare> Room::take(const Need& need) {
  TRAM_CHECK(fits(need), "no room for an actor");
  std::vector<DeviceShare> devices;
  if (need.gpu_milli >= whole_gpu_milli) {
    auto wanted = static_cast<std::size_t>(need.gpu_milli / whole_gpu_milli);
    for (std::size_t i = 0; devices.size() < wanted; ++i)
      if (gpus_milli_[i] >= whole_gpu_milli)
        devices.push_back({static_cast<std::uint32_t>(i), whole_gpu_milli});
  } else if (need.gpu_milli > 0) {
    std::size_t tightest = gpus_milli_.size();
    for (std::size_t i = 0; i < gpus_milli_.size(); ++i) {
      if (gpus_milli_[i] < need.gpu_milli) continue;
      if (tightest == gpus_milli_.size() || gpus_milli_[i] < gpus_milli_[tightest]) tightest = i;
    }
    devices.push_back({static_cast<std::uint32_t>(tightest), need.gpu_milli});
  }
  take(need, devices);
  return devices;
}

void Room::take(const Need& need, const std::vector<DeviceShare>& devices) {
  TRAM_CHECK(need.cpu_milli <= cpu_milli_, "no CPU for an actor");
  TRAM_CHECK(need.memory_bytes <= memory_bytes_, "no memory for an actor");
  cpu_milli_ -= need.cpu_milli;
  memory_bytes_ -= need.memory_bytes;
  if (devices.empty()) return;
  for (const auto& share : devices) {
    TRAM_CHECK(share.milli <= gpus_milli_[share.device], "no GPU for an actor", share.device);
    gpus_milli_[share.device] -= share.milli;
  }
  count_gpus();
}

void Room::reserve(const Need& need, const std::vector<DeviceShare>& devices) {
  cpu_milli_ = std::max<std::int64_t>(0, cpu_milli_ - need.cpu_milli);
  memory_bytes_ = std::max<std::int64_t>(0, memory_bytes_ - need.memory_bytes);
  for (const auto& share : devices) {
    auto& milli = gpus_milli_[share.device];
    milli = std::max(0, milli - share.milli);
  }
  count_gpus();
}

void Room::give_back(const Need& need, const std::vector<DeviceShare>& devices) {
  cpu_milli_ += need.cpu_milli;
  memory_bytes_ += need.memory_bytes;
  for (const auto& share : devices) gpus_milli_[share.device] += share.milli;
  if (!devices.empty()) count_gpus();
}

Room free_room(const Node& node) {
  Room room = whole_room(node);
  for (const auto& placed : node.placed) room.reserve(placed.need, placed.devices);
  return room;
}

Room whole_room(const Node& node) {
  return {node.cpu_milli, node.memory_bytes, node.gpus_milli};
}

}  // namespace tramontane
