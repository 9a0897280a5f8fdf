#pragma once
// What a Session is made of; for its own sources.
//
// Thread rule: what the mutex does not guard is either constant or the link's thread's.

#include "runtime/link/attachments.h"
#include "runtime/link/calls.h"
#include "runtime/link/credit.h"
#include "runtime/link/frames.h"
#include "runtime/link/session.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tramontane {

class Session::State {
 public:
  State(System& s, std::unique_ptr<Link> l, SessionOptions o, Events e)
      : system(s),
        options(std::move(o)),
        events(std::move(e)),
        link(std::move(l)),
        outgoing(*link),
        reader(options.frame),
        incoming({}) {}

  // What may happen, in this order.
  enum class Phase : std::uint8_t { greeting, ready, ending, ended };

  System& system;
  const SessionOptions options;
  const Events events;
  const std::unique_ptr<Link> link;
  std::weak_ptr<Session> self;
  std::shared_ptr<Inbox> answers;  // where the actors here answer the peer's messages

  OutgoingAttachments outgoing;

  // The link's thread.
  FrameReader reader;
  std::deque<Descriptor> descriptors;  // that no frame has taken yet
  IncomingAttachments incoming;        // the same, where the link carries none

  std::atomic<Time> heard{Time()};  // when the peer sent the last piece

  // Under the mutex it changes, and does not. Without it, it may only be looked at.
  std::atomic<Phase> phase{Phase::greeting};
  // While a piece is being taken, `returns` wait for its end. Who adds one sets the second flag and
  // then looks at the first, whose owner does so the other way round: one of them sees the other.
  std::atomic<bool> receiving{false};
  std::atomic<bool> returns_wait{false};

  std::mutex mutex;  // guards the rest
  TimerId greeting_over;
  TimerId next_beat;
  Credit credit;
  Calls calls;
  std::unordered_map<ActorId, std::uint32_t> held;   // messages of the peer that hold credit here
  std::vector<CreditReturn> returns;                 // to be sent
  std::set<std::pair<ActorId, Errc>> lost_reported;  // one-way messages that nobody took

  // Sending.
  void beat();
  Answer<Bytes> encode(
      const Envelope& envelope, std::uint64_t call, Time now, std::vector<Blob>& blobs) const;
  // Frame and blobs of an envelope from that actor.
  void transmit(ActorId source, Bytes frame, std::vector<Blob> blobs);
  Sent take_back(std::unique_ptr<Envelope>& envelope, std::uint64_t call, Failure why);

  // Receiving. False if the session is over.
  bool take_frame(ByteView body, Time now);
  bool take(Hello hello);
  bool take(std::unique_ptr<Envelope> envelope);
  bool take(const std::vector<CreditReturn>& returned);
  bool take(const Bye& bye);

  bool take(const Abandoned& call);

  bool take(const Chunk& chunk);
  bool take_bytes(ByteView bytes);  // of the chunk
  template <class Take>
  bool take_attached(Take take);

  bool take(const Beat&) { return true; }  // that it came is all it says

  bool take_request(std::unique_ptr<Envelope> envelope);
  bool take_reply(std::unique_ptr<Envelope> envelope);
  bool hold(ActorId target);
  void release(ActorId target);  // under the mutex

  // What became of a message of the peer.
  void answer(std::unique_ptr<Envelope> envelope);
  void send_reply(Envelope& reply);
  void give_back(ActorId target);
  void report_lost(const Envelope& envelope);
  void send_returns();

  // Says so to the peer, and ends. False, so that who receives can return it.
  bool end(const std::string& reason);
};

}  // namespace tramontane
