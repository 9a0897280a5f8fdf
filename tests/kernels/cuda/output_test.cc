#include "kernels/cuda/rows/sample.h"
#include "kernels/ops.h"
#include "runtime/base/random.h"
#include "tests/kernels/cuda/device_values.h"
#include "tests/kernels/cuda/emulator.h"

#include "tests/support/test.h"

namespace tramontane {
namespace {

namespace cuda = kernels::cuda;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

constexpr std::size_t scan_shared = sizeof(cuda::OutputShared);

// Rows of logits with what the kernels keep about them.
struct Row {
  DeviceValues<float> logits;
  DeviceValues<float> tops;
  DeviceValues<double> masses;
  cuda::Logits l;

  Row(DeviceSource& source, std::int64_t rows, std::int64_t vocabulary, float temperature)
      : logits(source.floats(rows * vocabulary, 3)),
        tops(rows * cuda::output_parts(vocabulary), NAN),
        masses(rows * cuda::output_parts(vocabulary), NAN) {
    l = {logits.data(), rows, vocabulary, temperature, tops.data(), masses.data()};
  }

  void weigh(Emulator& emulator) {
    const Emulator::Grid grid = {.x = cuda::output_parts(l.vocabulary), .y = l.rows};
    emulator.run(grid, cuda::output_threads, scan_shared,
        [&](EmulatedBlock& block) { cuda::top_of_part(block, l); });
    emulator.run(grid, cuda::output_threads, scan_shared,
        [&](EmulatedBlock& block) { cuda::mass_of_part(block, l); });
  }
};

// The kernels of sampling, as sample() launches them.
void run_sample(Emulator& emulator, cuda::Sample s) {
  const std::int64_t rows = s.logits.rows;
  const std::int64_t words = cuda::cut_words(s.logits.vocabulary);
  DeviceValues<std::uint32_t> arrived(rows, 0);
  DeviceValues<std::uint64_t> cut(rows * words, 0x7ff0123456789abc);
  s.arrived = arrived.data();
  s.cut = cut.data();
  const Emulator::Grid grid = {.x = cuda::output_parts(s.logits.vocabulary), .y = rows};
  const auto run = [&](auto body) {
    emulator.run(grid, cuda::output_threads, sizeof(cuda::SampleShared), body);
  };
  run([&](EmulatedBlock& block) { cuda::sample_tops(block, s); });
  run([&](EmulatedBlock& block) { cuda::sample_masses(block, s); });
  if (cuda::cuts(s)) run([&](EmulatedBlock& block) { cuda::sample_cut(block, s); });
  for (std::int64_t r = 0; r < rows; ++r) CHECK(arrived[r] == 0);
}

kernels::Sampled sample(std::uint32_t seed, Row& row, float top_p, float u) {
  Emulator emulator(seed);
  kernels::Sampled sampled{.token = -2, .log_prob = 7};
  cuda::Sample s;
  s.logits = row.l;
  s.top_p = top_p;
  s.u = &u;
  s.tokens = &sampled.token;
  s.log_probs = &sampled.log_prob;
  // The first row alone.
  s.logits.rows = 1;
  run_sample(emulator, s);
  return sampled;
}

// Both rules agree, but where the draw falls so close to the border of two tokens that rounding
// decides: then a draw beside it gives the other's token.
bool agree(const Row& row, float top_p, float u, kernels::Sampled found) {
  const kernels::Sampling sampling = {row.l.temperature, top_p};
  for (const float beside : {u, u - 2e-6F, u + 2e-6F}) {
    const auto expected = kernels::sample(
        row.l.at, row.l.vocabulary, sampling, std::clamp(beside, 0.0F, 0.99999994F));
    if (expected.token != found.token) continue;
    return std::isnan(expected.log_prob)   ? std::isnan(found.log_prob)
           : std::isinf(expected.log_prob) ? expected.log_prob == found.log_prob
                                           : std::abs(expected.log_prob - found.log_prob) < 1e-5;
  }
  return false;
}

}  // namespace

TEST_CASE("sampling follows the CPU's rule") {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    DeviceSource source(seed);
    const std::int64_t vocabulary = source.whole(1, seed % 4 == 0 ? 6000 : 300);
    const float temperature = seed % 3 == 0 ? 1.0F : 0.3F + source.uniform();
    const float top_p = seed % 2 == 0   ? 1.0F
                        : seed % 9 == 0 ? 0.0F
                                        : 0.05F + 0.9F * source.uniform();
    Row row(source, 1, vocabulary, temperature);
    if (seed % 5 == 0)  // ties
      for (std::int64_t i = 0; i < vocabulary; ++i) row.logits[i] = std::round(row.logits[i]);
    if (seed % 7 == 0) row.logits[source.whole(0, vocabulary - 1)] = -INFINITY;
    for (const float u : {0.0F, source.uniform(), 0.99999994F}) {
      CAPTURE(seed);
      CAPTURE(vocabulary);
      CAPTURE(top_p);
      CAPTURE(u);
      CHECK(agree(row, top_p, u, sample(seed, row, top_p, u)));
    }
  }
}

TEST_CASE("a cut through thousands of nearly equal tokens follows the CPU's rule") {
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    DeviceSource source(seed);
    Row row(source, 1, 5000, 1);
    for (std::int64_t i = 0; i < 5000; ++i) row.logits[i] = seed == 0 ? 1 : row.logits[i] * 1e-4F;
    for (const float u : {0.0F, source.uniform(), 0.99999994F}) {
      CAPTURE(seed);
      CAPTURE(u);
      CHECK(agree(row, 0.7F, u, sample(seed, row, 0.7F, u)));
    }
  }
}

TEST_CASE("a greedy row takes the first of the largest") {
  DeviceSource source(3);
  Row row(source, 1, 5000, 0);
  for (const std::int64_t at : {std::int64_t{4096}, std::int64_t{4100}, std::int64_t{2047}}) {
    row.logits[at] = 50;
    row.logits[at + 1] = 50;
    const auto found = sample(1, row, 1, 0.7F);
    CHECK(found.token == kernels::sample(row.l.at, 5000, {0, 1}, 0.7F).token);
    CHECK(found.log_prob == 0);
  }
}

TEST_CASE("a row without a distribution gives no token") {
  for (const float bad : {NAN, INFINITY}) {
    DeviceSource source(4);
    Row row(source, 1, 2100, 1);
    row.logits[2099] = bad;
    const auto found = sample(1, row, 1, 0.5F);
    CHECK(found.token == -1);
    CHECK(std::isnan(found.log_prob));
  }
  DeviceSource source(5);
  Row row(source, 1, 70, 1);
  std::fill_n(row.logits.data(), 70, -INFINITY);
  CHECK(sample(1, row, 0.5F, 0.5F).token == -1);
}

TEST_CASE("a row draws at its own seed, stream and position, and an idle one not at all") {
  DeviceSource source(6);
  Row row(source, 3, 900, 1);
  Emulator emulator(1);
  const std::uint64_t seeds[] = {7, 8, 9};
  const std::uint64_t streams[] = {1ULL << 40, 5, 6};
  const std::int32_t positions[] = {3, -1, 0};
  std::int32_t tokens[] = {-2, -2, -2};
  float log_probs[3] = {};
  cuda::Sample s;
  s.logits = row.l;
  s.draws = {seeds, streams, positions};
  s.tokens = tokens;
  s.log_probs = log_probs;
  run_sample(emulator, s);
  for (const std::size_t r : {std::size_t{0}, std::size_t{2}}) {
    const float u = uniform({seeds[r], streams[r], static_cast<std::uint32_t>(positions[r]), 0});
    CHECK(tokens[r] == kernels::sample(row.l.at + r * 900, 900, {1, 1}, u).token);
  }
  CHECK(tokens[1] == -1);
}

TEST_CASE(
    "log-probabilities, entropy and gradient agree with the CPU, and with sampling to the bit") {
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    DeviceSource source(seed);
    const std::int64_t vocabulary = source.whole(1, 5000);
    const float temperature = seed == 3 ? 0.0F : seed % 2 == 0 ? 1.0F : 0.7F;
    CAPTURE(seed);
    Row row(source, 2, vocabulary, temperature);
    const auto drawn = sample(seed, row, 1, source.uniform());
    const std::int32_t targets[] = {
        drawn.token, static_cast<std::int32_t>(source.whole(0, vocabulary - 1))};
    float expected[2];
    float entropies[2];
    kernels::token_log_prob(row.l.at, 2, vocabulary, targets, temperature, expected, entropies);
    float found[2] = {NAN, NAN};
    float entropy[2] = {NAN, NAN};
    Emulator emulator(seed);
    row.weigh(emulator);
    const cuda::TokenLogProb t = {row.l, targets, found, entropy};
    emulator.run({.x = 2}, cuda::output_threads, scan_shared,
        [&](EmulatedBlock& block) { cuda::log_prob_of_row(block, t); });
    CHECK(found[0] == drawn.log_prob);
    for (int r = 0; r < 2; ++r) {
      if (temperature == 0) {
        CHECK(found[r] == expected[r]);
      } else {
        CHECK(std::abs(found[r] - expected[r]) < 1e-5);
      }
      CHECK(std::abs(entropy[r] - entropies[r]) < 1e-5);
    }
    if (temperature == 0) continue;
    const float slopes[] = {0.5F, -2.0F};
    std::vector<float> gradient(size(2 * vocabulary));
    kernels::token_log_prob_backward(
        slopes, row.l.at, 2, vocabulary, targets, temperature, gradient.data());
    DeviceValues<float> own(2 * vocabulary, NAN);
    const cuda::TokenLogProbBackward b = {row.l, targets, slopes, own.data()};
    emulator.run({.x = cuda::output_parts(vocabulary), .y = 2}, cuda::output_threads, scan_shared,
        [&](EmulatedBlock& block) { cuda::log_prob_backward_of_part(block, b); });
    CHECK(difference({own.data(), size(2 * vocabulary)}, gradient) < 1e-5);
  }
}

}  // namespace tramontane
