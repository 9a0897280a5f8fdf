#pragma once
// A Session is the connection of two processes' Systems over a Link: messages to actors, their
// replies, credit, and the end of all of these when the peer dies.
//
//   auto session = Session::open(system, std::move(link), {.own = 3, .peer = 5, …}, events);
//
// Actors never see one: they hold ActorRefs, whose routes (remote_actors.h) use it.
//
// - Handshake first: both say protocol, build, process number. Who differs, says nonsense, or says
//   nothing for `handshake` is disconnected with a reason that names both values.
// - Order: messages of one source to one target arrive in the order of sending, as do replies.
// - Credit: for each target actor at most `window` messages and bytes are on their way or wait in
//   its mailbox on behalf of this session. More wait at the sender, where a caller's deadline takes
//   them back (not delivered). An ask holds its credit until it is answered, a one-way message
//   until the mailbox has it. A message larger than the whole window goes alone.
// - Calls: numbered per session, in a table that dies with it; late replies find nobody.
// - The end: calls that were sent get Errc::unknown, naming the peer; what waited for credit stays
//   with its route. A message that cannot be encoded is its sender's failure.
// - A peer may name as source only actors that are known to live in it.
// - Frames of nonsense, for actors that are not here, credit that was never taken: each is either
//   answered as a failure of that call, or ends the session with a reason. Nothing throws, nothing
//   harms other sessions.
//
// Thread rule: any thread, except that `events` are called by the link's (`credit` by any).

#include "runtime/actor/mailbox.h"
#include "runtime/base/clock.h"
#include "runtime/link/link.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/frame.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tramontane {

class System;

// Numbers the processes of a job, each start anew; 0 is the process that the user started.
using ProcessId = std::uint32_t;

// Numbers the actors of a graph that live in workers, whichever process that is just now.
constexpr ProcessId graph_numbers = 0xfffffffe;

// A process numbers the actors that it starts on its own account from here on; nobody else does.
constexpr ActorId first_id_of(ProcessId process) {
  return (static_cast<ActorId>(process) << 32) + 1;
}

// The process that numbered it so, or graph_numbers.
constexpr ProcessId numbered_by(ActorId actor) {
  return static_cast<ProcessId>(actor >> 32);
}

// What both ends of a session must be: the runtime's version. Processes of one job run one program.
std::string own_build();

struct SessionOptions {
  ProcessId own = 0;
  ProcessId peer = 0;
  std::string peer_name;  // for people: "ledger, pid 4711"
  Duration handshake = std::chrono::seconds(20);
  Duration beat{};  // how often this end says that it is alive, whatever its actors do; 0: never
  MailboxLimits window{.messages = 64, .bytes = 8 << 20};  // for each actor here
  std::size_t frame = frame_limit;                         // the largest, both ways
  std::string build = own_build();
};

class Session final : public Link::Receiver, public std::enable_shared_from_this<Session> {
 public:
  struct Events {
    // The handshake is done: messages may be sent.
    std::function<void(const std::shared_ptr<Session>&)> ready;
    // Once, and last: why it ended, or why there was no handshake.
    std::function<void(const std::shared_ptr<Session>&, const std::string& reason)> ended;
    // Whether this actor lives in the peer, so that it may be named as a source.
    std::function<bool(ActorId source)> lives_there;
    // Credit for `target` has come back after send() found none.
    std::function<void(ActorId target)> credit;
  };

  // The system outlives the session. The link is started; nothing may be sent before `ready`.
  static std::shared_ptr<Session> open(
      System& system, std::unique_ptr<Link> link, SessionOptions options, Events events);
  class State;
  explicit Session(std::unique_ptr<State> state);  // open() makes one
  ~Session() override;

  const SessionOptions& options() const;

  // Takes the envelope and sends it, at `now`, unless there is no credit for its target or the
  // session is not ready, or has ended: then it stays the caller's. `refused`: it cannot be sent at
  // all; it stays the caller's too, and its failure says why. One that announces itself does when
  // it is sent.
  enum class Sent : std::uint8_t { sent, no_credit, ended, refused };
  Sent send(std::unique_ptr<Envelope>& envelope, Time now);

  // Says that nobody waits for the answer to that call any more, if it was sent and is open.
  void abandon(const Inbox& sender, Ticket ticket);

  // How long nothing has come from the peer, of any kind.
  Duration silence() const;

  // Says so to the peer, and ends.
  void end(const std::string& reason);

  // Link::Receiver.
  std::span<std::byte> room() override;
  void received(ByteView piece, std::vector<Descriptor> descriptors) override;
  void drained() override;
  void ended(const std::string& reason) override;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
