#pragma once
// Attachments are the bytes of blobs (runtime/wire/blob.h) over a link that carries no descriptors:
// in chunks before the frame that they belong to, so that what else a session says is not kept
// waiting behind them.
//
//   OutgoingAttachments outgoing(*link);
//   outgoing.send(source, frame, blobs);           // the chunks, then the frame
//   outgoing.pump();                               // again whenever the link has drained
//
//   IncomingAttachments incoming(limits);
//   incoming.add(size, bytes);                     // each chunk: into new shared memory
//   incoming.take()                                // the oldest that is whole, as a descriptor
//
// Whatever a source sends behind something that has attachments waits for those: order per pair of
// actors. One frame's attachments go at a time. Nothing of an attachment is kept here beside the
// blob that it is of.
//
// Thread rule: OutgoingAttachments any; IncomingAttachments the link's.

#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/link/link.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/envelope.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace tramontane {

inline constexpr std::size_t chunk_bytes = 128 << 10;

class OutgoingAttachments {
 public:
  explicit OutgoingAttachments(Link& link) : link_(link) {}

  // The frame of an envelope from that actor. Never blocks.
  void send(ActorId source, Bytes frame, std::vector<Blob> blobs);
  // As much as the link takes without its queue becoming long.
  void pump();
  // What waits will not be sent.
  void clear();

 private:
  struct Waiting {
    ActorId source = 0;
    Bytes frame;
    std::deque<Blob> blobs;  // not sent yet, or not whole
    std::size_t sent = 0;    // of the first
  };

  void pump_locked();

  Link& link_;
  std::mutex mutex_;  // guards the rest
  std::deque<Waiting> waiting_;
};

class IncomingAttachments {
 public:
  struct Limits {
    std::uint64_t bytes = std::uint64_t{1} << 38;  // of one
    std::size_t count = Link::descriptors_most;    // whole ones that nobody has taken
  };

  explicit IncomingAttachments(Limits limits) : limits_(limits) {}

  // A chunk of an attachment of `size` bytes, or all of it. The failure says what is wrong, for
  // people: a peer that lies about sizes, memory that this machine has not.
  Answer<void> add(std::uint64_t size, ByteView bytes);

  // Those that are whole, in order.
  std::deque<Descriptor>& whole() { return whole_; }

 private:
  const Limits limits_;
  Descriptor memory_;  // of the one that is not whole yet
  std::uint64_t size_ = 0;
  std::uint64_t had_ = 0;
  std::deque<Descriptor> whole_;
};

}  // namespace tramontane
