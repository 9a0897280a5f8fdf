#pragma once
// A RoomIndex passes over nodes that cannot be the best for an actor, a block of them at a time: it
// knows of each block the most that any of its nodes has free, and how loaded they are.
//
//   RoomIndex index(ground.rooms, loads);
//   for (std::size_t b = 0; b < index.blocks(); ++b)
//     if (index.block(b).may_fit(need)) …          // its nodes are index.begin(b) to index.end(b)
//     - 1
//   index.touch(node);                             // its room or load has changed
//
// Rooms and loads are the caller's, outlive it and do not move. One thread.

#include "scheduler/room.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tramontane {

class RoomIndex {
 public:
  static constexpr std::size_t width = 16;  // nodes of a block

  // The most, or least, of any of its nodes.
  struct Block {
    std::int64_t cpu_milli = 0;
    std::int64_t memory_bytes = 0;
    std::int32_t whole_gpus = 0;
    std::int32_t gpu_milli = 0;
    std::uint32_t load_least = 0;
    std::uint32_t load_most = 0;
    bool all_have_gpus = true;
    bool is_old = true;

    // False: no node of it has room for one actor.
    bool may_fit(const Need& need) const {
      if (need.cpu_milli > cpu_milli || need.memory_bytes > memory_bytes) return false;
      if (need.gpu_milli < whole_gpu_milli) return need.gpu_milli <= gpu_milli;
      return need.gpu_milli / whole_gpu_milli <= whole_gpus;
    }
  };

  RoomIndex(const std::vector<Room>& rooms, const std::vector<std::uint32_t>& loads);

  std::size_t blocks() const { return blocks_.size(); }

  const Block& block(std::size_t at) {
    if (blocks_[at].is_old) count(at);
    return blocks_[at];
  }

  std::uint32_t begin(std::size_t at) const { return static_cast<std::uint32_t>(at * width); }

  std::uint32_t end(std::size_t at) const {
    return static_cast<std::uint32_t>(std::min((at + 1) * width, rooms_->size()));
  }

  std::size_t block_of(std::uint32_t node) const { return node / width; }

  void touch(std::uint32_t node) { blocks_[block_of(node)].is_old = true; }

 private:
  void count(std::size_t at);

  const std::vector<Room>* rooms_;
  const std::vector<std::uint32_t>* loads_;
  std::vector<Block> blocks_;
};

}  // namespace tramontane
