#pragma once
// A Link carries bytes, and descriptors beside them, between two processes, in order. It knows
// nothing of what they mean: the Session does (session.h), which in turn does not know what kind of
// link it is on.
//
//   socket_link.h   a connected socket, Unix-domain or TCP
//   memory_link.h   two ends in one simulation, with faults
//
// Thread rule: send(), end() and unsent() from any thread; the Receiver is called by one thread at
// a time, never from inside send().

#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/socket_message.h"
#include "runtime/wire/blob.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class Link {
 public:
  class Receiver {
   public:
    virtual ~Receiver() = default;

    // Where what comes next is to lie, so many bytes at most, if that is known: then received() is
    // told of it there. Called before each piece, by the thread that will have it.
    virtual std::span<std::byte> room() { return {}; }

    // A piece of any size. Descriptors come no later than the first byte of the send() that they
    // went with, in order.
    virtual void received(ByteView piece, std::vector<Descriptor> descriptors) = 0;

    // All that waited to be sent is sent. Perhaps by another thread than the others, at any time.
    virtual void drained() {}

    // Once, and last: the peer is gone, or end() was called. `reason` is for people.
    virtual void ended(const std::string& reason) = 0;
  };

  Link() = default;
  virtual ~Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Once, before anything else. The link keeps the receiver until ended() was called.
  virtual void start(std::shared_ptr<Receiver> receiver) = 0;

  // Of one send(): no more.
  static constexpr std::size_t descriptors_most = message_descriptors_most;

  // Whether descriptors can go beside what is sent: not beyond this host.
  virtual bool carries_descriptors() const { return true; }

  // Never blocks: what the peer does not take yet waits here, without bound (the session's credit
  // bounds it). Lost if the link has ended. The descriptors stay the caller's, until this returns.
  virtual void send(Bytes bytes, const std::vector<int>& descriptors) = 0;

  // The same of bytes and a part of the blob behind them, which is not copied where that can be
  // helped.
  virtual void send_part(Bytes bytes, const Blob&, ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    send(std::move(bytes), {});
  }

  // Bytes that wait here.
  virtual std::size_t unsent() const = 0;

  // Sends nothing more and ends.
  virtual void end(const std::string& reason) = 0;

  // For people: "pid 4711".
  virtual std::string peer() const = 0;
};

}  // namespace tramontane
