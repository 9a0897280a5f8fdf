#pragma once
// A Strand runs coroutines one at a time on an Executor, and is woken by items that others push
// into its inbox. Everything an actor does happens on its strand, so nothing of it needs a lock.
//
// A coroutine waits through a Wait: it has a reason, a beginning and (nearly always) a deadline,
// all visible from outside (status()). What it waits for answers by pushing an Item that bears the
// wait's ticket. A ticket whose wait is over is ignored, which makes late replies, lost races
// between reply and deadline, and dead waiters harmless.
//
// Threads: push() and status() from any; everything else on the strand.

#include "runtime/base/async.h"
#include "runtime/base/clock.h"
#include "runtime/base/executor.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

using Ticket = std::uint64_t;  // names one wait of one strand; 0 is none

struct Item {
  enum class Kind : std::uint8_t {
    wake,     // ends the wait with this ticket
    job,      // as wake, and one job of this strand's is done
    timer,    // the strand's earliest deadline has come
    mail,     // a message for the actor
    control,  // stop, kill, restart
  };

  Item() = default;

  explicit Item(Kind k) : kind(k) {}

  virtual ~Item() = default;
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;

  // Items come and go with every message, like frames.
  static void* operator new(std::size_t bytes) { return detail::allocate_frame(bytes); }

  static void operator delete(void* item, std::size_t bytes) noexcept {
    detail::free_frame(item, bytes);
  }

  Item* next = nullptr;
  Ticket ticket = 0;
  Time sent{};  // when, if known: saves its receiver a look at the clock
  Kind kind = Kind::wake;
};

class Inbox {
 public:
  virtual ~Inbox() = default;
  virtual void push(std::unique_ptr<Item> item) = 0;
};

// `own`: for other coroutines of the same strand (all.h), or its next turn. Never shown.
enum class WaitKind : std::uint8_t { none, reply, room, sleep, job, own };

// What a strand waits for, as seen from outside.
struct WaitStatus {
  WaitKind kind = WaitKind::none;
  std::string target;  // the actor or pool waited for
  std::string what;    // the message's type
  std::string reason;
  Time since{};
  Time deadline = forever;

  // "reply of ledger to LeaseTasks (tasks to write)"; empty for WaitKind::none.
  std::string text() const;
};

// What a leaf awaiter inherits. It lives in the frame of the coroutine that waits.
class Wait {
 public:
  Wait(WaitKind kind, std::string_view reason) : kind_(kind), reason_(reason) {}

  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  virtual ~Wait();

 protected:
  friend class Strand;

  // The strand calls one of these, once, before it resumes the coroutine.
  virtual void on_wake(std::unique_ptr<Item> item) = 0;
  virtual void on_deadline() = 0;

  virtual void on_cancel() { on_deadline(); }

  // Whether a stop ends it early.
  virtual bool cancels() const { return kind_ != WaitKind::job; }

  std::string_view target_;
  std::string_view what_;
  Strand* strand_ = nullptr;  // while registered
  Ticket ticket_ = 0;

 private:
  // Whether the strand stands idle meanwhile.
  bool for_others() const { return kind_ != WaitKind::job && kind_ != WaitKind::own; }

  WaitKind kind_;
  std::string_view reason_;
  std::coroutine_handle<> waiter_;
  Time since_{};
  Time deadline_ = forever;
};

class Strand : public Trampoline,
               public Inbox,
               private Runnable,
               public std::enable_shared_from_this<Strand> {
 public:
  // Clock and executor outlive the strand. `turns`: how many turns it takes before it lets others
  // on the executor run.
  Strand(std::string label, std::uint64_t identity, Clock& clock, Executor& executor, int turns);
  ~Strand() override;

  const std::string& label() const { return label_; }

  // Of the actor, 0 if there is none.
  std::uint64_t identity() const { return identity_; }

  Clock& clock() const { return clock_; }

  Time now() const { return clock_.now(); }

  void push(std::unique_ptr<Item> item) final;
  WaitStatus status() const;

  // Suspends `waiter` until `wait` is over. Returns the ticket.
  Ticket begin(Wait& wait, std::coroutine_handle<> waiter, Time now, Time deadline);

  Ticket begin(Wait& wait, std::coroutine_handle<> waiter, Time deadline) {
    return begin(wait, waiter, now(), deadline);
  }

  // The wait is over before it began: nothing is resumed.
  void end(Wait& wait) { remove(wait); }

  // Ends a wait from the strand itself: the coroutine is resumed in this or the next turn.
  void wake(Wait& wait);
  // Ends all waits through Wait::on_cancel().
  void cancel_waits();

  void job_started() { ++jobs_; }

  // A root coroutine is resumed for the first time, in this or the next turn.
  void start(std::coroutine_handle<> root) { ready_.push_back(root); }

  // From a coroutine that runs: whether no other is to be resumed before the strand looks for more.
  bool last_ready() const { return resumed_ + 1 >= ready_.size(); }

 protected:
  // One step of the owner's work. True if there is more to do at once.
  virtual bool turn() = 0;
  virtual void on_item(std::unique_ptr<Item> item) = 0;

  // The owner's own timed work: due no earlier than next_due().
  virtual Time next_due() const { return forever; }

  virtual void on_due(Time now) = 0;

  void resume_ready();
  // Between these two no coroutine is resumed: their frames are about to be destroyed.
  void freeze();

  void thaw() { frozen_ = false; }

  // Makes sure that the strand runs at `due`, if it is not woken before.
  void arm(Time due);
  // It will not be woken by the clock any more.
  void disarm();

  // How long, in all, its coroutines waited for others (for jobs of its own does not count).
  Duration idle_time() const { return idle_; }

  int jobs() const { return jobs_; }

  // The time as it was noted, if nothing else of the strand has run since, so that no message of
  // many pays for a second look at the clock; otherwise now.
  void note_time(Time at) { noted_ = at; }

  Time recent() { return noted_ == Time() ? now() : std::exchange(noted_, Time()); }

 private:
  friend class Wait;

  struct Slot {
    Wait* wait = nullptr;
    std::uint32_t generation = 0;
  };

  void run() noexcept final;
  void drain();
  void dispatch(std::unique_ptr<Item> item);
  Wait* find(Ticket ticket) const;
  // The wait is over, at `at` if that is known.
  void remove(Wait& wait, Time at = {});
  void resume_later(Wait& wait, Time at);
  void publish(const Wait* wait);
  void on_timer();

  Item* asleep() noexcept { return reinterpret_cast<Item*>(std::uintptr_t{1}); }

  const std::string label_;
  const std::uint64_t identity_;
  Clock& clock_;
  Executor& executor_;
  const int turns_;

  // A stack of pushed items, newest first; asleep() while the strand is not posted.
  std::atomic<Item*> inbox_;
  std::shared_ptr<Strand> keep_;  // itself, from the post to the end of the run

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t waits_ = 0;  // for others
  Time waiting_since_{};   // with waits_ > 0
  Duration idle_{};
  int jobs_ = 0;
  bool frozen_ = false;
  std::vector<std::coroutine_handle<>> ready_;
  std::size_t resumed_ = 0;  // which of them runs
  Time noted_{};             // none: something has run since
  TimerId armed_;            // the one pending call of the clock
  std::uint64_t arms_ = 0;   // items of earlier arms are ignored

  // The wait that status() shows. A spin lock, held for a few copied bytes, guards it: publishing
  // is part of every ask.
  mutable std::atomic_flag status_lock_;
  const Wait* shown_ = nullptr;
};

// Sleeps; a stop of the actor ends it early. True if the whole time passed.
class SleepWait final : public Wait {
 public:
  SleepWait(Duration duration, std::string_view reason)
      : Wait(WaitKind::sleep, reason), duration_(duration) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    Strand& strand = *self.promise().strand;
    strand.begin(*this, self, after(strand.now(), duration_));
  }

  bool await_resume() const noexcept { return passed_; }

 private:
  void on_wake(std::unique_ptr<Item>) override {}

  void on_deadline() override { passed_ = true; }

  void on_cancel() override {}

  Duration duration_;
  bool passed_ = false;
};

inline SleepWait sleep(Duration duration, std::string_view reason) {
  return SleepWait(duration, reason);
}

// Lets what was pushed into the strand's inbox come in, and others on the executor have their turn.
class YieldWait final : public Wait {
 public:
  YieldWait() : Wait(WaitKind::own, {}) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    Strand& strand = *self.promise().strand;
    auto item = std::make_unique<Item>();
    item->sent = strand.now();
    item->ticket = strand.begin(*this, self, item->sent, forever);
    strand.push(std::move(item));
  }

  void await_resume() const noexcept {}

 private:
  void on_wake(std::unique_ptr<Item>) override {}

  void on_deadline() override {}
};

inline YieldWait yield() {
  return {};
}

}  // namespace tramontane
