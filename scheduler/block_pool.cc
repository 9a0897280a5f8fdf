#include "scheduler/block_pool.h"

#include "runtime/base/check.h"

namespace tramontane {

BlockPool::BlockPool(std::int64_t total) {
  TRAM_CHECK(total >= 0, "a pool has no negative number of blocks", total);
  for (std::int64_t block = total; block-- > 0;) free_.push_back(static_cast<std::int32_t>(block));
  holders_.resize(static_cast<std::size_t>(total));
}

std::optional<std::vector<std::int32_t>> BlockPool::take(std::int64_t count) {
  TRAM_CHECK(count >= 0, "blocks are taken, not given", count);
  if (count > free()) return std::nullopt;
  std::vector<std::int32_t> blocks(free_.rbegin(), free_.rbegin() + count);
  free_.resize(free_.size() - blocks.size());
  for (std::int32_t block : blocks) holders_[static_cast<std::size_t>(block)] = 1;
  return blocks;
}

std::size_t BlockPool::held(std::int32_t block) const {
  auto index = static_cast<std::size_t>(block);
  TRAM_CHECK(index < holders_.size(), "the pool has no such block", block);
  return index;
}

void BlockPool::share(std::span<const std::int32_t> blocks) {
  for (std::int32_t block : blocks) {
    std::size_t index = held(block);
    TRAM_CHECK(holders_[index] > 0, "a free block has nothing to share", block);
    ++holders_[index];
  }
}

void BlockPool::give_back(std::span<const std::int32_t> blocks) {
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    std::size_t index = held(*block);
    TRAM_CHECK(holders_[index] > 0, "a block was given back twice", *block);
    if (--holders_[index] == 0) free_.push_back(*block);
  }
}

}  // namespace tramontane
