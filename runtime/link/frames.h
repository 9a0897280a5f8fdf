#pragma once
// The frames of a session (link.capnp) as values: what the two ends say, made into bytes and back.

#include "runtime/actor/mailbox.h"
#include "runtime/base/bytes.h"
#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/envelope.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tramontane {

inline constexpr std::uint32_t link_protocol = 4;

struct Hello {
  std::uint32_t protocol = 0;
  std::string build;
  std::uint32_t own = 0;
  std::uint32_t peer = 0;
  MailboxLimits window;
};

struct CreditReturn {
  ActorId target = 0;
  std::uint32_t messages = 0;
};

struct Bye {
  std::string reason;
};

struct Beat {};

// A call, of that number, whose answer nobody waits for any more.
struct Abandoned {
  ActorId target = 0;
  std::uint64_t call = 0;
};

// Bytes of a blob, which follow behind the frame as they are.
struct Chunk {
  std::uint64_t size = 0;    // of the blob
  std::uint32_t length = 0;  // how many follow
  std::uint64_t check = 0;   // XXH3-64 of those
};

using Frame = std::variant<Hello, std::unique_ptr<Envelope>, std::vector<CreditReturn>, Bye, Beat,
    Abandoned, Chunk>;

// Each is one whole frame, header included. That of an envelope bears `call` instead of its ticket
// and says how many blobs go beside it; it throws what encoding the message throws.
Bytes hello_frame(const Hello& hello);
Bytes envelope_frame(const Envelope& envelope, std::uint64_t call, std::size_t blobs, Time now);
Bytes credit_frame(const std::vector<CreditReturn>& returns);
Bytes bye_frame(const std::string& reason);
Bytes beat_frame();
Bytes abandoned_frame(const Abandoned& call);
Bytes chunk_frame(std::uint64_t size, ByteView bytes);  // behind which they are to follow

// The body of a frame. Its descriptors are taken from the front of `descriptors`. The failure says
// what is wrong with it, for people.
Answer<Frame> read_frame(ByteView body, Time now, std::deque<Descriptor>& descriptors);
// The same where blobs have come by themselves.
Answer<Frame> read_frame(ByteView body, Time now, std::deque<Blob>& blobs);

}  // namespace tramontane
