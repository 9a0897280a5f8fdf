#pragma once
// Credit is what a session may still send to each actor of its peer, in messages and bytes. What is
// on its way, or waits in the actor's mailbox, holds some; the peer's replies and notices give it
// back.
//
//   if (!credit.take(target, bytes, Credit::one_way)) …      // wait: it will be wanted
//   if (credit.give_back(target, bytes)) …                   // somebody wanted some: tell them
//
// Not thread-safe: the session locks.

#include "runtime/actor/mailbox.h"
#include "runtime/wire/envelope.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

namespace tramontane {

class Credit {
 public:
  enum Kind : std::uint8_t { call, one_way };

  // Of each actor, as the peer says.
  void set_window(MailboxLimits window);

  // False if there is not enough; the target is then remembered as wanting some. A message larger
  // than the whole window goes alone.
  bool take(ActorId target, std::size_t bytes, Kind kind);

  // Of an answered call. True if somebody wants credit for that target, once.
  bool give_back(ActorId target, std::size_t bytes);

  // Of the oldest one-way messages, whose sizes are kept here. Nothing if there were not as many.
  std::optional<bool> give_back_one_way(ActorId target, std::uint32_t messages);

  // Of a one-way message that was not sent after all.
  bool take_back_one_way(ActorId target, std::size_t bytes);

 private:
  struct Used {
    std::uint32_t messages = 0;
    std::uint64_t bytes = 0;
    std::deque<std::size_t> one_way;  // their sizes, oldest first
    bool wanted = false;
  };

  using Targets = std::unordered_map<ActorId, Used>;

  bool freed(Targets::iterator target);

  MailboxLimits window_;
  Targets targets_;
};

}  // namespace tramontane
