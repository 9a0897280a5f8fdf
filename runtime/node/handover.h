#pragma once
// A Handover is how a worker is given sockets that lead to other processes: each comes with an
// introduction (messages.h), and the key of what passes there, if that is encrypted. So no process
// listens anywhere, nothing lies in the file system, and a process reaches those alone that it was
// introduced to.
//
//   auto [ours, theirs] = handover_pair();              // `theirs` goes to the worker
//   Handover handover(std::move(ours));
//   handover.give(encode_introduction(…), std::move(socket));
//   …
//   auto given = handover.take(100ms);                  // in the worker
//
// Thread rule: one thread at a time on each side.

#include "runtime/base/bytes.h"
#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"
#include "runtime/link/link_socket.h"

#include <deque>
#include <optional>
#include <utility>

namespace tramontane {

// Sockets that keep messages apart, close-on-exec. Error(io).
std::pair<Descriptor, Descriptor> handover_pair();

class Handover {
 public:
  struct Given {
    Bytes introduction;
    LinkSocket socket;
  };

  explicit Handover(Descriptor socket) : socket_(std::move(socket)) {}

  // Never blocks: what the other side has no room for waits here until the next give() or flush().
  // Lost if the other side is gone.
  void give(ByteView introduction, LinkSocket socket);
  void flush();

  enum class Taken : std::uint8_t { something, nothing, peer_gone };
  // Waits at most `timeout`. Descriptors that came without being asked for are closed.
  Taken take(Duration timeout, Given& given);
  // From any thread: nothing more is taken, and who waits in take() learns so at once, as if the
  // peer were gone.
  void stop_taking();

 private:
  struct Waiting {
    Bytes message;  // the key, and behind it the introduction
    Descriptor socket;
  };

  // False if it must be tried again.
  bool send(const Waiting& waiting);

  Descriptor socket_;
  std::deque<Waiting> waiting_;
};

}  // namespace tramontane
