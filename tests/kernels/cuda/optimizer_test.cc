#include "kernels/cuda/rows/optimizer.h"

#include "kernels/cuda/rows/hash.h"
#include "kernels/ops.h"
#include "tests/kernels/cuda/device_values.h"
#include "tests/kernels/cuda/emulator.h"
#include "tests/support/golden_fingerprints.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/support/test.h"

namespace tramontane {
namespace {

namespace cuda = kernels::cuda;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

// XXH3-64 of the words, padded by zeros to whole KiB.
std::uint64_t padded_hash(std::vector<std::byte> bytes) {
  bytes.resize((bytes.size() + 1023) / 1024 * 1024);
  return XXH3_64bits(bytes.data(), bytes.size());
}

// The tree fingerprint, as ops.h defines it.
std::uint64_t tree_fingerprint(const std::byte* data, std::int64_t bytes) {
  std::vector<std::uint64_t> words;
  for (std::int64_t at = 0; at < bytes; at += cuda::fingerprint_leaf)
    words.push_back(padded_hash({data + at, data + std::min(at + cuda::fingerprint_leaf, bytes)}));
  words.push_back(static_cast<std::uint64_t>(bytes));
  const auto* from = reinterpret_cast<const std::byte*>(words.data());
  return padded_hash({from, from + words.size() * 8});
}

std::uint64_t device_fingerprint(std::uint32_t seed, const std::byte* data, std::int64_t bytes) {
  std::vector<std::uint64_t> leaves(size(cuda::fingerprint_words(bytes)), 1);
  std::uint64_t result = 0;
  Emulator emulator(seed);
  emulator.run({.x = cuda::fingerprint_words(bytes) / 4}, cuda::fingerprint_threads, 0,
      [&](EmulatedBlock& block) { cuda::hash_leaf(block, data, bytes, leaves.data()); });
  DeviceValues<std::uint64_t> aligned(cuda::fingerprint_words(bytes));
  std::copy(leaves.begin(), leaves.end(), aligned.data());
  emulator.run({}, 32, 0,
      [&](EmulatedBlock& block) { cuda::hash_root(block, bytes, aligned.data(), &result); });
  return result;
}

}  // namespace

TEST_CASE("a step of AdamW agrees with the CPU, and the arena gets its rounding") {
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{1027}, std::int64_t{4096}}) {
    DeviceSource source(static_cast<std::uint32_t>(n));
    auto p = source.floats(n);
    auto g = source.floats(n);
    auto m = source.floats(n, 0.1F);
    auto s = source.floats(n, 0.1F);
    for (std::int64_t i = 0; i < n; ++i) s[i] *= s[i];
    std::vector<float> cpu_p(p.data(), p.data() + n);
    std::vector<float> cpu_m(m.data(), m.data() + n);
    std::vector<float> cpu_s(s.data(), s.data() + n);
    kernels::adamw(
        {.learning_rate = 0.01F, .weight_decay = 0.1F, .gradient_scale = 0.25F, .step = 3},
        cpu_p.data(), g.data(), cpu_m.data(), cpu_s.data(), n);
    DeviceValues<Bfloat16> arena(n, {0x7fff});
    const float half = 0.5F;
    const cuda::AdamW a = {.device_scale = &half,
        .parameters = p.data(),
        .gradients = g.data(),
        .mean = m.data(),
        .square = s.data(),
        .arena = arena.data(),
        .n = n};
    const double b1 = 0.9F;
    const double b2 = 0.95F;
    const cuda::AdamWFactors f = {.beta1 = 0.9F,
        .beta2 = 0.95F,
        .rest1 = static_cast<float>(1 - b1),
        .rest2 = static_cast<float>(1 - b2),
        .decay = static_cast<float>(1 - double{0.01F} * 0.1F),
        .step = static_cast<float>(-0.01F / (1 - b1 * b1 * b1)),
        .root = static_cast<float>(1 / std::sqrt(1 - b2 * b2 * b2)),
        .eps = 1e-8F,
        .scale = 0.5F};
    Emulator(1).run({.x = (n + 1023) / 1024}, cuda::optimizer_threads, 0,
        [&](EmulatedBlock& block) { cuda::adamw_part(block, a, f); });
    CHECK(difference({p.data(), size(n)}, cpu_p) < 1e-6);
    CHECK(difference({m.data(), size(n)}, cpu_m) < 1e-6);
    CHECK(difference({s.data(), size(n)}, cpu_s) < 1e-6);
    for (std::int64_t i = 0; i < n; ++i) REQUIRE(arena[i].bits == cuda::to_bfloat16(p[i]).bits);
  }
}

TEST_CASE("the norm agrees with the CPU") {
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{50001}}) {
    DeviceSource source(9);
    auto x = source.floats(n);
    std::vector<double> sums(size(cuda::norm_parts(n)), NAN);
    double result = 0;
    Emulator emulator(2);
    emulator.run({.x = cuda::norm_parts(n)}, cuda::optimizer_threads, 256,
        [&](EmulatedBlock& block) { cuda::square_part(block, x.data(), n, sums.data()); });
    emulator.run({}, cuda::optimizer_threads, 256, [&](EmulatedBlock& block) {
      cuda::root_of_parts(block, sums.data(), cuda::norm_parts(n), &result);
    });
    CHECK(std::abs(result - kernels::norm(x.data(), n)) < 1e-12 * result);
  }
}

TEST_CASE("fingerprints are those that the CPU computes") {
  std::size_t count = 0;
  for (const GoldenFingerprint& golden : golden_fingerprints()) {
    const auto bytes = static_cast<std::int64_t>(golden.bytes.size());
    if (bytes % 16 != 0) continue;  // no arena's
    CAPTURE(bytes);
    DeviceValues<float> aligned(bytes / 4);
    std::memcpy(aligned.data(), golden.bytes.data(), golden.bytes.size());
    const auto* from = reinterpret_cast<const std::byte*>(aligned.data());
    CHECK(tree_fingerprint(from, bytes) == golden.fingerprint);
    CHECK(device_fingerprint(3, from, bytes) == golden.fingerprint);
    ++count;
  }
  CHECK(count == 10);
}

TEST_CASE("the fingerprint is the tree of XXH3-64, whatever the size") {
  DeviceSource source(10);
  for (const std::int64_t bytes :
      {std::int64_t{16}, std::int64_t{64}, std::int64_t{1024}, std::int64_t{1040},
          std::int64_t{5 * 1024 - 16}, cuda::fingerprint_leaf, cuda::fingerprint_leaf * 2 + 48}) {
    CAPTURE(bytes);
    auto data = source.floats(bytes / 4);
    const auto* from = reinterpret_cast<const std::byte*>(data.data());
    const std::uint64_t expected = tree_fingerprint(from, bytes);
    CHECK(device_fingerprint(1, from, bytes) == expected);
    data[source.whole(0, bytes / 4 - 1)] += 1;
    CHECK(device_fingerprint(2, from, bytes) != expected);
  }
}

}  // namespace tramontane
