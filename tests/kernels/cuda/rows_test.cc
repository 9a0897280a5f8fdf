#include "kernels/cuda/rows/experts.h"
#include "kernels/cuda/rows/norm.h"
#include "kernels/ops.h"
#include "runtime/base/random.h"
#include "tests/kernels/cuda/device_values.h"
#include "tests/kernels/cuda/emulator.h"

#include "tests/support/test.h"

namespace tramontane {

namespace cuda = kernels::cuda;

TEST_CASE("a barrier that not all threads reach is reported") {
  Emulator emulator(1);
  CHECK_THROWS_AS(emulator.run({}, 64, 0,
                      [](EmulatedBlock& block) {
                        if (block.thread() < 40) block.barrier();
                      }),
      Divergence);
  CHECK_THROWS_AS(emulator.run({}, 32, 0,
                      [](EmulatedBlock& block) {
                        if (block.thread() != 3) block.shuffle_xor(1.0F, 1);
                      }),
      Divergence);
}

TEST_CASE("a missing barrier gives a wrong sum for some order") {
  int wrong = 0;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    float seen = 0;
    Emulator(seed).run({}, 64, 256, [&](EmulatedBlock& block) {
      auto* shared = reinterpret_cast<float*>(block.shared());
      shared[block.thread()] = 1;
      if (block.thread() != 0) return;
      for (int i = 0; i < 64; ++i) seen += shared[i];
    });
    wrong += seen != 64 ? 1 : 0;
  }
  CHECK(wrong > 10);
}

TEST_CASE("rounding to bfloat16 is to the nearest, ties to even, and keeps NaN") {
  CHECK(cuda::to_bfloat16(1.0F).bits == 0x3f80);
  CHECK(cuda::to_bfloat16(1.00390625F).bits == 0x3f80);  // half way: to the even one below
  CHECK(cuda::to_bfloat16(1.01171875F).bits == 0x3f82);  // … and above
  CHECK(cuda::to_bfloat16(3.4e38F).bits == 0x7f80);
  CHECK(cuda::to_bfloat16(-INFINITY).bits == 0xff80);
  CHECK(std::isnan(cuda::to_float(cuda::to_bfloat16(NAN))));
}

TEST_CASE("the device's draw is the CPU's") {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const std::uint64_t seed = i * 0x9E3779B97F4A7C15ULL;
    const std::uint64_t stream = i * i << 30;
    const auto position = static_cast<std::uint32_t>(i * 77);
    CHECK(cuda::uniform_draw(seed, stream, position) ==
          uniform({.seed = seed, .stream = stream, .position = position, .lane = 0}));
  }
}

TEST_CASE("an embedding is the row of the table, and of an idle row zeros") {
  DeviceSource source(2);
  auto table = source.halves(std::int64_t{7} * 72);
  DeviceValues<Bfloat16> out(std::int64_t{3} * 72, {0x7fff});
  const std::int32_t ids[] = {6, -1, 0};
  const cuda::Embed e = {ids, 3, table.data(), 72, out.data()};
  Emulator(3).run({.x = 3}, 32, 0, [&](EmulatedBlock& block) { cuda::embed_row(block, e); });
  for (std::int64_t i = 0; i < 72; ++i) {
    CHECK(out[i].bits == table[6 * 72 + i].bits);
    CHECK(out[72 + i].bits == 0);
    CHECK(out[144 + i].bits == table[i].bits);
  }
}

TEST_CASE("RMSNorm with its residual agrees with the CPU") {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    DeviceSource source(seed);
    const std::int64_t rows = source.whole(1, 4);
    const std::int64_t width = source.whole(1, 300) * 8;
    CAPTURE(seed);
    CAPTURE(width);
    auto x = source.halves(rows * width, 2);
    auto more = source.halves(rows * width);
    auto weight = source.halves(width);
    const bool adds = seed % 2 == 0;
    DeviceValues<Bfloat16> sums(rows * width);
    for (std::int64_t i = 0; i < rows * width; ++i)
      sums[i] = adds ? cuda::to_bfloat16(cuda::to_float(x[i]) + cuda::to_float(more[i])) : x[i];
    std::vector<float> expected(static_cast<std::size_t>(rows * width));
    std::vector<float> scales(static_cast<std::size_t>(rows));
    kernels::rms_norm(as_floats(sums).data(), as_floats(weight).data(), 1e-5F, rows, width,
        expected.data(), scales.data());
    DeviceValues<Bfloat16> y(rows * width, {0x7fff});
    DeviceValues<float> rstd(rows, NAN);
    const cuda::RmsNorm n = {.x = x.data(),
        .addend = adds ? more.data() : nullptr,
        .weight = weight.data(),
        .eps = 1e-5F,
        .rows = rows,
        .width = width,
        .y = y.data(),
        .rstd = rstd.data()};
    Emulator(seed).run({.x = rows}, cuda::norm_threads, 128,
        [&](EmulatedBlock& block) { cuda::rms_norm_row(block, n); });
    CHECK(difference(as_floats(y), expected) < rounding);
    CHECK(difference({rstd.data(), static_cast<std::size_t>(rows)}, scales) < 1e-6);
    for (std::int64_t i = 0; i < rows * width; ++i) REQUIRE(x[i].bits == sums[i].bits);
  }
}

TEST_CASE("SwiGLU agrees with the CPU") {
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    DeviceSource source(seed);
    const std::int64_t rows = source.whole(1, 3);
    const std::int64_t width = source.whole(1, 200) * 8;
    auto both = source.halves(rows * 2 * width, 3);
    std::vector<float> expected(static_cast<std::size_t>(rows * width));
    kernels::swiglu(as_floats(both).data(), rows, width, expected.data());
    DeviceValues<Bfloat16> out(rows * width, {0x7fff});
    const cuda::Swiglu s = {both.data(), rows, width, out.data()};
    Emulator(seed).run({.x = (width + 511) / 512, .y = rows}, 64, 0,
        [&](EmulatedBlock& block) { cuda::swiglu_row(block, s); });
    CHECK(difference(as_floats(out), expected) < rounding);
  }
}

TEST_CASE("routing agrees with the CPU, whatever the logits") {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    DeviceSource source(seed);
    const std::int64_t experts = source.whole(1, 130);
    const std::int64_t top = source.whole(1, std::min<std::int64_t>(experts, 9));
    const bool normalise = seed % 2 == 0;
    CAPTURE(seed);
    auto logits = source.floats(experts, 2);
    if (seed % 3 == 0)  // ties
      for (std::int64_t e = 0; e < experts; ++e) logits[e] = std::round(logits[e]);
    if (seed % 7 == 5) logits[source.whole(0, experts - 1)] = NAN;
    if (seed % 7 == 6) std::fill_n(logits.data(), experts, -INFINITY);
    std::vector<std::int32_t> chosen(static_cast<std::size_t>(top));
    std::vector<float> weights(static_cast<std::size_t>(top));
    kernels::route(logits.data(), 1, experts, top, normalise, chosen.data(), weights.data());
    std::vector<std::int32_t> ids(static_cast<std::size_t>(top), -1);
    std::vector<float> shares(static_cast<std::size_t>(top), -1);
    const cuda::Route r = {logits.data(), 1, experts, top, normalise, ids.data(), shares.data()};
    Emulator(seed).run(
        {}, cuda::route_threads, 0, [&](EmulatedBlock& block) { cuda::route_row(block, r); });
    CHECK(ids == chosen);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      CHECK(std::isnan(shares[i]) == std::isnan(weights[i]));
      if (!std::isnan(weights[i])) CHECK(std::abs(shares[i] - weights[i]) < 1e-6);
    }
  }
}

TEST_CASE("the sum over experts agrees with the CPU") {
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    DeviceSource source(seed);
    const std::int64_t rows = source.whole(1, 4);
    const std::int64_t top = source.whole(1, 4);
    const std::int64_t width = source.whole(1, 80) * 8;
    auto outs = source.halves(rows * top * width);
    auto y = source.halves(rows * width);
    auto weights = source.floats(rows * top);
    std::vector<std::int32_t> places(static_cast<std::size_t>(rows * top));
    for (std::size_t i = 0; i < places.size(); ++i)
      places[i] = static_cast<std::int32_t>(places.size() - 1 - i);
    std::vector<float> expected = as_floats(y);
    const float* weighted = seed % 2 == 0 ? weights.data() : nullptr;
    kernels::combine(
        as_floats(outs).data(), weighted, places.data(), rows, top, width, expected.data());
    const cuda::Combine c = {outs.data(), weighted, places.data(), rows, top, width, y.data()};
    Emulator(seed).run({.x = (width + 255) / 256, .y = rows}, 32, 0,
        [&](EmulatedBlock& block) { cuda::combine_row(block, c); });
    CHECK(difference(as_floats(y), expected) < rounding);
  }
}

}  // namespace tramontane
