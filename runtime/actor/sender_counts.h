#pragma once
// How many messages an actor has handled of each sender. One thread counts, others read meanwhile;
// of senders beyond the first `senders_most` nothing is told.

#include "runtime/wire/envelope.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>

namespace tramontane {

inline constexpr std::size_t senders_most = 32;

class SenderCounts {
 public:
  // From one thread at a time. Who sent before is found at once.
  void add(ActorId sender) {
    std::size_t size = size_.load(std::memory_order_relaxed);
    if (last_ >= size || rows_[last_].sender != sender) {
      for (last_ = 0; last_ < size && rows_[last_].sender != sender;) ++last_;
      if (last_ == senders_most) return;
      if (last_ == size) {
        rows_[last_].sender = sender;
        size_.store(size + 1, std::memory_order_release);
      }
    }
    auto& messages = rows_[last_].messages;
    messages.store(messages.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // From any thread.
  std::map<ActorId, std::uint64_t> counts() const {
    std::map<ActorId, std::uint64_t> all;
    std::size_t size = size_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < size; ++i)
      all[rows_[i].sender] = rows_[i].messages.load(std::memory_order_relaxed);
    return all;
  }

 private:
  struct Row {
    ActorId sender = 0;  // written before size_ tells of the row, and never again
    std::atomic<std::uint64_t> messages{0};
  };

  std::array<Row, senders_most> rows_;
  std::atomic<std::size_t> size_{0};
  std::size_t last_ = 0;  // the counting thread's
};

}  // namespace tramontane
