#pragma once
// What is known of an actor from outside, at any moment and from any thread.

#include "runtime/base/clock.h"
#include "runtime/wire/envelope.h"

#include <cstdint>
#include <map>
#include <string>

namespace tramontane {

// Where an actor is, in the order of its life. One value says it all: what may follow what is a
// table in cell.cc.
enum class ActorState : std::uint8_t {
  building,    // its next life is due
  starting,    // its factory, then start()
  idle,        // waits for messages
  handling,    // a message
  working,     // a step of work()
  stopping,    // stop()
  ending,      // this life is over, but a job of its own still runs on a pool
  restarting,  // it failed; the next life is due after a pause
  dead,        // for good
};

const char* name(ActorState state) noexcept;

struct ActorStatus {
  ActorId id = 0;
  std::string name;
  std::string kind;
  std::string pool;
  int pid = 0;  // of the process that it is in; 0: this one
  ActorState state = ActorState::starting;
  Incarnation incarnation = 0;
  std::uint32_t restarts = 0;

  std::uint32_t mailbox_messages = 0;
  std::uint32_t mailbox_limit = 0;
  std::uint64_t mailbox_bytes = 0;
  std::uint64_t mailbox_bytes_limit = 0;
  std::uint32_t senders_waiting = 0;  // for room in its mailbox
  Duration oldest_message{};          // age, zero if there is none

  std::uint64_t handled = 0;    // messages, in all lives
  std::uint64_t failed = 0;     // lives that ended by an exception or kill
  std::uint64_t unhandled = 0;  // one-way messages that it has no handler for
  std::map<ActorId, std::uint64_t>
      senders;               // of those handled, 0: the world outside; senders_most at most
  std::string last_handler;  // the message type handled last, or now
  Duration busy{};           // time in handlers and steps, waits for others left out
  double busy_share = 0;     // of the last few seconds

  std::string waiting_for;  // "messages", "reply of ledger to LeaseTasks (…)"; empty if it computes
  Time waiting_since{};
  Time deadline = forever;

  std::map<std::string, std::string> notes;
};

}  // namespace tramontane
