#include "actors/model/arena.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/support/golden_fingerprints.h"

#include <array>
#include <cstring>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::shared_ptr<const Manifest> two_tensors() {
  return std::make_shared<const Manifest>(
      Manifest::lay_out({{"a", Dtype::float32, {3, 5}}, {"b", Dtype::float32, {7}}}));
}

}  // namespace

TEST_CASE("tensors lie one after another at multiples of 64 bytes") {
  Manifest m = *two_tensors();
  CHECK(m.find("a")->offset == 0);
  CHECK(m.find("a")->size == 60);
  CHECK(m.find("b")->offset == 64);
  CHECK(m.find("b")->size == 28);
  CHECK(m.bytes() == 128);
  CHECK(m.find("c") == nullptr);
}

TEST_CASE("a manifest's hash tells layouts apart") {
  Manifest m = *two_tensors();
  CHECK(m.hash() == two_tensors()->hash());
  auto other = [](std::vector<TensorEntry> t) { return Manifest::lay_out(std::move(t)).hash(); };
  CHECK(other({{"a", Dtype::float32, {5, 3}}, {"b", Dtype::float32, {7}}}) != m.hash());
  CHECK(other({{"b", Dtype::float32, {7}}, {"a", Dtype::float32, {3, 5}}}) != m.hash());
  CHECK(other({{"a", Dtype::bfloat16, {3, 5}}, {"b", Dtype::float32, {7}}}) != m.hash());
  CHECK(other({{"ab", Dtype::float32, {1}}}) != other({{"a", Dtype::float32, {1}}}));
}

TEST_CASE("a manifest refuses a name used twice and shapes that make no sense") {
  CHECK_THROWS_AS(
      Manifest::lay_out({{"a", Dtype::float32, {1}}, {"a", Dtype::float32, {1}}}), Error);
  CHECK_THROWS_AS(Manifest::lay_out({{"a", Dtype::float32, {0}}}), Error);
  CHECK_THROWS_AS(Manifest::lay_out({{"a", Dtype::float32, {-1, -1}}}), Error);
  CHECK_THROWS_AS(
      Manifest::lay_out({{"a", Dtype::float32, {std::int64_t{1} << 40, std::int64_t{1} << 40}}}),
      Error);
}

TEST_CASE("an arena is zero, aligned, and gives its tensors by name") {
  Arena arena(two_tensors());
  CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % 64 == 0);
  for (std::byte b : arena.bytes()) CHECK(b == std::byte{0});
  CHECK(arena.floats("a").size() == 15);
  arena.floats("b")[6] = 2;
  CHECK(arena.data()[16 + 6] == 2);
  CHECK_THROWS_WITH_AS(arena.floats("nope"), "the weights have no tensor 'nope'", Error);
  Arena half(std::make_shared<const Manifest>(Manifest::lay_out({{"h", Dtype::float16, {4}}})));
  CHECK_THROWS_AS(half.floats("h"), Error);
}

TEST_CASE("fingerprints keep their values, by however many threads") {
  std::size_t count = 0;
  for (const GoldenFingerprint& golden : golden_fingerprints()) {
    CAPTURE(golden.bytes.size());
    ++count;
    for (unsigned threads : {0U, 1U, 2U, 7U})
      CHECK(fingerprint_of(golden.bytes, threads) == golden.fingerprint);
  }
  CHECK(count == 11);
}

TEST_CASE("a fingerprint is the root over the leaves of each MiB and the number of bytes") {
  Bytes bytes(2 * fingerprint_leaf_bytes + 3000, std::byte{7});
  bytes[fingerprint_leaf_bytes] = std::byte{1};
  ByteView view(bytes);
  std::array leaves{fingerprint_leaf(view.first(fingerprint_leaf_bytes)),
      fingerprint_leaf(view.subspan(fingerprint_leaf_bytes, fingerprint_leaf_bytes)),
      fingerprint_leaf(view.subspan(2 * fingerprint_leaf_bytes))};
  CHECK(leaves[0] != leaves[1]);
  CHECK(fingerprint_root(leaves, bytes.size()) == fingerprint_of(bytes));
  std::swap(leaves[0], leaves[1]);
  CHECK(fingerprint_root(leaves, bytes.size()) != fingerprint_of(bytes));
  // Zeros that are there are not zeros that are appended.
  CHECK(fingerprint_leaf(view.first(1)) == fingerprint_leaf(Bytes{std::byte{7}, std::byte{0}}));
  CHECK(fingerprint_of(view.first(1)) != fingerprint_of(Bytes{std::byte{7}, std::byte{0}}));
}

TEST_CASE("the fingerprint is the content's, whatever the version") {
  Arena a(two_tensors());
  Arena b(two_tensors());
  a.floats("a")[3] = b.floats("a")[3] = 1.5F;
  a.seal(1);
  b.seal(2);
  CHECK(a.fingerprint() == b.fingerprint());
  CHECK(a.version() == 1);
  CHECK(b.version() == 2);
  Arena c(two_tensors());
  c.seal(1);
  CHECK(c.fingerprint() != a.fingerprint());
  CHECK_THROWS_AS(c.seal(2), Bug);
}

TEST_CASE("an arena in shared memory is zero, aligned, and sealed for good") {
  Arena arena(two_tensors(), Arena::Backing::shared);
  CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % 64 == 0);
  for (std::byte b : arena.bytes()) CHECK(b == std::byte{0});
  Arena heap(two_tensors());
  arena.floats("b")[6] = heap.floats("b")[6] = 2;
  CHECK_FALSE(arena.blob());
  CHECK_THROWS_AS(static_cast<void>(arena.seal_received(1, 0)), Bug);
  arena.seal(1);
  heap.seal(1);
  CHECK(arena.blob().size() == 128);
  CHECK(arena.fingerprint() == heap.fingerprint());
  CHECK(std::as_const(arena).floats("b")[6] == 2);
  Arena none(std::make_shared<const Manifest>(), Arena::Backing::shared);
  none.seal(1);
  CHECK(none.fingerprint() == fingerprint_of({}));
}

TEST_CASE("received bytes are sealed only under the fingerprint that came with them") {
  Arena sent(two_tensors());
  sent.floats("a")[0] = 3;
  sent.seal(9);
  Arena received(two_tensors());
  std::memcpy(received.data(), sent.data(), sent.bytes().size());
  received.bytes()[5] ^= std::byte{1};
  CHECK_FALSE(received.seal_received(9, sent.fingerprint()));
  CHECK_FALSE(received.sealed());
  received.bytes()[5] ^= std::byte{1};
  CHECK(received.seal_received(9, sent.fingerprint()));
  CHECK(received.sealed());
  CHECK(received.version() == 9);
  CHECK(received.fingerprint() == sent.fingerprint());
}
