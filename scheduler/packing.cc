#include "scheduler/packing.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <numeric>

namespace tramontane {

std::vector<std::vector<std::size_t>> pack(
    std::span<const std::int64_t> sizes, std::int64_t capacity) {
  TRAM_CHECK(capacity > 0, "a bin needs room");
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::vector<std::size_t>> bins;
  std::vector<std::int64_t> room;
  for (std::size_t item : order) {
    std::size_t bin = 0;
    while (bin < bins.size() && room[bin] < sizes[item]) ++bin;
    if (bin == bins.size()) {
      bins.emplace_back();
      room.push_back(capacity);
    }
    bins[bin].push_back(item);
    room[bin] -= sizes[item];
  }
  return bins;
}

}  // namespace tramontane
