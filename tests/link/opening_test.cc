// The beginning of a connection, encrypted or in clear, between two ends in memory.

#include "runtime/link/opening.h"

#include "runtime/base/check.h"
#include "runtime/link/encryption.h"

#include <algorithm>
#include <cstdlib>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

AccessToken token_like(std::uint8_t seed) {
  AccessToken token{};
  token.fill(static_cast<std::byte>(seed));
  return token;
}

Opening::Options caller(bool encrypted, std::uint8_t token = 1) {
  return {.token = token_like(token),
      .own = {.role = "node", .process = 7, .name = "gpu-3-of-ours", .purpose = Bytes(5000)},
      .encrypted = encrypted};
}

Opening::Options host(bool encrypted_only, std::uint8_t token = 1) {
  return {.token = token_like(token),
      .own = {.role = "head", .process = 1, .name = "head", .address = "h:1"},
      .encrypted = encrypted_only};
}

// Reads as a socket would be read: never more than is wanted. What is left.
Bytes feed(Opening& to, const Bytes& bytes, std::size_t piece) {
  std::size_t at = 0;
  while (at < bytes.size() && to.wants() > 0) {
    std::size_t size = std::min({piece, to.wants(), bytes.size() - at});
    to.feed(ByteView(bytes).subspan(at, size));
    at += size;
  }
  return {bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end()};
}

// All that passed.
std::string converse(Opening& one, Opening& other, std::size_t piece = 4096) {
  std::string wire;
  for (int i = 0; i < 6; ++i) {
    for (bool from_one : {true, false}) {
      Bytes said = (from_one ? one : other).take_output();
      wire += as_text(said);
      feed(from_one ? other : one, said, piece);
    }
  }
  return wire;
}

}  // namespace

TEST_CASE("an encrypted connection is opened, and leaves both with one key") {
  for (std::size_t piece : {1, 5, 4096}) {
    Opening one(LinkSide::connected, caller(true));
    Opening other(LinkSide::accepted, host(piece == 5));
    std::string wire = converse(one, other, piece);
    REQUIRE(one.done());
    REQUIRE(other.done());
    CHECK(one.wants() == 0);
    CHECK(other.wants() == 0);
    CHECK(one.peer().address == "h:1");
    CHECK(other.peer().name == "gpu-3-of-ours");
    CHECK(other.peer().purpose.size() == 5000);
    REQUIRE(one.key());
    REQUIRE(other.key());
    CHECK(one.key()->side == LinkSide::connected);
    CHECK(other.key()->side == LinkSide::accepted);
    CHECK(one.key()->key == other.key()->key);
    CHECK(wire.find("gpu-3-of-ours") == std::string::npos);
    CHECK(wire.find(handshake_magic) == std::string::npos);
    CHECK(wire.find(as_text(one.key()->key)) == std::string::npos);
    CHECK(wire.find(as_text(token_like(1))) == std::string::npos);
  }
}

TEST_CASE("a connection in clear is opened where that is allowed, and has no key") {
  Opening one(LinkSide::connected, caller(false));
  Opening other(LinkSide::accepted, host(false));
  std::string wire = converse(one, other);
  REQUIRE(one.done());
  REQUIRE(other.done());
  CHECK(!one.key());
  CHECK(!other.key());
  CHECK(wire.find("gpu-3-of-ours") != std::string::npos);
}

TEST_CASE("who speaks in clear where that is not allowed is told so") {
  Opening one(LinkSide::connected, caller(false));
  Opening other(LinkSide::accepted, host(true));
  converse(one, other);
  CHECK(other.failed());
  CHECK(other.why().starts_with("this port lets nobody in who speaks in clear: "));
  CHECK(one.why() == str("the peer refuses: ", other.why()));
  CHECK(!other.other());
}

TEST_CASE("another token is refused within TLS too, and both sides learn why") {
  Opening one(LinkSide::connected, caller(true, 1));
  Opening other(LinkSide::accepted, host(true, 2));
  converse(one, other);
  CHECK(other.why() == str("one side has the token of cluster ", cluster_of(token_like(1)),
                           ", the other that of ", cluster_of(token_like(2))));
  CHECK(one.failed());
  CHECK(one.why().ends_with(str("(the token here is that of cluster ", cluster_of(token_like(1)),
      "; the peer may have another)")));
}

TEST_CASE("the proofs of a handshake are of the TLS that it is within") {
  Bytes this_one(32, std::byte{1});
  Bytes that_one(32, std::byte{2});
  for (bool same : {true, false}) {
    Handshake one(LinkSide::connected, token_like(1), caller(true).own, this_one);
    Handshake other(LinkSide::accepted, token_like(1), host(true).own, same ? this_one : that_one);
    for (int i = 0; i < 3; ++i) {
      for (bool from_one : {true, false}) {
        Bytes said = (from_one ? one : other).take_output();
        Handshake& to = from_one ? other : one;
        for (std::size_t at = 0; at < said.size() && to.wants() > 0;) {
          std::size_t size = std::min(to.wants(), said.size() - at);
          to.feed(ByteView(said).subspan(at, size));
          at += size;
        }
      }
    }
    CHECK(one.done() == same);
    if (!same) CHECK(one.why() == "the peer does not have the cluster's token");
  }
}

TEST_CASE("what is neither is given back as it came") {
  using namespace std::string_literals;
  for (const std::string& first :
      {"GET / HT"s, "\x16\x03\x01\x02\x00\x01\x00\x01"s, "TRAMTLS\r"s}) {
    Opening other(LinkSide::accepted, host(true));
    CHECK(feed(other, Bytes(as_bytes(first).begin(), as_bytes(first).end()), 3).empty());
    CHECK(other.failed());
    REQUIRE(other.other());
    CHECK(as_text(*other.other()) == first);
    CHECK(other.take_output().empty());
  }
}

TEST_CASE("an opening that is cut off anywhere waits, and one that goes on with nonsense fails") {
  constexpr std::size_t all = 5000;  // what who connects says is a little more
  for (std::size_t cut = 0; cut < all; cut += cut < 700 ? 7 : 200) {
    for (bool nonsense : {false, true}) {
      Opening one(LinkSide::connected, caller(true));
      Opening other(LinkSide::accepted, host(true));
      std::size_t passed = 0;
      for (int i = 0; i < 6; ++i) {
        Bytes said = one.take_output();
        std::size_t whole = passed + said.size();
        if (whole > cut && passed <= cut) {
          said.resize(cut - passed);
          if (nonsense) said.resize(said.size() + 40000, std::byte{0xFF});
        } else if (passed > cut) {
          said.clear();
        }
        passed = whole;
        feed(other, said, 4096);
        feed(one, other.take_output(), 4096);
      }
      INFO("cut at ", cut);
      CHECK(!other.done());
      CHECK(other.failed() == nonsense);
      CHECK((other.wants() == 0) == nonsense);
    }
  }
}

TEST_CASE("a record of nothing, or of another protocol, fails") {
  for (std::string record : {std::string("\x16\x03\x01\x00\x00", 5),
           std::string("\x16\x03\x01\xff\xff", 5), std::string("GET /", 5)}) {
    Opening other(LinkSide::accepted, host(false));
    std::string said = std::string(tls_magic) + record;
    feed(other, Bytes(as_bytes(said).begin(), as_bytes(said).end()), 4096);
    CHECK(other.why() == "the peer speaks another protocol");
    CHECK(!other.other());
    CHECK(other.wants() == 0);
  }
}

TEST_CASE("in clear is what stays within this machine, unless somebody says otherwise") {
  using enum Encryption;
  TcpAddress here{"127.0.0.1", 1};
  TcpAddress local{"localhost", 1};
  TcpAddress there{"10.0.0.1", 1};
  TcpAddress all{"0.0.0.0", 1};
  CHECK(!dials_encrypted(beyond_loopback, here, here));
  CHECK(!dials_encrypted(beyond_loopback, local, here));
  CHECK(dials_encrypted(beyond_loopback, there, there));
  CHECK(dials_encrypted(beyond_loopback, local, there));  // wherever the name leads
  CHECK(dials_encrypted(beyond_loopback, {"a-host", 1}, here));
  CHECK(dials_encrypted(beyond_loopback, all, here));
  CHECK(dials_encrypted(always, here, here));
  CHECK(!dials_encrypted(never, there, there));
  CHECK(lets_in_clear(beyond_loopback, here));
  CHECK(!lets_in_clear(beyond_loopback, there));
  CHECK(!lets_in_clear(beyond_loopback, all));
  CHECK(!lets_in_clear(always, here));
  CHECK(lets_in_clear(never, all));
}
