#include "tests/kernels/cuda/emulator.h"

#include <algorithm>
#include <string>

namespace tramontane {

namespace {

constexpr std::size_t stack_bytes = std::size_t{64} << 10;
constexpr std::size_t guard_bytes = 64;
constexpr int warp = kernels::cuda::warp_lanes;
constexpr auto poison = std::byte{0xff};  // of a float: NaN

}  // namespace

int EmulatedBlock::threads() const {
  return static_cast<int>(emulator_->fibres_.size());
}

int EmulatedBlock::x() const {
  return static_cast<int>(emulator_->block_.x);
}

int EmulatedBlock::y() const {
  return static_cast<int>(emulator_->block_.y);
}

int EmulatedBlock::z() const {
  return static_cast<int>(emulator_->block_.z);
}

int EmulatedBlock::grid_x() const {
  return static_cast<int>(emulator_->grid_.x);
}

std::byte* EmulatedBlock::shared() {
  return emulator_->shared_.data();
}

void EmulatedBlock::barrier() {
  emulator_->leave(thread_, Emulator::Stand::barrier);
}

bool EmulatedBlock::arrive(std::uint32_t* counter, std::uint32_t count) {
  barrier();
  if (thread_ == 0) {
    emulator_->last_ = ++*counter == count;
    if (emulator_->last_) *counter = 0;
  }
  barrier();
  return emulator_->last_;
}

void EmulatedBlock::copy16(void* to, const void* from, bool there) {
  Emulator::Fibre& own = emulator_->fibres_[static_cast<std::size_t>(thread_)];
  Emulator::Copy copy = {.to = to, .group = own.group};
  if (there) std::memcpy(copy.bytes, from, sizeof copy.bytes);
  own.copies.push_back(copy);
}

void EmulatedBlock::end_group() {
  ++emulator_->fibres_[static_cast<std::size_t>(thread_)].group;
}

void EmulatedBlock::await_groups(int rest) {
  Emulator::Fibre& own = emulator_->fibres_[static_cast<std::size_t>(thread_)];
  std::erase_if(own.copies, [&](const Emulator::Copy& copy) {
    if (copy.group >= own.group - rest) return false;
    std::memcpy(copy.to, copy.bytes, sizeof copy.bytes);
    return true;
  });
}

std::uint64_t EmulatedBlock::exchange(std::uint64_t bits, int source, int kind) {
  Emulator::Fibre& own = emulator_->fibres_[static_cast<std::size_t>(thread_)];
  own.value = bits;
  own.source = source;
  own.kind = kind;
  emulator_->leave(thread_, Emulator::Stand::shuffle);
  return own.value;
}

void Emulator::enter(unsigned high, unsigned low) {
  auto* emulator = reinterpret_cast<Emulator*>(std::uintptr_t{high} << 32 | low);
  const int thread = emulator->running_;
  EmulatedBlock block(*emulator, thread);
  (*emulator->body_)(block);
  emulator->leave(thread, Stand::done);
}

void Emulator::leave(int thread, Stand stand) {
  Fibre& own = fibres_[static_cast<std::size_t>(thread)];
  own.stand = stand;
  swapcontext(&own.context, &scheduler_);
}

void Emulator::make_ready(int thread) {
  fibres_[static_cast<std::size_t>(thread)].stand = Stand::ready;
  ready_.push_back(thread);
}

void Emulator::exchange_in_warp(int first) {
  std::uint64_t given[warp];
  const int kind = fibres_[static_cast<std::size_t>(first)].kind;
  for (int lane = 0; lane < warp; ++lane) {
    const Fibre& own = fibres_[static_cast<std::size_t>(first + lane)];
    if (own.stand != Stand::shuffle) return;
    given[lane] = own.value;
  }
  for (int lane = 0; lane < warp; ++lane) {
    Fibre& own = fibres_[static_cast<std::size_t>(first + lane)];
    if (own.kind != kind) throw Divergence("lanes of a warp are at different shuffles");
    own.value = given[own.source];
    make_ready(first + lane);
  }
}

void Emulator::after(int thread) {
  const auto count = static_cast<int>(fibres_.size());
  switch (fibres_[static_cast<std::size_t>(thread)].stand) {
    case Stand::ready:
      break;
    case Stand::done:
      ++done_;
      break;
    case Stand::shuffle:
      exchange_in_warp(thread / warp * warp);
      break;
    case Stand::barrier:
      if (++at_barrier_ < count) break;
      at_barrier_ = 0;
      for (int t = 0; t < count; ++t) make_ready(t);
      break;
  }
}

void Emulator::run_block(const Body& body, int threads) {
  body_ = &body;
  ready_.clear();
  at_barrier_ = 0;
  done_ = 0;
  for (int t = 0; t < threads; ++t) {
    Fibre& fibre = fibres_[static_cast<std::size_t>(t)];
    fibre.stack.resize(stack_bytes);
    fibre.copies.clear();
    fibre.group = 0;
    getcontext(&fibre.context);
    fibre.context.uc_stack.ss_sp = fibre.stack.data();
    fibre.context.uc_stack.ss_size = fibre.stack.size();
    fibre.context.uc_link = nullptr;
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&fibre.context, reinterpret_cast<void (*)()>(&Emulator::enter), 2,
        static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
    make_ready(t);
  }
  while (!ready_.empty()) {
    std::swap(ready_[engine_() % ready_.size()], ready_.back());
    running_ = ready_.back();
    ready_.pop_back();
    swapcontext(&scheduler_, &fibres_[static_cast<std::size_t>(running_)].context);
    after(running_);
  }
  if (done_ != threads)
    throw Divergence(std::to_string(at_barrier_) + " of " + std::to_string(threads) +
                     " threads wait at a barrier, " + std::to_string(done_) + " have ended");
}

void Emulator::run(const Grid& grid, int threads, std::size_t shared_bytes, const Body& body) {
  grid_ = grid;
  fibres_.resize(static_cast<std::size_t>(threads));
  std::vector<std::int64_t> order(static_cast<std::size_t>(grid.x * grid.y * grid.z));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  std::shuffle(order.begin(), order.end(), engine_);
  shared_.resize(shared_bytes + guard_bytes);
  for (const std::int64_t i : order) {
    block_ = {.x = i % grid.x, .y = i / grid.x % grid.y, .z = i / grid.x / grid.y};
    std::fill(shared_.begin(), shared_.end(), poison);
    run_block(body, threads);
    for (std::size_t g = shared_bytes; g < shared_.size(); ++g)
      if (shared_[g] != poison) throw std::runtime_error("a write past the shared memory");
  }
}

}  // namespace tramontane
