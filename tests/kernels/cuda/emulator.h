#pragma once
// The Emulator runs the body of a row kernel (kernels/cuda/rows/) on the host: each thread of a
// block is a fibre, and between two barriers or shuffles they run one after another in an order
// drawn from the seed. Blocks come in random order too, and shared memory begins as NaN. So a
// missing barrier, a read of what nobody wrote and a dependence on the order of blocks show as
// wrong results for some seed.
//
//   Emulator emulator(seed);
//   emulator.run({.x = rows}, 256, 128, [&](EmulatedBlock& block) { rms_norm_row(block, n); });
//
// Throws Divergence where threads wait for each other in vain: at a barrier or shuffle that not all
// of them reach. Not emulated: tensor cores, and what several threads do at the very same time.

#include "kernels/cuda/rows/block.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <stdexcept>
#include <ucontext.h>
#include <vector>

namespace tramontane {

struct Divergence : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Emulator;

class EmulatedBlock {
 public:
  int thread() const { return thread_; }

  int threads() const;
  int x() const;
  int y() const;
  int z() const;
  int grid_x() const;
  void barrier();

  template <class T>
  T shuffle_xor(T value, int mask) {
    return shuffle(value, thread_ % kernels::cuda::warp_lanes ^ mask, mask);
  }

  template <class T>
  T shuffle_up(T value, int by) {
    const int lane = thread_ % kernels::cuda::warp_lanes;
    return shuffle(value, lane < by ? lane : lane - by, 100 + by);
  }

  std::byte* shared();

  template <class T>
  T atomic_add(T* at, T value) {
    const T before = *at;
    *at += value;
    return before;
  }

  bool arrive(std::uint32_t* counter, std::uint32_t count);

  // Copies come as late as they may.
  void copy16(void* to, const void* from, bool there);
  void end_group();

  template <int N>
  void await_groups() {
    await_groups(N);
  }

  float exp2(float x) { return std::exp2(x); }

 private:
  friend class Emulator;

  EmulatedBlock(Emulator& emulator, int thread) : emulator_(&emulator), thread_(thread) {}

  template <class T>
  T shuffle(T value, int source, int kind) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = exchange(bits, source, kind * 16 + static_cast<int>(sizeof value));
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  std::uint64_t exchange(std::uint64_t bits, int source, int kind);
  void await_groups(int rest);

  Emulator* emulator_;
  int thread_;
};

class Emulator {
 public:
  struct Grid {
    std::int64_t x = 1;
    std::int64_t y = 1;
    std::int64_t z = 1;
  };

  using Body = std::function<void(EmulatedBlock&)>;

  explicit Emulator(std::uint32_t seed) : engine_(seed) {}

  void run(const Grid& grid, int threads, std::size_t shared_bytes, const Body& body);

 private:
  friend class EmulatedBlock;

  enum class Stand { ready, barrier, shuffle, done };

  struct Copy {
    void* to = nullptr;
    std::byte bytes[16] = {};
    int group = 0;
  };

  struct Fibre {
    ucontext_t context = {};
    std::vector<std::byte> stack;
    Stand stand = Stand::ready;
    std::uint64_t value = 0;  // given to a shuffle, then received from it
    int source = 0;
    int kind = 0;
    std::vector<Copy> copies;  // on their way
    int group = 0;
  };

  static void enter(unsigned high, unsigned low);
  void run_block(const Body& body, int threads);
  void leave(int thread, Stand stand);  // from a fibre back to the scheduler
  void after(int thread);               // what a fibre that stopped sets free
  void exchange_in_warp(int first);
  void make_ready(int thread);

  std::mt19937 engine_;
  Grid grid_;
  Grid block_;
  const Body* body_ = nullptr;
  ucontext_t scheduler_ = {};
  std::vector<Fibre> fibres_;
  std::vector<int> ready_;
  int running_ = 0;
  int at_barrier_ = 0;
  int done_ = 0;
  bool last_ = false;  // of the blocks that arrive somewhere
  std::vector<std::byte> shared_;
};

}  // namespace tramontane
