#pragma once
// Bodies of the row kernels are templates over a Block: what one thread knows of the block of
// threads that it is part of. On a device Block is the hardware (hardware.cuh); in the tests an
// emulator runs the threads of a block one at a time, in random order between barriers.
//
//   block.thread(), block.threads()     this thread, and how many (a multiple of 32)
//   block.x(), y(), z(), grid_x()       which block, and how many along x
//   block.barrier()                     all threads of the block
//   block.shuffle_xor(value, mask)      the value of lane ^ mask; all 32 lanes of the warp call it
//   block.shuffle_up(value, by)         the value of lane - by; a lane below `by` keeps its own
//   block.shared()                      shared memory; undefined at first
//   block.atomic_add(at, value)         on a 32 or 64-bit word; gives what was there
//   block.arrive(counter, count)        true in the last of `count` blocks to arrive, which then
//   sees
//                                       what the others wrote; the counter is zero again
//   block.copy16(to, from, there)       begins to copy 16 bytes into shared memory; zeros if not
//   there block.end_group()                   closes this thread's group of copies
//   block.await_groups<n>()             until only its n latest groups may still be on their way
//   block.exp2(x)                       2^x within 2 ulp; 0 for -inf
//
// Rule: every thread of a block calls barrier(), arrive() and shuffles the same number of times.

#include "kernels/cuda/bfloat16.h"

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#define TRAM_BODY __device__ __forceinline__
#else
#define TRAM_BODY inline
#endif

namespace tramontane::kernels::cuda {

constexpr int warp_lanes = 32;

template <class Block>
TRAM_BODY int lane_of(const Block& block) {
  return block.thread() % warp_lanes;
}

template <class Block>
TRAM_BODY int warp_of(const Block& block) {
  return block.thread() / warp_lanes;
}

// The sum over a warp, the same bits in every lane.
template <class Block, class T>
TRAM_BODY T warp_sum(Block& block, T value) {
  for (int mask = warp_lanes / 2; mask > 0; mask /= 2) value += block.shuffle_xor(value, mask);
  return value;
}

template <class Block>
TRAM_BODY float warp_max(Block& block, float value) {
  for (int mask = warp_lanes / 2; mask > 0; mask /= 2) {
    const float other = block.shuffle_xor(value, mask);
    value = other > value ? other : value;
  }
  return value;
}

// The sum over a block in one fixed order, the same bits in every thread. `scratch` is shared, of
// 32 elements, and may be used again after the next barrier.
template <class Block, class T>
TRAM_BODY T block_sum(Block& block, T value, T* scratch) {
  value = warp_sum(block, value);
  if (lane_of(block) == 0) scratch[warp_of(block)] = value;
  block.barrier();
  T total = scratch[0];
  for (int w = 1; w < block.threads() / warp_lanes; ++w) total += scratch[w];
  return total;
}

template <class Block>
TRAM_BODY float block_max(Block& block, float value, float* scratch) {
  value = warp_max(block, value);
  if (lane_of(block) == 0) scratch[warp_of(block)] = value;
  block.barrier();
  float top = scratch[0];
  for (int w = 1; w < block.threads() / warp_lanes; ++w) top = scratch[w] > top ? scratch[w] : top;
  return top;
}

}  // namespace tramontane::kernels::cuda
