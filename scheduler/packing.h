#pragma once
// Packing puts items of known size into bins of one capacity by first-fit decreasing (Johnson
// 1973): at most 11/9 of the fewest bins, plus one. The trainer packs sequences into microbatches
// with it.
//
//   for (const auto& bin : pack(lengths, rows_max)) train_on(bin);

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tramontane {

// Indices of `sizes`, each in exactly one bin. No bin's sizes sum to more than `capacity`, unless
// it holds a single item that is larger by itself. Fixed by the input: larger items first, equal
// ones by index; bins in the order of their opening.
std::vector<std::vector<std::size_t>> pack(
    std::span<const std::int64_t> sizes, std::int64_t capacity);

}  // namespace tramontane
