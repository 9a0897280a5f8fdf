// TLS under a secret, between two ends in memory: who gets through, and what becomes of bytes that
// somebody on the way has changed, kept or made.

#include "runtime/link/tls_channel.h"

#include "runtime/base/check.h"
#include "tests/link/tls_ends.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <set>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Bytes hmac(ByteView key, ByteView text) {
  Bytes out(32);
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
      reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

std::string hex(ByteView bytes) {
  std::string out;
  for (std::byte each : bytes) {
    out += "0123456789abcdef"[std::to_integer<unsigned>(each) >> 4];
    out += "0123456789abcdef"[std::to_integer<unsigned>(each) & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("keys are derived as RFC 5869 has it") {
  // Its test case 3, of which this is the beginning: no salt, no info.
  Bytes secret(22, std::byte{0x0b});
  CHECK(hex(derived_key(secret, "")) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  // Extract and expand, as in its sections 2.2 and 2.3, with a label.
  Bytes extracted = hmac(Bytes(32), secret);
  Bytes expanded = hmac(extracted, as_bytes(std::string("a label") + '\1'));
  CHECK(hex(derived_key(secret, "a label")) == hex(expanded));
}

TEST_CASE("two who have the secret hear each other, however their bytes are cut") {
  for (std::size_t piece : {1, 3, 5, 4096, 1 << 20}) {
    TlsEnds ends(1, 1, piece);
    ends.one.put(as_bytes("said before it was open, "));  // and kept
    ends.talk();
    REQUIRE(ends.one.open());
    REQUIRE(ends.other.open());
    CHECK(ends.heard_by_other == "said before it was open, ");
    std::string large(100000, 'x');
    ends.other.put(as_bytes(large), as_bytes("behind"));
    ends.one.put(as_bytes("and after"));
    ends.talk();
    CHECK(ends.heard_by_one == large + "behind");
    CHECK(ends.heard_by_other == "said before it was open, and after");
    CHECK(!ends.one.failed());
  }
}

TEST_CASE("each connection has keys of its own, the same on both sides") {
  std::set<std::string> all;
  for (int i = 0; i < 3; ++i) {
    TlsEnds ends(1, 1);
    ends.talk();
    for (const char* label : {"EXPORTER-a", "EXPORTER-b"}) {
      CHECK(hex(ends.one.exported(label)) == hex(ends.other.exported(label)));
      all.insert(hex(ends.one.exported(label)));
    }
  }
  CHECK(all.size() == 6);
}

TEST_CASE("who has another secret is refused, and both sides know of it") {
  TlsEnds ends(1, 2);
  ends.talk();
  CHECK(!ends.one.open());
  CHECK(!ends.other.open());
  CHECK(ends.other.why() == "TLS: the proof of the secret fails");
  CHECK(ends.other.other_name().empty());
  CHECK(ends.one.why().starts_with("TLS: the peer ends it: "));
  TlsEnds named(1, 1, 4096, "this", "that");
  named.talk();
  CHECK(!named.other.open());
  CHECK(named.other.failed());
  CHECK(named.other.other_name() == "this");
  CHECK(named.one.failed());
}

TEST_CASE("one key is used for so much, and then renewed") {
  TlsEnds ends(1, 1, 4096, "n", "n", 3);
  std::string said;
  for (int i = 0; i < 500; ++i) {
    std::string line = str("line ", i, ";");
    ends.one.put(as_bytes(line));
    ends.other.put(as_bytes(line));
    said += line;
    if (i % 7 == 0) ends.talk();
  }
  ends.talk();
  CHECK(ends.one.why().empty());
  CHECK(ends.heard_by_one == said);
  CHECK(ends.heard_by_other == said);
  // That it happened: a record more each time, of a kind that is seen by its size alone.
  auto wire_bytes = [](std::uint64_t records) {
    TlsEnds some(1, 1, 4096, "n", "n", records);
    some.talk();
    std::size_t size = 0;
    for (int i = 0; i < 10; ++i) {
      some.one.put(as_bytes("x"));
      size += some.one.take_output().size();
    }
    return size;
  };
  CHECK(wire_bytes(100) == 10 * (5 + 1 + 1 + 16));
  CHECK(wire_bytes(3) == wire_bytes(100) + 3 * (5 + 5 + 1 + 16));
}

TEST_CASE("a byte that is changed on its way ends it, with a reason") {
  // Of whom: who connects says hello, then finished, then a line; who accepts says all of his at
  // once, then a line.
  for (bool of_one : {true, false}) {
    std::size_t all = 0;
    for (std::size_t at = 0; at == 0 || at < all; ++at) {
      TlsEnds ends(1, 1, 1 << 20);
      std::size_t passed = 0;
      ends.change = [&](bool from_one, Bytes& bytes) {
        if (from_one != of_one) return;
        if (at >= passed && at < passed + bytes.size()) bytes[at - passed] ^= std::byte{0x20};
        passed += bytes.size();
      };
      ends.one.put(as_bytes("a line"));
      ends.other.put(as_bytes("a line"));
      ends.talk();
      all = passed;
      INFO("byte ", at, std::string(of_one ? " of who connects" : " of who accepts"));
      if (at == 2) continue;  // a version in a header of old, which nobody reads
      TlsChannel& hears = of_one ? ends.other : ends.one;
      std::string& heard = of_one ? ends.heard_by_other : ends.heard_by_one;
      CHECK(heard.empty());  // a size that is larger now makes it wait for what does not come
      CHECK(hears.failed() == !hears.why().empty());
    }
    CHECK(all > 150);
  }
}

TEST_CASE("what was recorded is worth nothing in another connection") {
  TlsEnds ends(1, 1);
  std::vector<Bytes> said;
  ends.change = [&](bool from_one, Bytes& bytes) {
    if (from_one) said.push_back(bytes);
  };
  ends.one.put(as_bytes("pay"));
  ends.talk();
  REQUIRE(ends.heard_by_other == "pay");
  TlsChannel again(LinkSide::accepted, secret_like(1, "n"));
  std::byte room[100];
  for (const Bytes& each : said) {
    ByteView wire = each;
    CHECK(again.take(wire, room) == 0);
  }
  CHECK(!again.open());
  CHECK(again.why() ==
        "TLS: what came was changed on its way, or was not made with this connection's key");
}

TEST_CASE("nothing else is offered: TLS 1.3, one suite, one group, a secret with fresh keys") {
  TlsChannel one(LinkSide::connected, secret_like(1, "n"));
  Bytes hello = one.take_output();
  std::string_view text = as_text(hello);
  auto has = [&](std::string_view bytes) { return text.find(bytes) != std::string_view::npos; };
  using namespace std::string_view_literals;
  CHECK(has("\x00\x04\x13\x01\x00\xff"sv));          // the suite, and that it does not renegotiate
  CHECK(has("\x00\x2b\x00\x03\x02\x03\x04"sv));      // versions
  CHECK(has("\x00\x2d\x00\x02\x01\x01"sv));          // psk_dhe_ke
  CHECK(has("\x00\x0a\x00\x04\x00\x02\x00\x1d"sv));  // X25519
  CHECK(!has("\x00\x2a\x00\x00"sv));                 // no early data
}

TEST_CASE("bytes that are no TLS at all fail at once, or wait for more") {
  for (std::size_t size : {1, 5, 100, 70000}) {
    for (std::uint8_t fill : {0x00, 0x16, 0x17, 0x80, 0xff}) {
      TlsChannel other(LinkSide::accepted, secret_like(1, "n"));
      Bytes nonsense(size, std::byte{fill});
      ByteView wire = nonsense;
      std::byte room[100];
      CHECK(other.take(wire, room) == 0);
      CHECK(wire.empty());
      CHECK(!other.open());
      CHECK((other.failed() || size < 6));
    }
  }
}
