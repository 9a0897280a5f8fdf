#include "runtime/base/team.h"

#include "runtime/base/check.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

// Some microseconds of looking before a thread waits in the kernel.
constexpr int looks = 400;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Until `value` is another than `old`; returns what it is.
std::uint32_t await_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < looks; ++i) {
    std::uint32_t now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

// A thread takes part in a call by entering while it is open. The caller closes it when no part is
// left to be taken, and waits for those who are inside alone: one that the system did not run
// meanwhile delays nobody.
struct Team::State {
  static constexpr std::uint32_t open = std::uint32_t{1} << 31;

  // Of the call that is open: written before it opens, read by those inside.
  Call call = nullptr;
  const void* what = nullptr;
  std::int64_t parts = 0;
  std::atomic<std::int64_t> next{0};    // part that nobody has taken yet
  std::atomic<std::uint32_t> gate{0};   // `open`, and how many are inside
  std::atomic<std::uint32_t> round{0};  // rises with each call, and when all is to end
  std::atomic<bool> ending{false};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  std::vector<std::jthread> threads;

  bool enter() {
    std::uint32_t seen = gate.load(std::memory_order_relaxed);
    while ((seen & open) != 0)
      if (gate.compare_exchange_weak(
              seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }

  void work() {
    for (;;) {
      std::int64_t part = next.fetch_add(1, std::memory_order_relaxed);
      if (part >= parts) return;
      try {
        call(what, part);
      } catch (...) {
        std::lock_guard lock(failure_mutex);
        failure = std::current_exception();
      }
    }
  }

  void live() {
    for (std::uint32_t seen = 0; !ending.load(std::memory_order_acquire);) {
      if (enter()) {
        work();
        if (gate.fetch_sub(1, std::memory_order_release) == 1) gate.notify_one();
      }
      seen = await_change(round, seen);
    }
  }
};

Team::Team(unsigned threads) : threads_(threads) {
  TRAM_CHECK(threads >= 1, "a team of nobody", threads);
  if (threads == 1) return;
  state_ = std::make_unique<State>();
  State& state = *state_;
  for (unsigned i = 1; i < threads; ++i) state.threads.emplace_back([&state] { state.live(); });
}

Team::~Team() {
  if (!state_) return;
  state_->ending.store(true, std::memory_order_release);
  state_->round.fetch_add(1, std::memory_order_release);
  state_->round.notify_all();
}

void Team::run(std::int64_t parts, Call call, const void* what) {
  State& s = *state_;
  s.call = call;
  s.what = what;
  s.parts = parts;
  s.next.store(0, std::memory_order_relaxed);
  s.gate.store(State::open, std::memory_order_release);
  s.round.fetch_add(1, std::memory_order_release);
  s.round.notify_all();
  s.work();
  std::uint32_t inside = s.gate.fetch_and(~State::open, std::memory_order_acquire) & ~State::open;
  while (inside != 0) inside = await_change(s.gate, inside);
  if (s.failure) std::rethrow_exception(std::exchange(s.failure, nullptr));
}

}  // namespace tramontane
