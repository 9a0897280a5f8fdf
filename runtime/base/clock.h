#pragma once
// A Clock tells the time and calls back when a moment has come. Real programs use one RealClock,
// simulations and tests a ManualClock that moves only when told to.
//
//   Time due = clock.now() + 5s;
//   TimerId timer = clock.call_at(due, [&] { … });
//   clock.cancel(timer);
//
// All methods may be called from any thread.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace tramontane {

// The scale of Time: nanoseconds since some moment before the program's start; it never jumps.
struct Steady {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Steady>;
  static constexpr bool is_steady = true;
};

using Duration = Steady::duration;
using Time = Steady::time_point;
using Micros = std::int64_t;

inline constexpr Time forever = Time::max();

inline Micros micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

inline Micros micros(Time time) {
  return micros(time.time_since_epoch());
}

// now + wait without overflow: a wait without end is `forever`.
inline Time after(Time now, Duration wait) {
  return wait >= forever - now ? forever : now + wait;
}

// Names one pending call_at().
struct TimerId {
  Time when{};
  std::uint64_t number = 0;  // 0: none

  auto operator<=>(const TimerId&) const = default;
};

// Pending calls in order of time, then of arrival. Thread-safe.
class TimerQueue {
 public:
  // True if the new call is now the earliest.
  std::pair<TimerId, bool> add(Time when, std::function<void()> call);
  bool cancel(TimerId timer);
  Time earliest() const;  // `forever` if empty
  // The earliest call if it is due at `now`.
  std::optional<std::pair<TimerId, std::function<void()>>> take_due(Time now);

 private:
  mutable std::mutex mutex_;
  std::map<TimerId, std::function<void()>> calls_;
  std::uint64_t next_ = 1;
};

class Clock {
 public:
  virtual ~Clock() = default;

  virtual Time now() const = 0;

  // Microseconds since 1970, UTC: for people, forever for deadlines.
  virtual Micros wall() const = 0;

  // Calls `call` once at or soon after `when`, on a thread of the clock's own choice: it must
  // return quickly and must not throw.
  virtual TimerId call_at(Time when, std::function<void()> call) = 0;

  // Once this returns, the call is neither running nor to come (but for a cancel from within the
  // call itself). False if it was made or cancelled before, or is none. Hold no lock that the call
  // takes.
  virtual bool cancel(TimerId timer) = 0;
};

// The machine's clock, with one thread that makes the calls.
class RealClock final : public Clock {
 public:
  RealClock();
  ~RealClock() override;
  RealClock(const RealClock&) = delete;
  RealClock& operator=(const RealClock&) = delete;

  Time now() const override;
  Micros wall() const override;
  TimerId call_at(Time when, std::function<void()> call) override;
  bool cancel(TimerId timer) override;

 private:
  void serve();
  bool serve_one();

  TimerQueue timers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t changes_ = 0;
  TimerId running_;
  std::thread thread_;
};

// Time stands still until advance_to_next() or advance(); calls are made by those, on the
// caller's thread.
class ManualClock final : public Clock {
 public:
  Time now() const override;
  Micros wall() const override;
  TimerId call_at(Time when, std::function<void()> call) override;
  bool cancel(TimerId timer) override;

  // Jumps to the earliest pending call and makes it. False if there is none until `limit`; then
  // the clock stands at `limit` (unless that is `forever`).
  bool advance_to_next(Time limit = forever);

  // Moves on by `step`, making every call that falls due.
  void advance(Duration step);

 private:
  TimerQueue timers_;
  mutable std::mutex mutex_;
  Time now_{std::chrono::hours(1)};
};

}  // namespace tramontane
