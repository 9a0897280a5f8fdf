#pragma once
// A BlockPool hands out numbered blocks of a cache of fixed size, and counts who holds each: what
// several sequences have in common is held once.
//
//   BlockPool pool(64);
//   if (auto blocks = pool.take(3)) { …; pool.give_back(*blocks); }
//   pool.share(blocks);  // one more holder of each
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

  // One more holder of each, who gives it back like the first. Bug: one that is free.
  void share(std::span<const std::int32_t> blocks);

  // Blocks that take() or share() gave, in that order; they are free when their last holder has
  // given them back. Bug: one that is free already, or none of the pool's.
  void give_back(std::span<const std::int32_t> blocks);

  std::int64_t free() const { return static_cast<std::int64_t>(free_.size()); }

  std::int64_t total() const { return static_cast<std::int64_t>(holders_.size()); }

  // Of a block; 0 if it is free.
  std::uint32_t holders(std::int32_t block) const { return holders_[held(block)]; }

 private:
  std::size_t held(std::int32_t block) const;  // checked

  std::vector<std::int32_t> free_;      // taken from the back
  std::vector<std::uint32_t> holders_;  // by block
};

}  // namespace tramontane
