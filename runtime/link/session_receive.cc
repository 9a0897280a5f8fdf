// What a session receives: frames, from them messages for the actors here, their answers, and the
// replies to the calls of the actors here.

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/link/session_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t targets_kept = 1024;  // of those that hold nothing
constexpr std::size_t lost_reported_most = 256;

}  // namespace

// Bytes of blobs come to lie where they stay.
std::span<std::byte> Session::room() {
  return state_->incoming.room();
}

void Session::received(ByteView piece, std::vector<Descriptor> descriptors) {
  State& s = *state_;
  Time now = s.system.clock().now();
  s.heard.store(now, std::memory_order_relaxed);
  if (s.phase >= State::Phase::ending) return;
  s.receiving.store(true, std::memory_order_relaxed);
  std::move(descriptors.begin(), descriptors.end(), std::back_inserter(s.descriptors));
  s.reader.feed(piece);
  for (bool goes_on = true; goes_on;) {
    if (std::size_t missing = s.incoming.missing(); missing > 0) {
      ByteView bytes = s.reader.take(missing);
      if (bytes.empty()) break;
      goes_on = s.take_bytes(bytes);
      continue;
    }
    Result<std::optional<ByteView>> body = s.reader.next();
    if (!body) {
      s.end(str(s.options.peer_name, " sent ",
          body.error() == Errc::corrupt ? "a frame that fails its check" : "no frame"));
      break;
    }
    if (!*body) {
      // Descriptors come no later than the first byte of their frame.
      if (s.reader.buffered() == 0 && !s.descriptors.empty())
        s.end(str(s.options.peer_name, " sent descriptors that belong to no message"));
      break;
    }
    goes_on = s.take_frame(**body, now);
  }
  s.receiving = false;
  if (s.returns_wait) s.send_returns();
}

bool Session::State::take_frame(ByteView body, Time now) {
  bool local = link->carries_descriptors();
  Answer<Frame> frame =
      local ? read_frame(body, now, descriptors) : read_frame(body, now, incoming.whole());
  if (!frame) return end(str(options.peer_name, " sent ", frame.error().text));
  Phase at = phase;
  if (at >= Phase::ending) return false;
  bool early = !std::holds_alternative<Hello>(*frame) && !std::holds_alternative<Bye>(*frame);
  if (at == Phase::greeting && early) return end(str(options.peer_name, " spoke before its hello"));
  return std::visit([this](auto& each) { return take(std::move(each)); }, *frame);
}

// ---- handshake ------------------------------------------------------------------------------

bool Session::State::take(Hello hello) {
  if (hello.protocol != link_protocol)
    return end(str(
        options.peer_name, " speaks protocol ", hello.protocol, ", this process ", link_protocol));
  if (hello.build != options.build)
    return end(str(options.peer_name, " is build ", hello.build, ", this process ", options.build));
  if (hello.own != options.peer)
    return end(
        str(options.peer_name, " says that it is process ", hello.own, ", and not ", options.peer));
  if (hello.peer != options.own)
    return end(
        str(options.peer_name, " takes this process for ", hello.peer, "; it is ", options.own));
  TimerId timer;
  {
    std::lock_guard lock(mutex);
    if (phase == Phase::ending) return false;
    if (phase == Phase::greeting) {
      phase = Phase::ready;
      credit.set_window(hello.window);
      timer = std::exchange(greeting_over, {});
    }
  }
  if (timer.number == 0) return end(str(options.peer_name, " said hello twice"));
  system.clock().cancel(timer);
  if (events.ready) events.ready(self.lock());
  return true;
}

bool Session::State::take(const Bye& bye) {
  {
    std::lock_guard lock(mutex);
    if (phase >= Phase::ending) return false;
    phase = Phase::ending;
  }
  link->end(str(options.peer_name, " said: ", bye.reason));
  return false;
}

// ---- messages -------------------------------------------------------------------------------

bool Session::State::take(std::unique_ptr<Envelope> envelope) {
  return envelope->is_reply ? take_reply(std::move(envelope)) : take_request(std::move(envelope));
}

// False if the peer has more on their way to this actor than it was given credit for.
bool Session::State::hold(ActorId target) {
  std::lock_guard lock(mutex);
  return ++held[target] <= std::max(options.window.messages, 1U);
}

// One that a simulation doubled is answered twice.
void Session::State::release(ActorId target) {
  auto found = held.find(target);
  if (found == held.end() || found->second == 0) return;
  if (--found->second == 0 && held.size() > targets_kept) held.erase(found);
}

bool Session::State::take_request(std::unique_ptr<Envelope> envelope) {
  Envelope& e = *envelope;
  if (e.target == 0) return end(str(options.peer_name, " sent a message to nobody"));
  if (e.source != 0 && !(events.lives_there && events.lives_there(e.source)))
    return end(str(options.peer_name, " names actor ", e.source,
        " as the source of a message, which does not live there"));
  // The answer to a call bears its number, that to a one-way message names whose credit it holds.
  e.announces = e.ticket == 0;
  if (e.announces) e.ticket = e.target;
  std::optional<ActorRef> target = system.find_here(e.target);
  if (target) {
    if (!hold(e.target))
      return end(
          str(options.peer_name, " sent more to ", target->name(), " than it has credit for"));
    e.reply_to = answers;
    if (target->route()->deliver(envelope, true) != Route::Delivery::not_delivered) return true;
  } else {
    e.failure = Failure{Errc::undeliverable,
        str("no actor of id ", e.target, " is in process ", options.own, ": not done")};
  }
  envelope->is_reply = true;
  answer(std::move(envelope));
  return true;
}

bool Session::State::take_reply(std::unique_ptr<Envelope> envelope) {
  std::optional<Call> call;
  bool wanted = false;
  {
    std::lock_guard lock(mutex);
    call = calls.take(envelope->ticket);
    if (call) wanted = credit.give_back(call->target, call->bytes);
    if (!call && calls.known(envelope->ticket)) return true;  // it was answered before
  }
  if (!call) return end(str(options.peer_name, " answered a call that was never made"));
  envelope->kind = Item::Kind::wake;
  envelope->ticket = call->ticket;
  call->reply_to->push(std::move(envelope));
  if (wanted && events.credit) events.credit(call->target);
  return true;
}

bool Session::State::take(const Chunk& chunk) {
  if (link->carries_descriptors())
    return end(str(options.peer_name, " sent a blob in chunks, where descriptors go"));
  return take_attached([&] { return incoming.begin(chunk); });
}

bool Session::State::take_bytes(ByteView bytes) {
  return take_attached([&] { return incoming.add(bytes); });
}

template <class Take>
bool Session::State::take_attached(Take take) {
  try {
    Answer<void> taken = take();
    return taken ? true : end(str(options.peer_name, " sent ", taken.error().text));
  } catch (const Error& error) {
    return end(str("a blob of ", options.peer_name, ": ", error.text()));
  }
}

// It may have been answered meanwhile.
bool Session::State::take(const Abandoned& call) {
  if (auto target = system.find_here(call.target)) target->route()->abandon(*answers, call.call);
  return true;
}

bool Session::State::take(const std::vector<CreditReturn>& returned) {
  for (const CreditReturn& each : returned) {
    std::optional<bool> wanted;
    {
      std::lock_guard lock(mutex);
      wanted = credit.give_back_one_way(each.target, each.messages);
    }
    if (!wanted)
      return end(
          str(options.peer_name, " gave credit back that was not taken, for actor ", each.target));
    if (*wanted && events.credit) events.credit(each.target);
  }
  return true;
}

// ---- answers --------------------------------------------------------------------------------

// An announcement is no reply: the mailbox has taken a one-way message.
void Session::State::answer(std::unique_ptr<Envelope> envelope) {
  bool one_way = !envelope->is_reply || envelope->announces;
  ActorId target = one_way ? envelope->ticket : envelope->target;
  {
    std::lock_guard lock(mutex);
    if (phase >= Phase::ending) return;
    release(target);
  }
  if (!one_way) return send_reply(*envelope);
  if (envelope->failure) report_lost(*envelope);
  give_back(target);
}

// That an actor here has ended says nothing of its next life, which may be in another process: who
// starts it says when there is none (RemoteActors::gone()).
void Session::State::send_reply(Envelope& reply) {
  if (reply.unread && reply.failure->code == Errc::closed)
    reply.failure->code = Errc::undeliverable;
  std::vector<Blob> blobs;
  Answer<Bytes> frame = encode(reply, reply.ticket, Time(), blobs);
  if (!frame) {
    blobs.clear();
    reply.failure = std::move(frame.error());
    frame = encode(reply, reply.ticket, Time(), blobs);
  }
  if (frame) return transmit(reply.target, std::move(*frame), std::move(blobs));
  end(str("a failure cannot be encoded: ", frame.error().text));
}

void Session::State::give_back(ActorId target) {
  {
    std::lock_guard lock(mutex);
    if (!returns.empty() && returns.back().target == target) {
      returns.back().messages += 1;
    } else {
      returns.push_back({target, 1});
    }
  }
  returns_wait = true;
  if (!receiving) send_returns();
}

// What came in one piece is given back in one frame.
void Session::State::send_returns() {
  std::vector<CreditReturn> now;
  {
    std::lock_guard lock(mutex);
    returns_wait = false;
    now.swap(returns);
    if (phase != Phase::ready) return;
  }
  if (!now.empty()) link->send(credit_frame(now), {});
}

// Its sender was told that it was sent, and hears no more of it.
void Session::State::report_lost(const Envelope& envelope) {
  {
    std::lock_guard lock(mutex);
    if (lost_reported.size() >= lost_reported_most) return;
    if (!lost_reported.emplace(envelope.target, envelope.failure->code).second) return;
  }
  system.log().write(Level::warning, options.peer_name, "a one-way message was lost",
      {{"target", static_cast<std::int64_t>(envelope.target)}, {"reason", envelope.failure->text}});
}

}  // namespace tramontane
