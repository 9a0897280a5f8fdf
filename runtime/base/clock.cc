#include "runtime/base/clock.h"

#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

// Simulated wall time starts at 2026-01-01 00:00 UTC, so that logs look like logs.
constexpr Micros simulated_wall_start = 1'767'225'600'000'000;

}  // namespace

std::pair<TimerId, bool> TimerQueue::add(Time when, std::function<void()> call) {
  std::lock_guard lock(mutex_);
  TimerId timer{when, next_++};
  auto [place, added] = calls_.emplace(timer, std::move(call));
  return {timer, place == calls_.begin()};
}

bool TimerQueue::cancel(TimerId timer) {
  std::lock_guard lock(mutex_);
  return calls_.erase(timer) > 0;
}

Time TimerQueue::earliest() const {
  std::lock_guard lock(mutex_);
  return calls_.empty() ? forever : calls_.begin()->first.when;
}

std::optional<std::pair<TimerId, std::function<void()>>> TimerQueue::take_due(Time now) {
  std::lock_guard lock(mutex_);
  if (calls_.empty() || calls_.begin()->first.when > now) return std::nullopt;
  auto first = calls_.extract(calls_.begin());
  return std::pair(first.key(), std::move(first.mapped()));
}

RealClock::RealClock() : thread_(start_thread("the clock's thread", [this] { serve(); })) {}

RealClock::~RealClock() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Time RealClock::now() const {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

Micros RealClock::wall() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TimerId RealClock::call_at(Time when, std::function<void()> call) {
  auto [timer, first] = timers_.add(when, std::move(call));
  if (first) {
    {
      std::lock_guard lock(mutex_);
      ++changes_;
    }
    changed_.notify_all();
  }
  return timer;
}

bool RealClock::cancel(TimerId timer) {
  if (timer.number == 0) return false;
  if (timers_.cancel(timer)) return true;
  if (std::this_thread::get_id() == thread_.get_id()) return false;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return running_ != timer; });
  return false;
}

// Takes and makes one call that is due; `running_` is set before it leaves the queue, as seen by
// cancel().
bool RealClock::serve_one() {
  std::unique_lock lock(mutex_);
  auto due = timers_.take_due(now());
  if (!due) return false;
  running_ = due->first;
  lock.unlock();
  due->second();
  lock.lock();
  running_ = {};
  lock.unlock();
  changed_.notify_all();
  return true;
}

void RealClock::serve() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::uint64_t seen = changes_;
    lock.unlock();
    while (serve_one()) {
    }
    Time next = timers_.earliest();
    lock.lock();
    auto woken = [&] { return stopping_ || changes_ != seen; };
    if (next == forever) {
      changed_.wait(lock, woken);
    } else {
      std::chrono::steady_clock::time_point due(
          std::chrono::duration_cast<std::chrono::steady_clock::duration>(next.time_since_epoch()));
      changed_.wait_until(lock, due, woken);
    }
  }
}

Time ManualClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

Micros ManualClock::wall() const {
  return simulated_wall_start + micros(now());
}

TimerId ManualClock::call_at(Time when, std::function<void()> call) {
  return timers_.add(when, std::move(call)).first;
}

bool ManualClock::cancel(TimerId timer) {
  return timers_.cancel(timer);
}

bool ManualClock::advance_to_next(Time limit) {
  Time next = timers_.earliest();
  bool due = next != forever && next <= limit;
  if (due || limit != forever) {
    std::lock_guard lock(mutex_);
    now_ = std::max(now_, due ? next : limit);
  }
  if (!due) return false;
  if (auto call = timers_.take_due(now())) call->second();
  return true;
}

void ManualClock::advance(Duration step) {
  Time limit = after(now(), step);
  TRAM_CHECK(limit != forever, "the clock cannot advance without end");
  while (advance_to_next(limit)) {
  }
}

}  // namespace tramontane
