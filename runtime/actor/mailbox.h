#pragma once
// A Mailbox bounds what may wait for one actor, in messages and in bytes.
//
// A sender that finds room puts its envelope in; otherwise it parks it here, in order, or is told
// `full`. Parked envelopes move in as the actor takes messages. An envelope is thus in exactly one
// place: with its sender, parked, in the box, or taken; none is lost or duplicated.
//
// Thread-safe but for box().

#include "runtime/wire/envelope.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace tramontane {

struct MailboxLimits {
  std::uint32_t messages = 1024;
  std::uint64_t bytes = 64 << 20;
};

class Mailbox {
 public:
  explicit Mailbox(MailboxLimits limits) : limits_(limits) {}

  enum class Admission { admitted, parked, full, oversized };

  // Takes credit for `envelope`, or parks it (then it is moved from) if `may_park`.
  Admission admit(std::unique_ptr<Envelope>& envelope, bool may_park);

  // Gives the credit of a taken envelope back; returns those parked ones that are now admitted.
  std::vector<std::unique_ptr<Envelope>> release(Envelope& taken);

  // The parked envelope of that waiter, taken back; null if it was admitted meanwhile.
  std::unique_ptr<Envelope> withdraw(const Inbox& sender, Ticket ticket);

  // All parked ones, oldest first: the actor is gone.
  std::vector<std::unique_ptr<Envelope>> withdraw_all();

  const MailboxLimits& limits() const { return limits_; }

  std::uint32_t messages() const { return static_cast<std::uint32_t>(used() >> byte_bits); }

  std::uint64_t bytes() const { return used() & byte_mask; }

  std::uint32_t parked() const { return parked_count_.load(std::memory_order_relaxed); }

 private:
  static constexpr int byte_bits = 40;
  static constexpr std::uint64_t byte_mask = (std::uint64_t{1} << byte_bits) - 1;

  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  bool reserve(Envelope& envelope);

  const MailboxLimits limits_;
  std::atomic<std::uint64_t> used_{0};  // messages << byte_bits | bytes
  std::atomic<std::uint32_t> parked_count_{0};
  std::mutex mutex_;
  std::deque<std::unique_ptr<Envelope>> parked_;
};

}  // namespace tramontane
