// A session's life, and what it sends. What it receives: session_receive.cc.

#include "runtime/link/session.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/link/session_state.h"

#include <exception>
#include <utility>

namespace tramontane {
namespace {

// Replies and notices of the actors here to what the peer sent them. They come on the actors'
// threads, and go on the wire at once.
class Answers final : public Inbox {
 public:
  using Take = std::function<void(std::unique_ptr<Envelope>)>;

  explicit Answers(Take take) : take_(std::move(take)) {}

  void push(std::unique_ptr<Item> item) override {
    take_(std::unique_ptr<Envelope>(static_cast<Envelope*>(item.release())));
  }

 private:
  const Take take_;
};

}  // namespace

std::string own_build() {
  return TRAM_VERSION;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() = default;

const SessionOptions& Session::options() const {
  return state_->options;
}

std::shared_ptr<Session> Session::open(
    System& system, std::unique_ptr<Link> link, SessionOptions options, Events events) {
  auto session = std::make_shared<Session>(
      std::make_unique<State>(system, std::move(link), std::move(options), std::move(events)));
  State& s = *session->state_;
  std::weak_ptr<Session> weak = session;
  s.self = weak;
  s.answers = std::make_shared<Answers>([weak](std::unique_ptr<Envelope> envelope) {
    if (auto alive = weak.lock()) alive->state_->answer(std::move(envelope));
  });
  const SessionOptions& o = s.options;
  {
    std::lock_guard lock(s.mutex);
    s.greeting_over = system.clock().call_at(after(system.clock().now(), o.handshake), [weak] {
      auto alive = weak.lock();
      if (alive == nullptr) return;
      State& late = *alive->state_;
      double seconds = std::chrono::duration<double>(late.options.handshake).count();
      late.end(str("no hello from ", late.options.peer_name, " within ", seconds, " s"));
    });
  }
  s.heard = system.clock().now();
  s.link->start(session);
  s.link->send(hello_frame({.protocol = link_protocol,
                   .build = o.build,
                   .own = o.own,
                   .peer = o.peer,
                   .window = o.window}),
      {});
  if (o.beat > Duration::zero()) s.beat();
  return session;
}

// From the clock's thread, so that nothing that an actor does keeps it back.
void Session::State::beat() {
  bool speaks = false;
  {
    std::lock_guard lock(mutex);
    if (phase >= Phase::ending) return;
    speaks = phase == Phase::ready;
    next_beat = system.clock().call_at(after(system.clock().now(), options.beat), [weak = self] {
      if (auto alive = weak.lock()) alive->state_->beat();
    });
  }
  if (speaks) link->send(beat_frame(), {});
}

void Session::abandon(const Inbox& sender, Ticket ticket) {
  State& s = *state_;
  std::optional<Abandoned> call;
  {
    std::lock_guard lock(s.mutex);
    if (s.phase != State::Phase::ready) return;
    call = s.calls.find(sender, ticket);
  }
  if (call) s.link->send(abandoned_frame(*call), {});
}

Duration Session::silence() const {
  return state_->system.clock().now() - state_->heard.load(std::memory_order_relaxed);
}

Session::Sent Session::send(std::unique_ptr<Envelope>& envelope, Time now) {
  State& s = *state_;
  bool asks = envelope->wants_reply() && !envelope->announces;
  std::size_t bytes = envelope->body.bytes();
  std::uint64_t call = 0;
  {
    std::lock_guard lock(s.mutex);
    if (s.phase == State::Phase::greeting) return Sent::no_credit;
    if (s.phase != State::Phase::ready) return Sent::ended;
    if (!s.credit.take(envelope->target, bytes, asks ? Credit::call : Credit::one_way))
      return Sent::no_credit;
    if (asks) {
      call = s.calls.add({.reply_to = envelope->reply_to,
          .ticket = envelope->ticket,
          .target = envelope->target,
          .bytes = bytes,
          .what = envelope->body.name()});
    }
  }
  envelope->size = bytes;
  std::vector<Blob> blobs;
  Answer<Bytes> frame = s.encode(*envelope, call, now, blobs);
  if (!frame) return s.take_back(envelope, call, std::move(frame.error()));
  s.transmit(envelope->source, std::move(*frame), std::move(blobs));
  std::unique_ptr<Envelope> sent = std::move(envelope);
  if (sent->announces) {
    auto notice = std::make_unique<Envelope>();
    notice->ticket = sent->ticket;
    notice->kind = Item::Kind::wake;
    sent->reply_to->push(std::move(notice));
  }
  return Sent::sent;
}

// The frame of an envelope, and the blobs that must live until it is sent. A failure is its
// sender's: a codec may throw whatever it likes.
Answer<Bytes> Session::State::encode(
    const Envelope& envelope, std::uint64_t call, Time now, std::vector<Blob>& blobs) const {
  try {
    if (!envelope.failure) blobs = envelope.body.blobs();
    if (blobs.size() > Link::descriptors_most)
      return Failure{Errc::refused,
          str(envelope.body.name(), " has ", blobs.size(),
              " blobs; a message between processes has at most ", Link::descriptors_most)};
    for (const Blob& blob : blobs) {
      if (!blob)
        return Failure{Errc::refused, str(envelope.body.name(), " has a blob that is none")};
      // Made here, where it may still fail.
      static_cast<void>(link->carries_descriptors() ? blob.descriptor() : blob.bytes().size());
    }
    Bytes frame = envelope_frame(envelope, call, blobs.size(), now);
    if (frame.size() - frame_header_bytes <= options.frame) return frame;
    return Failure{Errc::refused,
        str(envelope.body.name(), " takes ", frame.size(), " bytes on its way to ",
            options.peer_name, "; ", options.frame, " are the most between processes")};
  } catch (const Error& error) {
    return Failure{error.errc(), error.text()};
  } catch (const std::exception& error) {
    return Failure{Errc::failed, str(envelope.body.name(), " cannot be encoded: ", error.what())};
  }
}

void Session::State::transmit(ActorId source, Bytes frame, std::vector<Blob> blobs) {
  if (!link->carries_descriptors())
    return outgoing.send(source, std::move(frame), std::move(blobs));
  std::vector<int> beside;
  for (const Blob& blob : blobs) beside.push_back(blob.descriptor());
  link->send(std::move(frame), beside);
}

// Credit that comes free is not announced: whoever sends knows that this one was refused.
Session::Sent Session::State::take_back(
    std::unique_ptr<Envelope>& envelope, std::uint64_t call, Failure why) {
  std::lock_guard lock(mutex);
  if (phase != Phase::ready) {
    // Whoever waits for the answer to a call has it, or gets it with the end.
    if (call != 0) envelope.reset();
    return call != 0 ? Sent::sent : Sent::ended;
  }
  if (call == 0) {
    credit.take_back_one_way(envelope->target, envelope->size);
  } else if (calls.take(call)) {
    credit.give_back(envelope->target, envelope->size);
  }
  envelope->failure = std::move(why);
  return Sent::refused;
}

void Session::end(const std::string& reason) {
  state_->end(reason);
}

bool Session::State::end(const std::string& reason) {
  {
    std::lock_guard lock(mutex);
    if (phase >= Phase::ending) return false;
    phase = Phase::ending;
  }
  link->send(bye_frame(reason), {});
  link->end(reason);
  return false;
}

void Session::drained() {
  if (!state_->link->carries_descriptors()) state_->outgoing.pump();
}

void Session::ended(const std::string& reason) {
  State& s = *state_;
  std::vector<Call> open;
  TimerId timer;
  TimerId beat;
  {
    std::lock_guard lock(s.mutex);
    s.phase = State::Phase::ended;
    open = s.calls.take_all();
    timer = s.greeting_over;
    beat = s.next_beat;
  }
  s.system.clock().cancel(timer);
  s.system.clock().cancel(beat);
  s.descriptors.clear();
  s.outgoing.clear();
  for (Call& call : open) {
    auto answer = std::make_unique<Envelope>();
    answer->kind = Item::Kind::wake;
    answer->ticket = call.ticket;
    answer->target = call.target;
    answer->is_reply = true;
    answer->sent = s.system.clock().now();
    answer->failure =
        Failure{Errc::unknown, str("the connection to ", s.options.peer_name, " has ended (",
                                   reason, "): whether ", call.what, " was done is unknown")};
    call.reply_to->push(std::move(answer));
  }
  if (s.events.ended) s.events.ended(shared_from_this(), reason);
}

}  // namespace tramontane
