#pragma once
// The calls of a session that were sent and are not answered yet, by the number that they bear on
// the wire. Numbers are never used twice, so that a late reply finds nobody. Credit bounds them.
//
// Not thread-safe: the session locks.

#include "runtime/link/frames.h"
#include "runtime/wire/envelope.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tramontane {

struct Call {
  std::shared_ptr<Inbox> reply_to;
  Ticket ticket = 0;
  ActorId target = 0;
  std::size_t bytes = 0;  // of credit
  const char* what = "";  // the message's name
};

class Calls {
 public:
  // Its number, never 0.
  std::uint64_t add(Call call) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.call = std::move(call);
    slot.open = true;
    ++slot.uses;
    return number_of(index);
  }

  // Whether the number was ever given out.
  bool known(std::uint64_t number) const {
    std::size_t index = index_of(number);
    return index < slots_.size() && number >> 32 != 0 && number >> 32 <= slots_[index].uses;
  }

  // An open call of that sender, as the wire names it.
  std::optional<Abandoned> find(const Inbox& sender, Ticket ticket) const {
    for (std::size_t index = 0; index < slots_.size(); ++index) {
      const Slot& slot = slots_[index];
      if (slot.open && slot.call.ticket == ticket && slot.call.reply_to.get() == &sender)
        return Abandoned{slot.call.target, number_of(index)};
    }
    return std::nullopt;
  }

  // Nothing if it is over.
  std::optional<Call> take(std::uint64_t number) {
    std::size_t index = index_of(number);
    if (index >= slots_.size()) return std::nullopt;
    Slot& slot = slots_[index];
    if (!slot.open || slot.uses != number >> 32) return std::nullopt;
    slot.open = false;
    free_.push_back(static_cast<std::uint32_t>(index));
    return std::move(slot.call);
  }

  std::vector<Call> take_all() {
    std::vector<Call> all;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
      Slot& slot = slots_[index];
      if (!std::exchange(slot.open, false)) continue;
      all.push_back(std::move(slot.call));
      free_.push_back(static_cast<std::uint32_t>(index));
    }
    return all;
  }

 private:
  struct Slot {
    Call call;
    std::uint32_t uses = 0;
    bool open = false;
  };

  std::uint64_t number_of(std::size_t index) const {
    return (std::uint64_t{slots_[index].uses} << 32) | (static_cast<std::uint32_t>(index) + 1);
  }

  static std::size_t index_of(std::uint64_t number) {
    return static_cast<std::uint32_t>(number) - std::uint32_t{1};
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace tramontane
