#include "kernels/cuda/rows/attend.h"

#include "kernels/ops.h"
#include "tests/kernels/cuda/device_values.h"
#include "tests/kernels/cuda/emulator.h"

#include <numeric>

#include "tests/support/test.h"

namespace tramontane {
namespace {

namespace cuda = kernels::cuda;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

// One sequence of `length` rows whose pages lie scattered in a cache that begins as NaN, on the
// device and on the CPU.
struct Sequence {
  std::int64_t heads, kv_heads, head_dim, length, window;
  DeviceValues<Bfloat16> qkv, q_norm, k_norm;
  DeviceValues<Bfloat16> device_cache;
  std::vector<float> cpu_cache;
  std::vector<float> cpu_qkv;
  std::vector<float> angles;
  std::vector<std::int32_t> pages, positions, sequences;
  bool norms;

  Sequence(DeviceSource& source, std::int64_t h, std::int64_t kv, std::int64_t d, std::int64_t n,
      std::int64_t w, bool with_norms)
      : heads(h),
        kv_heads(kv),
        head_dim(d),
        length(n),
        window(w),
        qkv(source.halves(n * (h + 2 * kv) * d, 1.5F)),
        q_norm(source.halves(d)),
        k_norm(source.halves(d)),
        device_cache(page_count() * page(), {0x7fff}),
        cpu_cache(size(page_count() * page()), NAN),
        norms(with_norms) {
    angles = kernels::rope_table(length, d, 10000);
    pages.resize(size(page_count()));
    std::iota(pages.begin(), pages.end(), 0);
    for (std::size_t i = pages.size(); i > 1; --i)
      std::swap(pages[i - 1], pages[size(source.whole(0, static_cast<std::int64_t>(i) - 1))]);
    positions.resize(size(n));
    std::iota(positions.begin(), positions.end(), 0);
    sequences.assign(size(n), 0);
    cpu_qkv = as_floats(qkv);
  }

  std::int64_t page_count() const { return (length + 15) / 16; }

  std::int64_t page() const { return kv_heads * head_dim * 32; }

  std::int64_t stride() const { return (heads + 2 * kv_heads) * head_dim; }

  float scale() const { return 1 / std::sqrt(static_cast<float>(head_dim)); }

  cuda::Places places() const {
    return {positions.data(), sequences.data(), pages.data(), page_count()};
  }

  cuda::KvCache cache() { return {device_cache.data(), page(), kv_heads, head_dim}; }

  std::vector<kernels::KvRow> cpu_rows() const {
    std::vector<kernels::KvRow> rows;
    for (std::int32_t position : positions) rows.push_back({pages.data(), position});
    return rows;
  }

  kernels::KvLayer cpu_layer() { return {cpu_cache.data(), page(), kv_heads, head_dim}; }

  void rotate_on_cpu() {
    if (norms) {
      const std::vector<float> q_weight = as_floats(q_norm);
      const std::vector<float> k_weight = as_floats(k_norm);
      for (std::int64_t r = 0; r < length; ++r) {
        float* row = cpu_qkv.data() + r * stride();
        std::vector<float> out(size((heads + kv_heads) * head_dim));
        kernels::rms_norm(row, q_weight.data(), 1e-6F, heads, head_dim, out.data(), nullptr);
        kernels::rms_norm(row + heads * head_dim, k_weight.data(), 1e-6F, kv_heads, head_dim,
            out.data() + heads * head_dim, nullptr);
        std::copy(out.begin(), out.end(), row);
      }
    }
    kernels::rope(cpu_qkv.data(), stride(), positions.data(), length, heads + kv_heads, head_dim,
        angles.data(), false);
    // What the device keeps of it.
    for (float& value : cpu_qkv) value = cuda::to_float(cuda::to_bfloat16(value));
    kernels::kv_store(cpu_qkv.data() + heads * head_dim,
        cpu_qkv.data() + (heads + kv_heads) * head_dim, stride(), cpu_rows(), cpu_layer());
  }

  void rotate(std::uint32_t seed) {
    const cuda::Rotate r = {.qkv = qkv.data(),
        .rows = length,
        .heads = heads,
        .q_norm = norms ? q_norm.data() : nullptr,
        .k_norm = norms ? k_norm.data() : nullptr,
        .eps = 1e-6F,
        .angles = angles.data(),
        .places = places(),
        .cache = cache()};
    Emulator(seed).run({.x = (heads + 2 * kv_heads + 3) / 4, .y = length}, cuda::rotary_threads, 0,
        [&](EmulatedBlock& block) { cuda::rotate_heads(block, r); });
  }
};

// Attention of some rows of a sequence, by `side_by_side` blocks to a row's head.
template <int D, int G>
void attend(std::uint32_t seed, Sequence& s, std::int64_t first, std::int64_t rows,
    std::int64_t side_by_side, DeviceValues<Bfloat16>& out, DeviceValues<float>& log_sum) {
  const std::int64_t parts = cuda::attend_parts(s.length) + 1;
  DeviceValues<float> parts_out(rows * s.heads * parts * D, NAN);
  DeviceValues<float> parts_sum(rows * s.heads * parts * 2, NAN);
  DeviceValues<std::uint32_t> arrived(rows * s.heads, 0);
  cuda::Places places = s.places();
  places.positions += first;
  const cuda::Attend a = {.q = s.qkv.data() + first * s.stride(),
      .q_stride = s.stride(),
      .rows = rows,
      .heads = s.heads,
      .scale = s.scale(),
      .window = s.window,
      .places = places,
      .cache = s.cache(),
      .parts = parts,
      .parts_out = parts_out.data(),
      .parts_sum = parts_sum.data(),
      .arrived = arrived.data(),
      .out = out.data(),
      .log_sum = log_sum.data()};
  Emulator emulator(seed);
  emulator.run({.x = side_by_side, .y = s.heads / G, .z = rows}, cuda::attend_threads,
      sizeof(cuda::AttendShared<D, G>),
      [&](EmulatedBlock& block) { cuda::attend_parts_of_row<D, G>(block, a); });
  for (std::int64_t i = 0; i < arrived.size(); ++i) REQUIRE(arrived[i] == 0);
}

template <int D, int G>
void compare(std::uint32_t seed, std::int64_t kv_heads, std::int64_t length, std::int64_t window) {
  CAPTURE(D);
  CAPTURE(G);
  CAPTURE(length);
  CAPTURE(window);
  DeviceSource source(seed);
  Sequence s(source, kv_heads * G, kv_heads, D, length, window, seed % 2 == 0);
  s.rotate_on_cpu();
  s.rotate(seed);
  CHECK(difference(as_floats(s.qkv), s.cpu_qkv) < 2.0);  // k and v are not written back
  const std::int64_t rows = std::min<std::int64_t>(length, 3);
  const std::int64_t first = length - rows;
  std::vector<float> expected(size(rows * s.heads * D));
  std::vector<float> sums(size(rows * s.heads));
  const auto cpu_rows = s.cpu_rows();
  kernels::attend({.q = s.cpu_qkv.data() + first * s.stride(),
                      .q_stride = s.stride(),
                      .rows = std::span(cpu_rows).subspan(size(first)),
                      .heads = s.heads,
                      .scale = s.scale(),
                      .window = window,
                      .out = expected.data(),
                      .log_sum = sums.data()},
      s.cpu_layer());
  DeviceValues<Bfloat16> out(rows * s.heads * D, {0x7fff});
  DeviceValues<float> log_sum(rows * s.heads, NAN);
  attend<D, G>(seed, s, first, rows, 2, out, log_sum);
  CHECK(difference(as_floats(out), expected) < 2 * rounding);
  CHECK(difference({log_sum.data(), size(rows * s.heads)}, sums) < 0.01);
  // The last row alone, by other blocks, has the same bits.
  DeviceValues<Bfloat16> alone(s.heads * D, {0x7fff});
  DeviceValues<float> alone_sum(s.heads, NAN);
  attend<D, G>(seed + 1, s, length - 1, 1, 5, alone, alone_sum);
  for (std::int64_t i = 0; i < s.heads * D; ++i)
    REQUIRE(alone[i].bits == out[(rows - 1) * s.heads * D + i].bits);
}

}  // namespace

TEST_CASE("attention over a paged cache agrees with the CPU") {
  compare<128, 2>(1, 2, 300, 0);
  compare<128, 4>(2, 1, 140, 0);
  compare<64, 1>(3, 2, 150, 0);
  compare<32, 2>(4, 1, 17, 0);
  compare<16, 4>(5, 1, 40, 0);
  compare<256, 1>(6, 1, 130, 0);
  compare<128, 1>(7, 1, 1, 0);
}

TEST_CASE("a sliding window hides what is before it") {
  compare<128, 2>(11, 1, 300, 100);
  compare<64, 2>(12, 1, 200, 1);
  compare<16, 1>(13, 1, 290, 129);
}

TEST_CASE("an idle row stores nothing and attends to nothing") {
  DeviceSource source(21);
  Sequence s(source, 2, 1, 32, 4, 0, false);
  s.positions = {-1, -1, -1, -1};
  s.rotate(1);
  for (std::int64_t i = 0; i < s.device_cache.size(); ++i)
    REQUIRE(s.device_cache[i].bits == 0x7fff);
  DeviceValues<Bfloat16> out(4 * 2 * 32, {0x7fff});
  DeviceValues<float> log_sum(8, NAN);
  attend<32, 2>(1, s, 0, 4, 1, out, log_sum);
  for (std::int64_t i = 0; i < out.size(); ++i) REQUIRE(out[i].bits == 0);
}

}  // namespace tramontane
