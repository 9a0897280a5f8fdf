// Sessions over TCP: what a session over a Unix socket does, with the bytes of blobs in chunks.

#include "runtime/link/attachments.h"
#include "runtime/link/frames.h"
#include "runtime/link/tcp_socket.h"
#include "runtime/wire/frame.h"
#include "tests/link/actors.h"
#include "tests/link/processes.h"
#include "tests/link/wiretap.h"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Pair connected_by_tcp(SessionOptions options = {}) {
  return Pair(tcp_pair(), options);
}

Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>((i * 131 + (i >> 16) * 7 + seed) & 255);
  return bytes;
}

bool holds(const Blob& blob, const Bytes& bytes) {
  ByteView view = blob.bytes();
  return view.size() == bytes.size() &&
         (view.empty() || std::memcmp(view.data(), bytes.data(), view.size()) == 0);
}

// What was sent, by size, over a link that takes as much as a test says.
struct Recorder final : Link {
  void start(std::shared_ptr<Receiver>) override {}

  void send(Bytes bytes, const std::vector<int>&) override { sizes.push_back(bytes.size()); }

  std::size_t unsent() const override { return waits; }

  void end(const std::string&) override {}

  std::string peer() const override { return "a recorder"; }

  std::size_t waits = 0;
  std::vector<std::size_t> sizes;
};

// What a peer says that has a chunk of a blob.
Bytes chunk(std::uint64_t size, const Bytes& bytes) {
  Bytes said = chunk_frame(size, bytes);
  said.insert(said.end(), bytes.begin(), bytes.end());
  return said;
}

// A peer of process 1 that says what a test makes it say.
struct Raw {
  explicit Raw(Process& process) {
    auto [here, there] = tcp_pair();
    socket = std::move(there);
    process.connect(9, std::move(here));
    say(hello_frame({.protocol = link_protocol,
        .build = own_build(),
        .own = 9,
        .peer = 1,
        .window = {64, 1 << 20}}));
  }

  void say(const Bytes& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      SentMessage piece = send_message(socket.get(), ByteView(bytes).subspan(sent), {});
      if (piece.error != 0 && !would_block(piece.error)) return;
      sent += piece.bytes;
    }
  }

  Descriptor socket;
};

}  // namespace

TEST_CASE("an actor beyond TCP answers, and calls end with the connection") {
  Pair pair = connected_by_tcp();
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}));
  for (int i = 1; i <= 100; ++i) {
    auto sum = pair.one.system.ask(clerk, Add{1}, 60s);
    REQUIRE(sum);
    CHECK(sum->value == i);
  }
  std::optional<Failure> failure;
  std::atomic<bool> ended = false;
  pair.script("asker", [&](Script&) -> Task<void> {
    auto answer = co_await ask(clerk, Linger{5000}, 60s, "what does not come");
    if (!answer) failure = answer.error();
    ended = true;
  });
  REQUIRE(soon([&] {
    return pair.two.system.status(*pair.two.system.find("clerk"))->last_handler ==
           std::string("Linger");
  }));
  pair.two.remote->disconnect(1, "the cable was pulled");
  REQUIRE(soon([&] { return ended.load(); }));
  REQUIRE(failure);
  CHECK(failure->code == Errc::unknown);
}

TEST_CASE("blobs of any size cross TCP, and can be had as sealed memory on the other side") {
  Pair pair = connected_by_tcp();
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  std::vector<Bytes> contents;
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{7}, chunk_bytes - 1,
           chunk_bytes, chunk_bytes + 1, 3 * chunk_bytes, std::size_t{20 << 20}})
    contents.push_back(pattern(size, static_cast<std::uint8_t>(contents.size())));
  Cargo cargo{"abc", {}};
  for (const Bytes& each : contents) cargo.blobs.push_back(Blob::from_bytes(each));
  for (int round = 0; round < 3; ++round) {
    auto back = pair.one.system.ask(store, cargo, 60s);
    REQUIRE(back);
    CHECK(back->text == "cba");
    REQUIRE(back->blobs.size() == contents.size());
    for (std::size_t i = 0; i < contents.size(); ++i) {
      const Blob& blob = back->blobs[contents.size() - 1 - i];
      CHECK(holds(blob, contents[i]));
      CHECK((::fcntl(blob.descriptor(), F_GETFL) & O_ACCMODE) == O_RDONLY);
    }
  }
}

TEST_CASE("what a source sends behind a blob comes behind it") {
  Pair pair = connected_by_tcp();
  auto diary = std::make_shared<Diary>();
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}, diary));
  Blob large = Blob::from_bytes(pattern(64 << 20, 3));
  std::atomic<bool> whole = false;
  pair.script("sender", [&](Script& self) -> Task<void> {
    Cargo message{"abc", {large}};
    auto cargo = self.call(store, give(message), 60s, "cargo");
    for (int i = 0; i < 50; ++i) co_await send(store, Note{i}, 60s, "room");
    while (!cargo.ready()) co_await sleep(1ms, "cargo");
    CHECK(cargo.take());
    whole = true;
  });
  REQUIRE(soon([&] { return whole.load(); }));
  CHECK(pair.one.system.ask(store, Linger{0}, 60s).value().value == 50);
  for (int i = 0; i < 50; ++i) CHECK(diary->values[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("while chunks wait for room, others' frames pass, and the source's own do not") {
  Recorder link;
  OutgoingAttachments outgoing(link);
  Blob blob = Blob::from_bytes(pattern(3 * chunk_bytes, 5));
  link.waits = 100 << 20;  // the peer takes nothing
  outgoing.send(1, Bytes(11), {blob});
  outgoing.send(1, Bytes(12), {});
  outgoing.send(2, Bytes(13), {});
  CHECK(link.sizes == std::vector<std::size_t>{13});
  outgoing.pump();
  CHECK(link.sizes.size() == 1);
  link.waits = 0;
  outgoing.pump();
  REQUIRE(link.sizes.size() == 6);
  for (std::size_t i = 1; i < 4; ++i) CHECK(link.sizes[i] > chunk_bytes);
  CHECK(link.sizes[4] == 11);
  CHECK(link.sizes[5] == 12);
  outgoing.send(1, Bytes(14), {});
  CHECK(link.sizes.back() == 14);
}

TEST_CASE("a peer that lies about the bytes of blobs is disconnected with a reason") {
  Process one(1);
  one.system.spawn<Clerk>({.name = "here", .id = 600});
  Envelope envelope;
  envelope.target = 600;
  envelope.body = Message(Add{1});
  Bytes ten(10, std::byte{1});

  struct Case {
    std::vector<Bytes> says;
    std::string reason;
  };

  std::vector<Bytes> many;
  for (int i = 0; i < 17; ++i) many.push_back(chunk(10, ten));
  Bytes torn = chunk(20, ten);
  torn.back() = std::byte{2};
  std::vector<Case> cases = {
      {{chunk(20, ten), chunk(21, ten)}, "a chunk of 10 bytes of 21, after 10 of 20"},
      {{chunk(15, ten), chunk(15, ten)}, "a chunk of 10 bytes of 15, after 10 of 15"},
      {{chunk(5, ten)}, "a chunk of 10 bytes of 5, after 0 of 5"},
      {{chunk(5, {})}, "a chunk of 0 bytes of 5, after 0 of 5"},
      {{chunk(std::uint64_t{1} << 60, ten)}, "are the most"},
      {many, "attachments that belong to no message"},
      {{torn}, "a chunk that fails its check"},
      {{chunk(20, ten), envelope_frame(envelope, 1, 1, Time())}, "a frame of 1 blobs came with 0"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(cases[i].reason);
    Raw raw(one);
    for (const Bytes& each : cases[i].says) raw.say(each);
    REQUIRE(soon([&] { return one.ended().size() == i + 1; }));
    CHECK(one.ended()[i].find(cases[i].reason) != std::string::npos);
  }
}

TEST_CASE("an address is read as it is written, and refused by name") {
  for (const char* text : {"127.0.0.1:7777", "[::1]:7777", "head.example:0", "h:65535"})
    CHECK(TcpAddress::parse(text).value().text() == text);
  for (const char* text : {"", ":", "localhost", ":7777", "::1:7777", "h:", "h:65536", "h:-1",
           "h:1x", "h: 1", "[]:1", "a b:1", "[::1:1", "user@h:1"}) {
    auto address = TcpAddress::parse(text);
    REQUIRE(!address);
    CHECK(address.error().text.find("is no HOST:PORT") != std::string::npos);
  }
  CHECK(TcpAddress{"127.3.2.1", 1}.loopback());
  CHECK(TcpAddress{"::1", 1}.loopback());
  CHECK_FALSE(TcpAddress{"0.0.0.0", 1}.loopback());
  CHECK_FALSE(TcpAddress{"10.0.0.1", 1}.loopback());
}

TEST_CASE("a port that is taken, and one where nobody listens, are told") {
  TcpListener listener = listen_tcp({"127.0.0.1", 0});
  CHECK(listener.bound.port != 0);
  CHECK_THROWS_WITH_AS(listen_tcp(listener.bound),
      doctest::Contains("Address already in use (another process has this port"), Error);
  TcpAddress free = listener.bound;
  listener.socket.close();
  auto refused = connect_tcp(free, 2s);
  REQUIRE(!refused);
  CHECK(refused.error().text == str("cannot connect to ", free.text(), ": Connection refused"));
  TcpListener six = listen_tcp({"::1", 0});
  CHECK(connect_tcp(six.bound, 2s));
}
