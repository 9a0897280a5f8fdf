// Hostile bytes into a session, before its handshake and after. The first byte decides whether the
// handshake is done, how the stream is cut into pieces, and whether the rest is frames already or
// the bodies of some; a body begins with its length. Whatever comes, the session stays or ends with
// a reason, what it sends are frames, and the actor beside it goes on.
#include "runtime/actor/sim_system.h"
#include "runtime/base/check.h"
#include "runtime/link/frames.h"
#include "runtime/link/session.h"
#include "runtime/wire/frame.h"
#include "tests/runtime/actors.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace tramontane;

namespace {

// What the session says is only looked at.
struct Heard {
  FrameReader reader;
  std::optional<std::string> ended;
};

class Wire final : public Link {
 public:
  explicit Wire(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}

  void start(std::shared_ptr<Receiver>) override {}

  void send(Bytes bytes, const std::vector<int>&) override {
    if (heard_->ended) return;
    heard_->reader.feed(bytes);
    std::deque<Descriptor> none;
    for (;;) {
      auto body = heard_->reader.next();
      TRAM_CHECK(body.has_value(), "what a session sends are no frames");
      if (!*body) return;
      TRAM_CHECK(read_frame(**body, Time(), none).has_value(), "a frame that cannot be read");
    }
  }

  std::size_t unsent() const override { return 0; }

  void end(const std::string& reason) override {
    if (!heard_->ended) heard_->ended = reason;
  }

  std::string peer() const override { return "a fuzzer"; }

 private:
  const std::shared_ptr<Heard> heard_;
};

Bytes stream_of(ByteView rest, bool framed) {
  if (framed) return Bytes(rest.begin(), rest.end());
  Bytes stream;
  while (rest.size() > 1) {
    // In words, as bodies are; the rounding leaves some that are not.
    std::size_t size = std::min(std::to_integer<std::size_t>(rest[0]) * 8, rest.size() - 1);
    rest = rest.subspan(1);
    if (size == 0) continue;
    append_frame(stream, rest.first(size));
    rest = rest.subspan(size);
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bool greeted = (data[0] & 1) != 0;
  bool framed = (data[0] & 2) != 0;
  std::size_t piece = (data[0] >> 2) == 0 ? size + 64 : data[0] >> 2;
  SimSystem sim({.seed = 1});
  ActorRef clerk =
      sim.system().spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 2}, .id = 1});
  sim.run_for(std::chrono::milliseconds(1));
  auto heard = std::make_shared<Heard>();
  int ended = 0;
  Session::Events events;
  events.ended = [&](const std::shared_ptr<Session>&, const std::string&) { ++ended; };
  events.lives_there = [](ActorId source) { return source == 2; };
  auto session = Session::open(sim.system(), std::make_unique<Wire>(heard),
      {.own = 1, .peer = 2, .peer_name = "a fuzzer", .window = {4, 1000}, .frame = 1 << 16},
      events);
  if (greeted) session->received(hello_frame({link_protocol, own_build(), 2, 1, {4, 1000}}), {});
  Bytes stream = stream_of(std::as_bytes(std::span(data + 1, size - 1)), framed);
  for (std::size_t at = 0; at < stream.size() && !heard->ended; at += piece) {
    session->received(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)), {});
    sim.run_for(std::chrono::microseconds(1));
  }
  session->ended(heard->ended.value_or("the input is over"));
  TRAM_CHECK(ended == 1, "a session ends once", ended);
  session.reset();
  if (sim.system().status(clerk)->state != ActorState::dead) {
    auto answer = sim.system().ask(clerk, Decline{}, std::chrono::hours(1000));
    TRAM_CHECK(answer.has_error(), "the clerk declines");
  }
  return 0;
}
