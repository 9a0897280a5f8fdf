#pragma once
// A BlockPool hands out numbered blocks of a cache of fixed size: a sequence takes what its longest
// form needs when it is opened, so that no sequence that was begun ever runs out of room.
//
//   BlockPool pool(64);
//   if (auto blocks = pool.take(3)) { …; pool.give_back(*blocks); }
//
// Deterministic: the block given back last is handed out first, the lowest first of a fresh pool.
// One thread at a time.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tramontane {

class BlockPool {
 public:
  // Blocks 0 to `total` - 1, all free.
  explicit BlockPool(std::int64_t total);

  // All or none: nothing where fewer than `count` are free.
  std::optional<std::vector<std::int32_t>> take(std::int64_t count);

  // Blocks that take() gave, in that order. Bug: one that is free already, or none of the pool's.
  void give_back(std::span<const std::int32_t> blocks);

  std::int64_t free() const { return static_cast<std::int64_t>(free_.size()); }

  std::int64_t total() const { return static_cast<std::int64_t>(taken_.size()); }

 private:
  std::vector<std::int32_t> free_;  // taken from the back
  std::vector<bool> taken_;         // by block
};

}  // namespace tramontane
