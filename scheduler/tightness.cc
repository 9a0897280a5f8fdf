#include "scheduler/tightness.h"

#include <algorithm>

namespace tramontane {
namespace {

using Amounts = std::array<double, 3>;

Amounts amounts(const Need& need) {
  return {static_cast<double>(need.cpu_milli), static_cast<double>(need.memory_bytes),
      static_cast<double>(need.gpu_milli)};
}

Amounts amounts(const Room& room) {
  return {static_cast<double>(room.cpu_milli()), static_cast<double>(room.memory_bytes()),
      static_cast<double>(room.gpu_milli())};
}

}  // namespace

Tightness::Tightness(const JobRequest& job, const std::vector<Room>& rooms) {
  Amounts wanted{};
  Amounts free{};
  for (const auto& group : job.groups) {
    if (!group.required) continue;
    Amounts of_one = amounts(group.need);
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += of_one[i] * group.count;
  }
  for (const auto& room : rooms) {
    Amounts here = amounts(room);
    for (std::size_t i = 0; i < free.size(); ++i) free[i] += here[i];
  }
  double nodes = static_cast<double>(std::max<std::size_t>(1, rooms.size()));
  for (std::size_t i = 0; i < free.size(); ++i) {
    weight_[i] = free[i] > 0 ? wanted[i] / free[i] : 0;
    per_node_[i] = std::max(1.0, free[i] / nodes);
  }
}

double Tightness::size(const JobGroup& group) const {
  Amounts of_one = amounts(group.need);
  double size = 0;
  for (std::size_t i = 0; i < of_one.size(); ++i) size += weight_[i] * of_one[i] / per_node_[i];
  return group.strategy == Strategy::strict_pack ? size * group.count : size;
}

double Tightness::left(const Room& room, const Need& need) const {
  Amounts free = amounts(room);
  Amounts taken = amounts(need);
  double left = 0;
  for (std::size_t i = 0; i < free.size(); ++i) {
    double rest = (free[i] - taken[i]) / per_node_[i];
    left += weight_[i] * rest * rest;
  }
  return left;
}

}  // namespace tramontane
