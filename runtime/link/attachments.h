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
//   incoming.begin(chunk);                         // what each chunk says of itself,
//   incoming.add(bytes);                           // and its bytes, best of all in its room()
//   incoming.whole()                               // those that are
//
// Whatever a source sends behind something that has attachments waits for those: order per pair of
// actors. One frame's attachments go at a time. Nothing of an attachment is kept here beside the
// blob that it is of, nor copied within this process on its way between blob and socket.
//
// Thread rule: OutgoingAttachments any; IncomingAttachments the link's.

#include "runtime/base/bytes.h"
#include "runtime/base/result.h"
#include "runtime/link/frames.h"
#include "runtime/link/link.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/hash.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace tramontane {

inline constexpr std::size_t chunk_bytes = 512 << 10;

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

  // A chunk of an attachment, or all of it, begins. The failure says what is wrong, for people: a
  // peer that lies about sizes, memory that this machine has not.
  Answer<void> begin(const Chunk& chunk);

  // Of the chunk, bytes that have not come yet.
  std::size_t missing() const { return missing_; }

  // Where they are to lie.
  std::span<std::byte> room() const;

  // The next of them, no more than are missing; not copied if they lie in room() already. It fails
  // as begin() does, or when bytes are not what the chunk said.
  Answer<void> add(ByteView bytes);

  // Those that are whole, in order.
  std::deque<Blob>& whole() { return whole_; }

 private:
  Answer<void> finish_chunk();

  const Limits limits_;
  std::optional<BlobMemory> memory_;  // of the one that is not whole yet
  std::uint64_t size_ = 0;
  std::uint64_t had_ = 0;
  std::size_t missing_ = 0;
  std::uint64_t check_ = 0;
  RunningHash hash_;  // of what has come of the chunk
  std::deque<Blob> whole_;
};

}  // namespace tramontane
