#pragma once
// Room is what is free on one node, device by device.
//
//   Room room = free_room(node);
//   if (room.fits(need)) devices = room.take(need);
//
// Whole GPUs come from devices of which all is free, the lowest first; a share comes from the
// device where it leaves least, the lowest of equal ones. A value: any thread.

#include "scheduler/cluster.h"

#include <cstdint>
#include <vector>

namespace tramontane {

class Room {
 public:
  Room() = default;

  Room(std::int64_t cpu_milli, std::int64_t memory_bytes, std::vector<std::int32_t> gpus_milli);

  // One actor more?
  bool fits(const Need& need) const {
    if (need.cpu_milli > cpu_milli_ || need.memory_bytes > memory_bytes_) return false;
    if (need.gpu_milli < whole_gpu_milli) return need.gpu_milli <= largest_milli_;
    return need.gpu_milli / whole_gpu_milli <= whole_;
  }

  // How many such actors fit, counted up to `most`.
  std::int64_t holds(const Need& need, std::int64_t most) const;

  // Which devices it got. Bug: it does not fit.
  std::vector<DeviceShare> take(const Need& need);

  // The same on devices that were chosen before. Bug: they have not so much.
  void take(const Need& need, const std::vector<DeviceShare>& devices);

  // Takes as much of it as there is.
  void reserve(const Need& need, const std::vector<DeviceShare>& devices);

  // Undoes take().
  void give_back(const Need& need, const std::vector<DeviceShare>& devices);

  std::int64_t cpu_milli() const { return cpu_milli_; }

  std::int64_t memory_bytes() const { return memory_bytes_; }

  const std::vector<std::int32_t>& gpus_milli() const { return gpus_milli_; }

  std::int32_t whole_gpus() const { return whole_; }  // devices of which all is free

  std::int32_t largest_gpu_milli() const { return largest_milli_; }

  std::int64_t gpu_milli() const;  // of all devices

 private:
  void count_gpus();

  std::int64_t cpu_milli_ = 0;
  std::int64_t memory_bytes_ = 0;
  std::int32_t whole_ = 0;
  std::int32_t largest_milli_ = 0;
  std::vector<std::int32_t> gpus_milli_;
};

// What is not taken by what is placed there; never below nothing.
Room free_room(const Node& node);

// As if nothing were placed there.
Room whole_room(const Node& node);

}  // namespace tramontane
