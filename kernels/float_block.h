#pragma once
// A FloatBlock is a block of floats at a multiple of 64 bytes, zeroed, from a memory resource.
//
//   FloatBlock block(1000, std::pmr::get_default_resource());
//   block.data()[0] = 1;
//
// The resource outlives the block. Moving keeps the floats where they are.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>

namespace tramontane::kernels {

class FloatBlock {
 public:
  FloatBlock() = default;

  FloatBlock(std::int64_t floats, std::pmr::memory_resource* memory)
      : data_(static_cast<float*>(
                  memory->allocate(static_cast<std::size_t>(floats) * sizeof(float), alignment)),
            Free{memory, static_cast<std::size_t>(floats) * sizeof(float)}) {
    std::memset(data_.get(), 0, data_.get_deleter().bytes);
  }

  float* data() const { return data_.get(); }

 private:
  struct Free {
    std::pmr::memory_resource* memory;
    std::size_t bytes;

    void operator()(float* data) const { memory->deallocate(data, bytes, alignment); }
  };

  static constexpr std::size_t alignment = 64;

  std::unique_ptr<float, Free> data_ = {nullptr, Free{nullptr, 0}};
};

}  // namespace tramontane::kernels
