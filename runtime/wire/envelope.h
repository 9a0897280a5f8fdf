#pragma once
// An Envelope is a message on its way: from whom, to whom, until when, and where the reply goes.
// The reply travels back in the same envelope. Between processes it is a Cap'n Proto Envelope
// (envelope.capnp).

#include "runtime/base/result.h"
#include "runtime/base/strand.h"
#include "runtime/wire/message.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tramontane {

// The address of an actor: node in the upper 16 bits, then a number never used again there.
using ActorId = std::uint64_t;  // 0: nobody (the world outside)

// Counts the lives of an actor from 1; 0 in an address means any.
using Incarnation = std::uint32_t;

struct Envelope final : Item {
  Envelope() : Item(Kind::mail) {}

  // The call's reply goes to `reply_to`, which may be an earlier incarnation's by then: `ticket`
  // (Item) is the call id and tells.
  bool wants_reply() const { return ticket != 0 && reply_to != nullptr; }

  ActorId source = 0;
  ActorId target = 0;
  Incarnation incarnation = 0;
  bool announces = false;  // one-way: tell reply_to when the mailbox has taken it
  bool exempt = false;     // control lane: takes no credit
  bool is_reply = false;
  bool charged = false;  // holds credit of the mailbox it lies in
  bool unread = false;   // it came back: no handler had it; does not travel
  std::size_t size = 0;  // what it is charged, bytes
  Time deadline = forever;
  Message body;  // the request, then the reply
  std::optional<Failure> failure;
  std::shared_ptr<Inbox> reply_to;
};

// Its bytes on the wire, and back. Deadlines travel as the time left. The target's Route sets
// reply_to. Blobs of the message are not in its bytes: they travel beside. bad_input: bytes that
// are no envelope; the payload is looked at only by take().
Bytes encode_envelope(const Envelope& envelope, Time now);
Result<std::unique_ptr<Envelope>> decode_envelope(
    ByteView bytes, Time now, std::vector<Blob> blobs = {});

}  // namespace tramontane
