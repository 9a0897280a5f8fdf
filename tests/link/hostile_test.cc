// Peers that say nonsense, or nothing: their session ends with a reason, the others go on.

#include "runtime/base/socket_message.h"
#include "runtime/link/frames.h"
#include "runtime/wire/frame.h"
#include "tests/link/actors.h"
#include "tests/link/processes.h"

#include <functional>
#include <sys/socket.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// The bare end of a socket, to which process 1 has opened a session as to process 9.
class Stranger {
 public:
  explicit Stranger(Process& process, SessionOptions options = {}) {
    auto [here, there] = socket_pair();
    socket_ = std::move(there);
    process.connect(9, std::move(here), options);
  }

  void say(const Bytes& bytes, const std::vector<int>& descriptors = {}) {
    REQUIRE(send_message(socket_.get(), bytes, descriptors).bytes == bytes.size());
  }

  void greet() { say(hello_frame(hello())); }

  static Hello hello() {
    return {.protocol = link_protocol,
        .build = own_build(),
        .own = 9,
        .peer = 1,
        .window = {64, 1 << 20}};
  }

  void close() { socket_.close(); }

  // The next frame of the process that is none of those seen before.
  Frame hear() {
    for (;;) {
      auto body = reader_.next();
      REQUIRE(body.has_value());
      if (*body) {
        std::deque<Descriptor> none;
        auto frame = read_frame(**body, Time(), none);
        REQUIRE(frame.has_value());
        return std::move(*frame);
      }
      ssize_t read = ::recv(socket_.get(), piece_.data(), piece_.size(), 0);
      REQUIRE(read > 0);
      reader_.feed(ByteView(piece_).first(static_cast<std::size_t>(read)));
    }
  }

  // Skips to the goodbye.
  std::string goodbye() {
    for (;;) {
      Frame frame = hear();
      if (auto* bye = std::get_if<Bye>(&frame)) return bye->reason;
    }
  }

 private:
  Descriptor socket_;
  Bytes piece_ = Bytes(4096);
  FrameReader reader_;
};

Bytes message(ActorId source, ActorId target, std::uint64_t call, std::size_t blobs = 0) {
  Envelope envelope;
  envelope.source = source;
  envelope.target = target;
  envelope.body = Message(Add{1});
  return envelope_frame(envelope, call, blobs, Time());
}

Bytes frame_of(std::string_view body) {
  Bytes frame;
  append_frame(frame, as_bytes(body));
  return frame;
}

}  // namespace

TEST_CASE("who breaks the rules of a session is disconnected with a reason, and nobody else") {
  Pair pair;
  Process& one = pair.one;
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}));
  auto here = one.system.spawn<Clerk>({.name = "here", .id = 600});
  Descriptor memory = shared_memory("not sealed", 10);
  Hello hello = Stranger::hello();
  Bytes damaged = message(0, 600, 1);
  damaged[20] ^= std::byte{1};
  Envelope reply;
  reply.is_reply = true;

  auto greeted = [](auto act) {
    return [act](Stranger& stranger) {
      stranger.greet();
      act(stranger);
    };
  };
  auto says = [](const Bytes& bytes) {
    return [bytes](Stranger& stranger) { stranger.say(bytes); };
  };
  auto with = [&](auto change) {
    Hello changed = hello;
    change(changed);
    return says(hello_frame(changed));
  };

  struct Case {
    std::function<void(Stranger&)> act;
    std::string reason;
  };

  std::vector<Case> cases = {
      {with([](Hello& h) { h.protocol = 7; }), "process 9 speaks protocol 7, this process 4"},
      {with([](Hello& h) { h.build = "0.0"; }),
          str("process 9 is build 0.0, this process ", own_build())},
      {with([](Hello& h) { h.own = 8; }), "process 9 says that it is process 8, and not 9"},
      {with([](Hello& h) { h.peer = 2; }), "process 9 takes this process for 2; it is 1"},
      {says(message(0, 600, 1)), "process 9 spoke before its hello"},
      {says(Bytes(64, std::byte{0})), "process 9 sent no frame"},
      {says(Bytes(64, std::byte{0xFF})), "process 9 sent no frame"},
      {says(frame_of("abcdefgh")), "process 9 sent a frame that is none of link.capnp"},
      {says(frame_of("abc")), "process 9 sent a frame that is none of link.capnp"},
      {greeted(says(hello_frame(hello))), "process 9 said hello twice"},
      {greeted(says(damaged)), "process 9 sent a frame that fails its check"},
      {greeted(says(message(0, 0, 1))), "process 9 sent a message to nobody"},
      {greeted(says(message(601, 600, 1))),
          "process 9 names actor 601 as the source of a message, which does not live there"},
      {greeted(says(message(clerk.id(), 600, 1))),
          str("process 9 names actor ", clerk.id(),
              " as the source of a message, which does not live there")},
      {greeted(says(envelope_frame(reply, 1, 0, Time()))),
          "process 9 answered a call that was never made"},
      {greeted(says(credit_frame({{600, 1}}))),
          "process 9 gave credit back that was not taken, for actor 600"},
      {greeted(says(message(0, 600, 1, 1))), "process 9 sent a frame of 1 blobs came with 0"},
      {greeted([&](Stranger& s) { s.say(message(0, 600, 1, 1), {memory.get()}); }),
          "process 9 sent a blob that is no shared memory sealed against writing and resizing"},
      {greeted([&](Stranger& s) { s.say(message(0, 600, 1), {memory.get()}); }),
          "process 9 sent descriptors that belong to no message"},
      {greeted([](Stranger& s) { s.say(bye_frame("enough")); }), "process 9 said: enough"},
      {[](Stranger& s) { s.close(); }, "the peer closed the connection"},
      {greeted([](Stranger& s) { s.close(); }), "the peer closed the connection"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(cases[i].reason);
    Stranger stranger(one);
    cases[i].act(stranger);
    REQUIRE(soon([&] { return one.ended().size() == i + 1; }));
    std::string reason = one.ended()[i];
    // A socket that is closed while something lies in it unread is reset.
    if (cases[i].reason.find("closed") != std::string::npos &&
        reason.find("reset") != std::string::npos)
      continue;
    CHECK(reason == cases[i].reason);
    CHECK(one.system.ask(clerk, Add{1}, 10s));
  }
  // But for the message that came with too many descriptors, nothing was done.
  CHECK(one.system.ask(here, Add{0}, 10s).value().value == 1);
}

TEST_CASE("who says nothing is disconnected after the time for the handshake") {
  Pair pair;
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}));
  Stranger silent(pair.one, {.handshake = 30ms});
  CHECK(silent.goodbye() == "no hello from process 9 within 0.03 s");
  REQUIRE(soon([&] { return pair.one.ended().size() == 1; }));
  CHECK(pair.one.system.ask(clerk, Add{1}, 10s));
}

TEST_CASE("bytes that come one by one are the same session") {
  Process one(1);
  auto here = one.system.spawn<Clerk>({.name = "here"});
  Stranger slow(one);
  Bytes all = hello_frame(Stranger::hello());
  Bytes call = message(0, here.id(), 5);
  all.insert(all.end(), call.begin(), call.end());
  for (std::byte each : all) slow.say({each});
  CHECK(std::holds_alternative<Hello>(slow.hear()));
  Frame frame = slow.hear();
  auto* reply = std::get_if<std::unique_ptr<Envelope>>(&frame);
  REQUIRE(reply);
  CHECK((*reply)->ticket == 5);
  CHECK((*reply)->is_reply);
  CHECK((*reply)->body.take<Number>().value().value == 1);
}

TEST_CASE("a message for an actor that is not here is answered, and holds no credit") {
  Process one(1);
  Stranger stranger(one, {.window = {.messages = 2, .bytes = 100}});
  stranger.greet();
  CHECK(std::holds_alternative<Hello>(stranger.hear()));
  for (std::uint64_t call = 1; call < 10; ++call) {
    stranger.say(message(0, 123, call));
    Frame frame = stranger.hear();
    auto* reply = std::get_if<std::unique_ptr<Envelope>>(&frame);
    REQUIRE(reply);
    CHECK((*reply)->ticket == call);
    REQUIRE((*reply)->failure);
    CHECK((*reply)->failure->code == Errc::undeliverable);
  }
  stranger.say(message(0, 123, 0));
  Frame frame = stranger.hear();
  REQUIRE(std::holds_alternative<std::vector<CreditReturn>>(frame));
}

TEST_CASE("who sends more than its credit is disconnected") {
  Process one(1);
  auto here = one.system.spawn<Clerk>({.name = "here"});
  Stranger greedy(one, {.window = {.messages = 2, .bytes = 100}});
  greedy.greet();
  Envelope envelope;
  envelope.target = here.id();
  envelope.body = Message(Linger{50});
  for (std::uint64_t call = 1; call <= 3; ++call)
    greedy.say(envelope_frame(envelope, call, 0, Time()));
  CHECK(greedy.goodbye() == "process 9 sent more to here than it has credit for");
}
