#pragma once
// What the elements of a tensor are.

#include <cstddef>
#include <cstdint>

namespace tramontane {

enum class Dtype : std::uint8_t { float32 = 0, bfloat16 = 1, float16 = 2 };

std::size_t size_of(Dtype dtype);  // in bytes

const char* name_of(Dtype dtype);  // "bfloat16"

}  // namespace tramontane
