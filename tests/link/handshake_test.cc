// Who is let in over TCP, and what becomes of everybody else.

#include "runtime/link/handshake.h"

#include "runtime/base/check.h"
#include "runtime/link/dial.h"
#include "tests/link/door.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Gives what `from` says to `to`, in pieces of that size, changed on its way.
using Change = std::function<void(Bytes&)>;

void carry(Handshake& from, Handshake& to, std::size_t piece, const Change& change = {}) {
  Bytes bytes = from.take_output();
  if (change) change(bytes);
  for (std::size_t at = 0; at < bytes.size() && to.wants() > 0;) {
    std::size_t size = std::min({piece, to.wants(), bytes.size() - at});
    to.feed(ByteView(bytes).subspan(at, size));
    at += size;
  }
}

void converse(Handshake& one, Handshake& other, std::size_t piece = 4096) {
  for (int i = 0; i < 3; ++i) {
    carry(one, other, piece);
    carry(other, one, piece);
  }
}

}  // namespace

TEST_CASE("two who have the token know each other afterwards, however their bytes are cut") {
  for (std::size_t piece : {1, 3, 8, 4096}) {
    Handshake one(Handshake::Side::connected, token_like(1), client());
    Handshake other(Handshake::Side::accepted, token_like(1), head());
    converse(one, other, piece);
    REQUIRE(one.done());
    REQUIRE(other.done());
    CHECK(one.peer().role == "head");
    CHECK(one.peer().address == "h:1");
    CHECK(other.peer().name == "cli");
    CHECK(other.peer().process == 7);
    CHECK(other.peer().actor == 70);
    CHECK(other.peer().purpose.size() == 5);
    CHECK(one.wants() == 0);
    CHECK(other.wants() == 0);
  }
}

TEST_CASE("another token, build or protocol is refused, and both sides learn why") {
  Handshake one(Handshake::Side::connected, token_like(1), client());
  Handshake other(Handshake::Side::accepted, token_like(2), head());
  converse(one, other);
  CHECK(other.failed());
  CHECK(one.why() == str("the peer refuses: one side has the token of cluster ",
                         cluster_of(token_like(1)), ", the other that of ",
                         cluster_of(token_like(2))));
  Greeting older = client();
  older.build = "0.0";
  Handshake old(Handshake::Side::connected, token_like(1), older);
  Handshake young(Handshake::Side::accepted, token_like(1), head());
  converse(old, young);
  CHECK(young.why() == str("one side is build 0.0, the other ", own_build()));
  CHECK(old.failed());
}

TEST_CASE("a byte that is changed on its way fails the handshake, or means nothing") {
  int passed = 0;  // padding of the encoding
  std::size_t most = 0;
  for (int step = 0; step < 3; ++step) {
    for (std::size_t at = 0; at < (step == 0 ? 400U : most); ++at) {
      Handshake one(Handshake::Side::connected, token_like(1), client());
      Handshake other(Handshake::Side::accepted, token_like(1), head());
      bool changed = false;
      auto flip = [&](int now) -> Change {
        return [&, now](Bytes& bytes) {
          most = std::max(most, bytes.size());
          if (now != step || at >= bytes.size()) return;
          bytes[at] ^= std::byte{1};
          // With a check that fits, as somebody on the way would make it.
          if (at >= 16) {
            bool first = now == 0;
            Bytes frame(bytes.begin() + (first ? 8 : 0), bytes.end());
            seal_frame(frame);
            std::copy(frame.begin(), frame.end(), bytes.begin() + (first ? 8 : 0));
          }
          changed = true;
        };
      };
      carry(one, other, 4096, flip(0));
      carry(other, one, 4096, flip(1));
      carry(one, other, 4096, flip(2));
      carry(other, one, 4096);
      if (!changed) continue;
      INFO("step ", step, ", byte ", at);
      if (!one.done() || !other.done()) continue;
      ++passed;
      CHECK(other.peer().name == "cli");
      CHECK(other.peer().purpose == client().purpose);
      CHECK(one.peer().address == "h:1");
    }
  }
  CHECK(passed < 64);
}

TEST_CASE("what was said in one handshake is worth nothing in another") {
  Handshake one(Handshake::Side::connected, token_like(1), client());
  Handshake other(Handshake::Side::accepted, token_like(1), head());
  Bytes said = one.take_output();
  other.feed(ByteView(said).first(8));
  other.feed(ByteView(said).subspan(8, 8));
  other.feed(ByteView(said).subspan(16));
  Bytes answer = other.take_output();
  one.feed(ByteView(answer).first(8));
  one.feed(ByteView(answer).subspan(8));
  Bytes proof = one.take_output();
  // The same words to another server: its nonce is another.
  Handshake again(Handshake::Side::accepted, token_like(1), head());
  again.feed(ByteView(said).first(8));
  again.feed(ByteView(said).subspan(8, 8));
  again.feed(ByteView(said).subspan(16));
  static_cast<void>(again.take_output());
  again.feed(ByteView(proof).first(8));
  again.feed(ByteView(proof).subspan(8));
  CHECK(again.why() == "the proof of the cluster's token fails");
  // The proof of who accepted, given back by who has no token.
  Handshake mirror(Handshake::Side::accepted, token_like(1), head());
  mirror.feed(ByteView(said).first(8));
  mirror.feed(ByteView(said).subspan(8, 8));
  mirror.feed(ByteView(said).subspan(16));
  Bytes theirs = mirror.take_output();
  mirror.feed(ByteView(theirs).first(8));
  mirror.feed(ByteView(theirs).subspan(8));
  CHECK(mirror.failed());
}

TEST_CASE("who dials with the token is handed on, and the socket is fresh behind the handshake") {
  Door door;
  for (int i = 0; i < 20; ++i) {
    auto dialed = dial(door.server.bound(), token_like(1), client(str("c", i)), 5s);
    REQUIRE(dialed);
    CHECK(dialed->peer.role == "head");
    REQUIRE(soon([&] { return door.seen(&Door::peers).size() == std::size_t(i + 1); }));
    say(dialed->socket.descriptor, as_bytes("hello"));
    std::lock_guard lock(door.mutex);
    pollfd wait{door.sockets.back().descriptor.get(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 5000) == 1);
    char room[16];
    CHECK(::recv(door.sockets.back().descriptor.get(), room, sizeof room, 0) == 5);
  }
  auto refused = dial(door.server.bound(), token_like(2), client(), 5s);
  REQUIRE(!refused);
  CHECK(refused.error().text.find("one side has the token of cluster") != std::string::npos);
  CHECK(soon([&] { return door.seen(&Door::refusals).size() == 1; }));
}

TEST_CASE("who only sits there makes room for others, the oldest first") {
  Door door({.greeting = 8, .patience = 1h});
  std::vector<Descriptor> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(connected(door));
  say(silent[0], as_bytes(handshake_magic).first(1));  // is no excuse
  for (std::size_t i = 1; i <= 3; ++i) {
    CHECK(dial(door.server.bound(), token_like(1), client(), 5s));
    REQUIRE(soon([&] { return door.seen(&Door::peers).size() == i; }));
  }
  auto refusals = door.seen(&Door::refusals);
  REQUIRE(refusals.size() == 1);  // the place of each who was let in is free again
  CHECK(refusals[0] == "others came, and it had not made itself known");
  CHECK(closed(silent[0]));
  CHECK(!closed(silent[1]));
  for (int i = 0; i < 100; ++i) silent.push_back(connected(door));
  CHECK(dial(door.server.bound(), token_like(1), client(), 5s));
}

TEST_CASE("who is silent, slow or speaks nonsense keeps nobody else out") {
  Door door({.greeting = 8, .patience = 300ms});
  std::vector<Descriptor> silent;
  for (int i = 0; i < 9; ++i) silent.push_back(connected(door));
  REQUIRE(soon([&] { return door.seen(&Door::refusals).size() == 9; }));
  CHECK(door.seen(&Door::refusals)[8] == "it did not make itself known in time");
  Descriptor nonsense = connected(door);
  Bytes magic(as_bytes(handshake_magic).begin(), as_bytes(handshake_magic).end());
  say(nonsense, magic);
  say(nonsense, Bytes(100, std::byte{0xFF}));
  REQUIRE(soon([&] { return door.seen(&Door::refusals).size() == 10; }));
  CHECK(door.seen(&Door::refusals)[9] == "the peer speaks another protocol");
  Descriptor http = connected(door);
  say(http, as_bytes("GET / HTTP/1.1\r\n\r\n"));
  REQUIRE(soon([&] { return door.seen(&Door::others).size() == 1; }));
  CHECK(door.seen(&Door::others)[0] == "GET / HT");
  CHECK(dial(door.server.bound(), token_like(1), client(), 5s));
}

TEST_CASE("a server that does not answer is told as one") {
  TcpListener deaf = listen_tcp({"127.0.0.1", 0});
  auto dialed = dial(deaf.bound, token_like(1), client(), 200ms);
  REQUIRE(!dialed);
  CHECK(dialed.error().text == str(deaf.bound.text(), ": it does not answer"));
}
