#include "runtime/actor/watch.h"
#include "runtime/base/random.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/frame.h"
#include "runtime/wire/hash.h"
#include "tests/runtime/messages.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Larger than a Message's own storage, and only movable.
struct Large {
  std::array<std::int64_t, 40> values{};
  std::unique_ptr<int> owned;
};

struct Book {
  std::string title;
  std::vector<std::int64_t> lines;
};

struct Shelf {
  std::string title;
  std::vector<Book> books;
  std::vector<std::int64_t> pages;
  std::optional<std::string> owner = {};
};

struct Apple {
  std::string colour;
};

struct Pear {
  std::int64_t grams = 0;
};

}  // namespace

template <>
struct tramontane::Codec<Shelf> : LocalCodec<Shelf> {};

template <>
struct tramontane::Codec<Apple> : LocalCodec<Apple> {};

template <>
struct tramontane::Codec<Pear> : LocalCodec<Pear> {
  static constexpr std::uint64_t id = Codec<Apple>::id;
};

template <>
struct tramontane::Codec<Large> : LocalCodec<Large> {};

namespace {

std::string hex(ByteView bytes) {
  std::string text;
  for (std::byte byte : bytes) {
    const char* digits = "0123456789abcdef";
    text += digits[std::to_integer<int>(byte) >> 4];
    text += digits[std::to_integer<int>(byte) & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("a message moves its value, whatever its size") {
  Large large;
  large.values[39] = 7;
  large.owned = std::make_unique<int>(5);
  Message first(std::move(large));
  Message second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): it is what is asked
  Message third;
  third = std::move(second);
  auto taken = third.take<Large>();
  REQUIRE(taken.has_value());
  CHECK(taken->values[39] == 7);
  CHECK(*taken->owned == 5);
  CHECK(third.empty());
}

TEST_CASE("a message of bytes decodes when taken, and refuses bytes that make no sense") {
  Message sent(Add{-5});
  Message arrived = Message::from_bytes(sent.id(), sent.name(), sent.encode());
  CHECK(arrived.bytes() == 8);
  CHECK(arrived.take<Add>().value().value == -5);
  Message cut = Message::from_bytes(Codec<Add>::id, "Add", Bytes(3));
  CHECK(cut.take<Add>().error() == make_error_code(Errc::bad_input));
  Message other(Add{1});
  CHECK(other.take<Note>().error() == make_error_code(Errc::bad_input));
  CHECK(other.take<Add>().value().value == 1);
}

TEST_CASE("a local message is named after its type, and its size counts what it holds") {
  Message books(Shelf{.title = std::string(100, 't'),
      .books = {{"one", {1, 2, 3}}, {"another", {}}},
      .pages = {1, 2, 3, 4}});
  CHECK(std::string(books.name()) == "Shelf");
  CHECK(books.bytes() == sizeof(Shelf) + 100 + (2 * sizeof(Book) + 3 + 3 * 8 + 7) + 4 * 8);
  CHECK(Codec<Shelf>::id != Codec<Large>::id);
}

TEST_CASE("a value is only taken as what it is, even if two types have one id") {
  CHECK(Codec<Apple>::id == Codec<Pear>::id);
  Message apple(Apple{"red"});
  auto pear = apple.take<Pear>();
  REQUIRE(!pear);
  CHECK(pear.error() == make_error_code(Errc::bad_input));
  CHECK(apple.take<Apple>().value().colour == "red");
}

TEST_CASE("a local message refuses to leave its process, by name") {
  Message local(Large{});
  CHECK(local.local());
  CHECK_THROWS_AS(local.encode(), Error);
  CHECK_THROWS_AS(local.copy(), Error);
}

TEST_CASE("ActorExited makes the round trip, and damaged bytes are refused or differ") {
  ActorExited exited{0x0001000000000007, "generator/0", 3, ExitCause::failed, "boom", true};
  Bytes bytes = Codec<ActorExited>::encode(exited);
  auto back = Codec<ActorExited>::decode(bytes);
  REQUIRE(back.has_value());
  CHECK(back->actor == exited.actor);
  CHECK(back->name == "generator/0");
  CHECK(back->incarnation == 3);
  CHECK(back->cause == ExitCause::failed);
  CHECK(back->text == "boom");
  CHECK(back->restarts);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    static_cast<void>(Codec<ActorExited>::decode(ByteView(bytes).first(cut)));
  }
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = bytes;
    damaged[random.below(damaged.size())] = static_cast<std::byte>(random.below(256));
    static_cast<void>(Codec<ActorExited>::decode(damaged));
  }
}

TEST_CASE("an envelope makes the round trip with the time that is left") {
  Envelope envelope;
  envelope.target = 0x0002000000000009;
  envelope.incarnation = 4;
  envelope.source = 11;
  envelope.ticket = 0x500000001;
  envelope.deadline = Time(std::chrono::seconds(100));
  envelope.body = Message(Add{42});
  Bytes bytes = encode_envelope(envelope, Time(std::chrono::seconds(98)));
  auto back = decode_envelope(bytes, Time(std::chrono::seconds(5000)));
  REQUIRE(back.has_value());
  CHECK((*back)->target == envelope.target);
  CHECK((*back)->incarnation == 4);
  CHECK((*back)->source == 11);
  CHECK((*back)->ticket == envelope.ticket);
  CHECK((*back)->deadline == Time(std::chrono::seconds(5002)));
  CHECK((*back)->body.take<Add>().value().value == 42);

  Envelope reply;
  reply.is_reply = true;
  reply.ticket = 7;
  reply.failure = Failure{Errc::refused, "not today"};
  auto failed = decode_envelope(encode_envelope(reply, Time()), Time());
  REQUIRE(failed.has_value());
  CHECK((*failed)->is_reply);
  CHECK((*failed)->deadline == forever);
  CHECK((*failed)->failure->code == Errc::refused);
  CHECK((*failed)->failure->text == "not today");
  CHECK(decode_envelope(Bytes(7), Time()).error() == make_error_code(Errc::bad_input));
}

TEST_CASE("memory that was written becomes a blob, and shared memory where it is wanted") {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5 << 20}}) {
    BlobMemory memory(size);
    REQUIRE(memory.bytes().size() == size);
    for (std::size_t i = 0; i < size; ++i) memory.bytes()[i] = static_cast<std::byte>(i % 251);
    Blob blob = Blob::from_memory(std::move(memory));
    Blob shared = Blob::from_descriptor(Descriptor(::dup(blob.descriptor())));
    CHECK(blob.size() == size);
    CHECK(std::ranges::equal(blob.bytes(), shared.bytes()));
    for (std::size_t i = 0; i < size; i += 4099)
      CHECK(shared.bytes()[i] == static_cast<std::byte>(i % 251));
  }
  CHECK_THROWS_AS(BlobMemory(std::size_t{1} << 60), Error);
}

TEST_CASE("bytes between two frames are taken as they are, however the stream is cut") {
  Bytes stream;
  append_frame(stream, as_bytes("one"));
  for (char c : std::string("between")) stream.push_back(static_cast<std::byte>(c));
  append_frame(stream, as_bytes("two"));
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      Bytes fed(stream.begin() + static_cast<std::ptrdiff_t>(at),
          stream.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, stream.size())));
      reader.feed(fed);
      for (;;) {
        bool between = got.size() >= 3 && got.size() < 10;
        ByteView bytes =
            between ? reader.take(10 - got.size()) : reader.next()->value_or(ByteView());
        if (bytes.empty()) break;
        got += as_text(bytes);
      }
    }
    CHECK(got == "onebetweentwo");
  }
}

TEST_CASE("a frame has the documented bytes") {
  Bytes out;
  append_frame(out, as_bytes("ab"));
  CHECK(hex(out) == "020000005c73d5246162");
}

// The values are those of Python's xxhash.
TEST_CASE("a hash is XXH3-64, of one piece or of many") {
  CHECK(hash_of({}) == 0x2d06800538d394c2);
  CHECK(hash_of(as_bytes("ab")) == 0xa873719c24d5735c);
  Bytes bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(static_cast<std::uint32_t>(i * 2654435761U) >> 24);
  CHECK(hash_of(bytes) == 0x920056915640359f);
  Random random(9);
  RunningHash hash;
  for (int round = 0; round < 3; ++round) {
    hash.clear();
    for (std::size_t at = 0; at < bytes.size();) {
      std::size_t piece = std::min<std::size_t>(random.below(3000), bytes.size() - at);
      hash.add(ByteView(bytes).subspan(at, piece));
      at += piece;
    }
    CHECK(hash.value() == hash_of(bytes));
  }
}

TEST_CASE("frames come out whole however the stream is cut") {
  Random random(5);
  Bytes stream;
  std::vector<Bytes> sent;
  for (int i = 0; i < 50; ++i) {
    Bytes body(1 + random.below(300));
    for (auto& byte : body) byte = static_cast<std::byte>(random.below(256));
    append_frame(stream, body);
    sent.push_back(body);
  }
  for (int round = 0; round < 20; ++round) {
    FrameReader reader(1000);
    std::vector<Bytes> got;
    for (std::size_t at = 0; at < stream.size();) {
      std::size_t piece = std::min<std::size_t>(1 + random.below(200), stream.size() - at);
      reader.feed(ByteView(stream).subspan(at, piece));
      at += piece;
      for (;;) {
        auto body = reader.next();
        REQUIRE(body.has_value());
        if (!*body) break;
        got.emplace_back((*body)->begin(), (*body)->end());
      }
    }
    CHECK(got == sent);
    CHECK(reader.buffered() == 0);
  }
}

TEST_CASE("a frame too long, empty or damaged breaks the stream for good") {
  Bytes good;
  append_frame(good, as_bytes("hello"));
  SUBCASE("too long") {
    FrameReader reader(4);
    reader.feed(good);
    CHECK(reader.next().error() == make_error_code(Errc::bad_input));
    reader.feed(good);
    CHECK(reader.next().error() == make_error_code(Errc::bad_input));
  }
  SUBCASE("empty") {
    FrameReader reader;
    Bytes empty(8);  // a reader looks into what it was fed
    reader.feed(empty);
    CHECK(reader.next().error() == make_error_code(Errc::bad_input));
  }
  SUBCASE("damaged") {
    for (std::size_t at = 4; at < good.size(); ++at) {
      Bytes bad = good;
      bad[at] ^= std::byte{0x10};
      FrameReader reader;
      reader.feed(bad);
      CHECK(reader.next().error() == make_error_code(Errc::corrupt));
    }
  }
}
