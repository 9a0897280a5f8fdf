#include "runtime/base/strand.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace tramontane {
namespace {

struct TimerItem final : Item {
  explicit TimerItem(std::uint64_t n) : Item(Kind::timer), number(n) {}

  std::uint64_t number;
};

}  // namespace

std::string WaitStatus::text() const {
  std::string reason_part = reason.empty() ? "" : " (" + reason + ")";
  switch (kind) {
    case WaitKind::none:
      return "";
    case WaitKind::reply:
      return "reply of " + target + " to " + what + reason_part;
    case WaitKind::room:
      return "room in the mailbox of " + target + " for " + what + reason_part;
    case WaitKind::sleep:
      return "time to pass" + reason_part;
    case WaitKind::job:
      return "job on pool " + target + reason_part;
    case WaitKind::own:
      return "";
  }
  return "";
}

Wait::~Wait() {
  if (strand_ != nullptr) strand_->remove(*this);
}

Strand::Strand(
    std::string label, std::uint64_t identity, Clock& clock, Executor& executor, int turns)
    : label_(std::move(label)),
      identity_(identity),
      clock_(clock),
      executor_(executor),
      turns_(turns),
      inbox_(asleep()) {}

Strand::~Strand() {
  if (armed_.number != 0) clock_.cancel(armed_);
  Item* item = inbox_.load(std::memory_order_acquire);
  while (item != nullptr && item != asleep()) {
    std::unique_ptr<Item> owned(item);
    item = item->next;
  }
}

void Strand::push(std::unique_ptr<Item> item) {
  Item* pushed = item.release();
  Item* old = inbox_.load(std::memory_order_relaxed);
  do {
    pushed->next = old == asleep() ? nullptr : old;
  } while (!inbox_.compare_exchange_weak(
      old, pushed, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (old == asleep()) {
    keep_ = shared_from_this();
    executor_.post(*this);
  }
}

void Strand::run() noexcept {
  std::shared_ptr<Strand> keep = std::move(keep_);
  int turns = turns_;
  noted_ = Time();
  for (;;) {
    drain();
    resume_ready();
    bool more = turn() || !ready_.empty();
    Item* empty = nullptr;
    if (!more && inbox_.compare_exchange_strong(
                     empty, asleep(), std::memory_order_release, std::memory_order_relaxed)) {
      return;  // from here on another thread may run this strand: touch nothing but `keep`
    }
    if (--turns <= 0) {
      keep_ = std::move(keep);
      executor_.post(*this);
      return;
    }
  }
}

void Strand::drain() {
  if (inbox_.load(std::memory_order_relaxed) == nullptr) return;
  Item* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
  noted_ = Time();
  Item* oldest = nullptr;
  while (newest != nullptr) {
    Item* following = newest->next;
    newest->next = oldest;
    oldest = std::exchange(newest, following);
  }
  while (oldest != nullptr) {
    std::unique_ptr<Item> item(oldest);
    oldest = oldest->next;
    dispatch(std::move(item));
  }
}

void Strand::dispatch(std::unique_ptr<Item> item) {
  switch (item->kind) {
    case Item::Kind::job:
      --jobs_;
      [[fallthrough]];
    case Item::Kind::wake:
      if (Wait* wait = find(item->ticket)) {
        Time at = item->sent;
        wait->on_wake(std::move(item));
        resume_later(*wait, at);
      }
      return;
    case Item::Kind::timer:
      if (static_cast<TimerItem&>(*item).number == arms_) on_timer();
      return;
    case Item::Kind::mail:
    case Item::Kind::control:
      on_item(std::move(item));
      return;
  }
}

void Strand::freeze() {
  frozen_ = true;
  ready_.clear();
}

void Strand::resume_ready() {
  if (ready_.empty()) return;
  noted_ = Time();
  for (resumed_ = 0; resumed_ < ready_.size(); ++resumed_) bounce(ready_[resumed_]);
  ready_.clear();
}

Ticket Strand::begin(Wait& wait, std::coroutine_handle<> waiter, Time now, Time deadline) {
  std::uint32_t index;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.wait = &wait;
  ++slot.generation;
  if (wait.for_others() && waits_++ == 0) waiting_since_ = now;
  wait.strand_ = this;
  wait.waiter_ = waiter;
  wait.since_ = now;
  wait.deadline_ = deadline;
  wait.ticket_ = (static_cast<Ticket>(slot.generation) << 32) | (index + 1);
  if (wait.kind_ != WaitKind::own) publish(&wait);
  arm(deadline);
  return wait.ticket_;
}

Wait* Strand::find(Ticket ticket) const {
  std::uint32_t index = static_cast<std::uint32_t>(ticket) - 1;
  if (index >= slots_.size()) return nullptr;
  const Slot& slot = slots_[index];
  return slot.generation == ticket >> 32 ? slot.wait : nullptr;
}

void Strand::remove(Wait& wait, Time at) {
  std::uint32_t index = static_cast<std::uint32_t>(wait.ticket_) - 1;
  slots_[index].wait = nullptr;
  free_slots_.push_back(index);
  wait.strand_ = nullptr;
  if (wait.for_others() && --waits_ == 0) {
    Time end = at == Time() ? now() : at;
    idle_ += std::max(Duration::zero(), end - waiting_since_);
  }
  if (shown_ != &wait) return;
  auto shows = [](const Slot& slot) {
    return slot.wait != nullptr && slot.wait->kind_ != WaitKind::own;
  };
  auto other = std::find_if(slots_.begin(), slots_.end(), shows);
  publish(other == slots_.end() ? nullptr : other->wait);
}

void Strand::wake(Wait& wait) {
  resume_later(wait, Time());
}

void Strand::resume_later(Wait& wait, Time at) {
  std::coroutine_handle<> waiter = wait.waiter_;
  remove(wait, at);
  if (!frozen_) ready_.push_back(waiter);
}

void Strand::cancel_waits() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Wait* wait = slots_[i].wait;
    if (wait == nullptr || !wait->cancels()) continue;
    wait->on_cancel();
    wake(*wait);
  }
}

void Strand::arm(Time due) {
  if (due == forever || (armed_.number != 0 && armed_.when <= due)) return;
  if (armed_.number != 0) clock_.cancel(armed_);
  auto call = [strand = weak_from_this(), number = ++arms_] {
    if (auto alive = strand.lock()) alive->push(std::make_unique<TimerItem>(number));
  };
  armed_ = clock_.call_at(due, std::move(call));
}

void Strand::disarm() {
  if (armed_.number != 0) clock_.cancel(std::exchange(armed_, {}));
  ++arms_;
}

void Strand::on_timer() {
  armed_ = {};
  Time at = now();
  Time next = forever;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Wait* wait = slots_[i].wait;
    if (wait == nullptr) continue;
    if (wait->deadline_ <= at) {
      wait->on_deadline();
      wake(*wait);
    } else {
      next = std::min(next, wait->deadline_);
    }
  }
  on_due(at);
  arm(std::min(next, next_due()));
}

void Strand::publish(const Wait* wait) {
  while (status_lock_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  shown_ = wait;
  status_lock_.clear(std::memory_order_release);
}

namespace {

// A copy that needs no memory of its own: what is longer is cut.
class ShortText {
 public:
  void operator=(std::string_view text) { size_ = text.copy(text_, sizeof text_); }

  operator std::string() const { return std::string(text_, size_); }

 private:
  char text_[200];
  std::size_t size_ = 0;
};

}  // namespace

WaitStatus Strand::status() const {
  WaitStatus status;
  ShortText target, what, reason;
  while (status_lock_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  if (shown_ != nullptr) {
    status.kind = shown_->kind_;
    target = shown_->target_;
    what = shown_->what_;
    reason = shown_->reason_;
    status.since = shown_->since_;
    status.deadline = shown_->deadline_;
  }
  status_lock_.clear(std::memory_order_release);
  status.target = target;
  status.what = what;
  status.reason = reason;
  return status;
}

}  // namespace tramontane
