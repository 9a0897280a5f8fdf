// Sessions and connections over TLS, and somebody on the way.

#include "runtime/link/dial.h"
#include "runtime/link/frames.h"
#include "runtime/link/opening.h"
#include "runtime/wire/frame.h"
#include "tests/link/actors.h"
#include "tests/link/door.h"
#include "tests/link/wiretap.h"

#include <cstring>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

LinkKey key_like(std::uint8_t seed, LinkSide side) {
  LinkKey key{.side = side};
  key.key.fill(static_cast<std::byte>(seed));
  return key;
}

Pair over(Wiretap& tap, std::uint8_t seed_of_one = 1, std::uint8_t seed_of_other = 1) {
  return Pair({std::move(tap.one), key_like(seed_of_one, LinkSide::connected)},
      {std::move(tap.other), key_like(seed_of_other, LinkSide::accepted)});
}

// A marker, over and over.
Bytes marked(std::size_t size, std::string_view marker) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = as_bytes(marker)[i % marker.size()];
  return bytes;
}

bool equal(const Blob& blob, const Bytes& bytes) {
  return blob.bytes().size() == bytes.size() &&
         std::memcmp(blob.bytes().data(), bytes.data(), bytes.size()) == 0;
}

constexpr std::string_view marker = "a marker of the payload";

}  // namespace

TEST_CASE("messages and attachments cross an encrypted session, and nobody on the way reads them") {
  Wiretap tap;
  Pair pair = over(tap);
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  Bytes large = marked(8 << 20, marker);
  std::string text(marker);
  for (int round = 0; round < 2; ++round) {
    Cargo cargo{text, {Blob::from_bytes(large), Blob::from_bytes(Bytes(1)), Blob::from_bytes({})}};
    auto back = pair.one.system.ask(store, cargo, 60s);
    REQUIRE(back);
    CHECK(back->text == std::string(marker.rbegin(), marker.rend()));
    REQUIRE(back->blobs.size() == 3);
    CHECK(equal(back->blobs[2], large));
  }
  std::string wire = tap.heard();
  CHECK(wire.size() > 4 * large.size());
  CHECK(wire.find(marker) == std::string::npos);
  CHECK(wire.find("store") == std::string::npos);
  CHECK(wire.find(as_text(key_like(1, LinkSide::connected).key)) == std::string::npos);
}

TEST_CASE("in clear the same wire has it all") {
  Wiretap tap;
  Pair pair(std::move(tap.one), std::move(tap.other));
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  REQUIRE(pair.one.system.ask(store, Cargo{std::string(marker), {}}, 60s));
  CHECK(tap.heard().find(marker) != std::string::npos);
}

TEST_CASE("a byte that is changed on its way ends the session, and both sides know why") {
  Wiretap tap;
  Pair pair = over(tap);
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  REQUIRE(pair.one.system.ask(store, Fetch{5}, 60s));
  tap.change_next = true;
  auto lost = pair.one.system.ask(store, Fetch{5}, 60s);
  REQUIRE(!lost);
  CHECK(lost.error().code == Errc::unknown);
  REQUIRE(soon([&] { return !pair.two.ended().empty() && !pair.one.ended().empty(); }));
  CHECK(pair.two.ended()[0] ==
        "TLS: what came was changed on its way, or was not made with this connection's key");
  CHECK(pair.one.ended()[0] == "TLS: the peer ends it: bad record mac");
}

TEST_CASE("a session with another key never begins") {
  Wiretap tap;
  Pair pair = over(tap, 1, 2);
  REQUIRE(soon([&] { return !pair.two.ended().empty() && !pair.one.ended().empty(); }));
  CHECK(pair.two.ended()[0] == "TLS: the proof of the secret fails");
  CHECK(pair.one.ended()[0].starts_with("TLS: the peer ends it: "));
}

TEST_CASE("a peer in clear ends an encrypted session, and the other way round") {
  for (bool one_is_clear : {false, true}) {
    auto [here, there] = tcp_pair();
    Process process(1);
    auto key = one_is_clear ? std::optional<LinkKey>() : key_like(1, LinkSide::accepted);
    process.connect(2, {std::move(here), key});
    // What the peer says first.
    Bytes said = one_is_clear ? TlsChannel(LinkSide::connected, {"n", {}}).take_output()
                              : hello_frame({.protocol = link_protocol,
                                    .build = own_build(),
                                    .own = 2,
                                    .peer = 1,
                                    .window = {64, 1 << 20}});
    say(there, said);
    REQUIRE(soon([&] { return !process.ended().empty(); }));
    CHECK(process.ended()[0].size() > 10);
    if (!one_is_clear) CHECK(process.ended()[0].starts_with("TLS: "));
  }
}

TEST_CASE("a peer that ends in the middle of TLS's handshake, or says nothing, ends the session") {
  auto [here, there] = tcp_pair();
  Process process(1);
  process.connect(2, {std::move(here), key_like(1, LinkSide::accepted)});
  Bytes hello = TlsChannel(LinkSide::connected, {"tramontane session", {}}).take_output();
  say(there, ByteView(hello).first(hello.size() / 2));
  there.close();
  REQUIRE(soon([&] { return !process.ended().empty(); }));
  CHECK(process.ended()[0] == "the peer closed the connection");
  auto [one, silent] = tcp_pair();
  SessionOptions options;
  options.handshake = 50ms;
  Process patient(3);
  patient.connect(2, {std::move(one), key_like(1, LinkSide::connected)}, options);
  REQUIRE(soon([&] { return !patient.ended().empty(); }));
  CHECK(patient.ended()[0] == "no hello from process 2 within 0.05 s");
}

TEST_CASE("who dials is let in with TLS, and a session goes on under a key of its own") {
  Door door({}, Encryption::always);
  auto dialed = dial(door.server.bound(), token_like(1), client(), 5s, Encryption::always);
  REQUIRE(dialed);
  CHECK(dialed->peer.role == "head");
  REQUIRE(soon([&] { return door.seen(&Door::peers).size() == 1; }));
  LinkSocket there = door.take_socket();
  REQUIRE(dialed->socket.key);
  REQUIRE(there.key);
  CHECK(dialed->socket.key->key == there.key->key);
  Pair pair(std::move(dialed->socket), std::move(there));
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  CHECK(pair.one.system.ask(store, Fetch{100000}, 60s)->text.size() == 100000);
}

TEST_CASE("who dials in clear where that is not allowed is refused, and TLS is let in anywhere") {
  Door strict({}, Encryption::always);
  auto refused = dial(strict.server.bound(), token_like(1), client(), 5s);
  REQUIRE(!refused);
  CHECK(refused.error().text.find("lets nobody in who speaks in clear") != std::string::npos);
  CHECK(refused.error().text.find("TRAM_ENCRYPT=always") != std::string::npos);
  REQUIRE(soon([&] { return strict.seen(&Door::refusals).size() == 1; }));
  Door open;
  auto clear = dial(open.server.bound(), token_like(1), client(), 5s);
  REQUIRE(clear);
  CHECK(!clear->socket.key);
  auto encrypted = dial(open.server.bound(), token_like(1), client(), 5s, Encryption::always);
  REQUIRE(encrypted);
  CHECK(encrypted->socket.key);
  auto other = dial(open.server.bound(), token_like(2), client(), 5s, Encryption::always);
  REQUIRE(!other);
  CHECK(other.error().text.find(cluster_of(token_like(2))) != std::string::npos);
  REQUIRE(soon([&] { return open.seen(&Door::refusals).size() == 1; }));
  CHECK(open.seen(&Door::refusals)[0] == str("one side has the token of cluster ",
                                             cluster_of(token_like(2)), ", the other that of ",
                                             cluster_of(token_like(1))));
}

TEST_CASE("what was said to a listener is worth nothing a second time") {
  Door door({}, Encryption::always);
  Opening own(LinkSide::connected, {.token = token_like(1), .own = client(), .encrypted = true});
  Descriptor socket = connected(door);
  Bytes said;
  std::byte room[4096];
  while (!own.done()) {
    Bytes more = own.take_output();
    said.insert(said.end(), more.begin(), more.end());
    say(socket, more);
    pollfd wait{socket.get(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 60000) == 1);
    ReceivedMessage got = receive_message(socket.get(), {room, std::min(own.wants(), sizeof room)});
    REQUIRE(got.bytes > 0);
    own.feed({room, got.bytes});
  }
  REQUIRE(soon([&] { return door.seen(&Door::peers).size() == 1; }));
  Descriptor again = connected(door);
  say(again, said);
  REQUIRE(soon([&] { return door.seen(&Door::refusals).size() == 1; }));
  CHECK(door.seen(&Door::refusals)[0].starts_with(
      "TLS: what came was changed on its way, or was not made with this connection's key"));
  CHECK(door.seen(&Door::peers).size() == 1);
  std::string heard(as_text(said));
  CHECK(heard.find(as_text(token_like(1))) == std::string::npos);
  CHECK(heard.find("cli") == std::string::npos);
}

TEST_CASE("who is slow, silent or speaks nonsense within TLS keeps nobody out") {
  Door door({.greeting = 8, .patience = 300ms}, Encryption::always);
  Opening own(LinkSide::connected, {.token = token_like(1), .own = client(), .encrypted = true});
  Bytes hello = own.take_output();
  // A byte at a time, as long as it is listened to.
  Descriptor slow = connected(door);
  std::size_t at = 0;
  while (door.seen(&Door::refusals).empty()) {
    if (at + 1 < hello.size()) say(slow, ByteView(hello).subspan(at++, 1));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(door.seen(&Door::refusals)[0] == "it did not make itself known in time");
  // One that leaves in the middle.
  {
    Descriptor brief = connected(door);
    say(brief, ByteView(hello).first(hello.size() / 2));
  }
  REQUIRE(soon([&] { return door.seen(&Door::refusals).size() == 2; }));
  CHECK(door.seen(&Door::refusals)[1] == "it closed the connection");
  Descriptor nonsense = connected(door);
  Bytes garbage(as_bytes(tls_magic).begin(), as_bytes(tls_magic).end());
  garbage.resize(5000, std::byte{0xAA});
  say(nonsense, garbage);
  REQUIRE(soon([&] { return door.seen(&Door::refusals).size() == 3; }));
  CHECK(door.seen(&Door::refusals)[2] == "the peer speaks another protocol");
  CHECK(dial(door.server.bound(), token_like(1), client(), 5s, Encryption::always));
}
