// Times the kernels on one core at the main job's sizes, against at::linear with one thread and
// against the core's measured peak.
//
//   kernels_bench [--json] [NAME]     only rows whose name contains NAME
//   TRAM_ISA=portable|avx2|avx512     chooses the instruction set

#include "kernels/ops.h"
#include "tests/bench/peak.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace tramontane::kernels;
using Values = std::vector<float>;

bool json = false;
std::string filter;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

Values normal(std::int64_t n) {
  static std::mt19937 engine(1);
  std::normal_distribution<float> of(0, 1);
  Values values(size(n));
  for (float& v : values) v = of(engine);
  return values;
}

// Seconds of one call: the least of several samples, each long enough for the clock.
double seconds(const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  const auto time = [&](long calls) {
    const auto start = Clock::now();
    for (long i = 0; i < calls; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  body();
  long calls = 1;
  double once = time(calls);
  while (once < 2e-3) {
    calls *= 2;
    once = time(calls);
  }
  for (int sample = 0; sample < 7; ++sample) once = std::min(once, time(calls));
  return once / static_cast<double>(calls);
}

// Measured anew beside each row: what else runs on the machine changes the clock.
double peak_flops() {
  PeakLoop loop = portable::peak_loop;
#if defined(__x86_64__)
  if (isa() == std::string("avx512")) loop = avx512::peak_loop;
  if (isa() == std::string("avx2")) loop = avx2::peak_loop;
#endif
  double operations = 0;
  const double time = seconds([&] { operations = loop(20000); });
  return operations / time;
}

// Prints one row; flops 0 means that they say nothing, `items` are what is counted per second.
struct Row {
  std::string name;
  double flops = 0;
  double items = 0;
  std::function<void()> against;
};

void show(const Row& row, const std::function<void()>& body) {
  if (row.name.find(filter) == std::string::npos) return;
  const double time = seconds(body);
  const double other = row.against ? seconds(row.against) : 0;
  const double peak = row.flops > 0 ? peak_flops() : 1;
  if (json) {
    std::printf(
        "{\"bench\":\"kernels\",\"isa\":\"%s\",\"name\":\"%s\",\"us\":%.4f,\"gflops\":%.2f,"
        "\"peak_share\":%.4f,\"items_per_s\":%.0f,\"against_aten\":%.3f}\n",
        isa(), row.name.c_str(), time * 1e6, row.flops / time * 1e-9, row.flops / time / peak,
        row.items / time, other / time);
    return;
  }
  std::printf("%-44s %12.2f us", row.name.c_str(), time * 1e6);
  if (row.flops > 0)
    std::printf(" %8.1f GFLOP/s, %5.1f %% of %.0f", row.flops / time * 1e-9,
        row.flops / time / peak * 100, peak * 1e-9);
  if (row.items > 0) std::printf(" %10.0f tokens/s", row.items / time);
  if (other > 0) std::printf(" %7.2f x ATen", other / time);
  std::printf("\n");
}

void products() {
  struct Shape {
    const char* name;
    std::int64_t depth, columns;
  };

  for (const Shape& shape : {Shape{"qkv", 64, 192}, Shape{"projection", 64, 64},
           Shape{"gate_up", 64, 320}, Shape{"down", 160, 64}, Shape{"head", 64, 21},
           Shape{"wide", 1024, 1024}, Shape{"wider", 2048, 2048}}) {
    const Values w = normal(shape.columns * shape.depth);
    const PackedMatrix packed = PackedMatrix::transposed(w.data(), shape.columns, shape.depth);
    const at::Tensor tw = at::from_blob(const_cast<float*>(w.data()), {shape.columns, shape.depth});
    for (const std::int64_t rows : {1, 2, 4, 16, 64, 256, 4096}) {
      if (shape.depth >= 1024 && rows > 256) continue;
      const Values x = normal(rows * shape.depth);
      Values y(size(rows * shape.columns));
      const at::Tensor tx = at::from_blob(const_cast<float*>(x.data()), {rows, shape.depth});
      show({.name = std::string(shape.name) + " (" + std::to_string(rows) + ", " +
                    std::to_string(shape.depth) + ") x " + std::to_string(shape.columns),
               .flops = 2.0 * static_cast<double>(rows * shape.depth * shape.columns),
               .against = [&] { at::linear(tx, tw); }},
          [&] {
            multiply({.x = x.data(),
                .x_stride = shape.depth,
                .rows = rows,
                .w = &packed,
                .y = y.data(),
                .y_stride = shape.columns});
          });
    }
  }
}

void weight_gradients() {
  const std::int64_t rows = 4096;
  for (const auto& [n, k] : {std::pair<std::int64_t, std::int64_t>{192, 64}, {64, 64}, {320, 64},
           {64, 160}, {21, 64}, {1024, 1024}}) {
    const std::int64_t r = n >= 1024 ? 512 : rows;
    const Values dy = normal(r * n);
    const Values x = normal(r * k);
    Values dw(size(n * k), 0.0F);
    const at::Tensor tdy = at::from_blob(const_cast<float*>(dy.data()), {r, n});
    const at::Tensor tx = at::from_blob(const_cast<float*>(x.data()), {r, k});
    show({.name = "weight gradient (" + std::to_string(n) + ", " + std::to_string(k) + ") of " +
                  std::to_string(r) + " rows",
             .flops = 2.0 * static_cast<double>(r * n * k),
             .against = [&] { at::matmul(tdy.t(), tx); }},
        [&] { multiply_weight_gradient(dy.data(), x.data(), r, n, k, dw.data()); });
  }
}

// The main job's model.
constexpr std::int64_t width = 64, layers = 3, heads = 4, head_dim = 16, inner = 160, tokens = 21;

// Rows of sequences that all stand at the same context length.
struct Cache {
  Values memory;
  KvLayer layer;
  std::vector<std::int32_t> blocks;
  std::vector<KvRow> rows;

  Cache(std::int64_t sequences, std::int64_t context) {
    const std::int64_t per = (context + 15) / 16;
    const std::int64_t stride = heads * head_dim * 2 * kv_block;
    memory = normal(sequences * per * stride);
    layer = {memory.data(), stride, heads, head_dim};
    for (std::int64_t i = 0; i < sequences * per; ++i)
      blocks.push_back(static_cast<std::int32_t>(i));
    for (std::int64_t s = 0; s < sequences; ++s)
      rows.push_back({blocks.data() + s * per, static_cast<std::int32_t>(context - 1)});
  }
};

struct Model {
  PackedMatrix qkv, projection, gate_up, down, head;
  Values table = normal(tokens * width);
  Values norm = normal(width);
  std::vector<float> angles = rope_table(512, head_dim, 10000);

  static PackedMatrix pack(std::int64_t columns, std::int64_t depth) {
    return PackedMatrix::transposed(normal(columns * depth).data(), columns, depth);
  }

  Model()
      : qkv(pack(3 * width, width)),
        projection(pack(width, width)),
        gate_up(pack(2 * inner, width)),
        down(pack(width, inner)),
        head(pack(tokens, width)) {}
};

struct Buffers {
  Values x, h, qkv, attended, gate_up, gated, logits;

  explicit Buffers(std::int64_t rows)
      : x(size(rows * width)),
        h(x.size()),
        qkv(size(rows * 3 * width)),
        attended(x.size()),
        gate_up(size(rows * 2 * inner)),
        gated(size(rows * inner)),
        logits(size(rows * tokens)) {}
};

void times(const Values& x, const PackedMatrix& w, std::int64_t rows, Values& y, bool accumulate) {
  multiply({.x = x.data(),
      .x_stride = w.depth(),
      .rows = rows,
      .w = &w,
      .y = y.data(),
      .y_stride = w.columns(),
      .accumulate = accumulate});
}

void decode(const Model& m, const Cache& cache, const std::vector<std::int32_t>& ids,
    const std::vector<std::int32_t>& positions, Buffers& b) {
  const auto rows = static_cast<std::int64_t>(ids.size());
  embed(ids.data(), rows, m.table.data(), width, b.x.data());
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    rms_norm(b.x.data(), m.norm.data(), 1e-5F, rows, width, b.h.data(), nullptr);
    times(b.h, m.qkv, rows, b.qkv, false);
    rope(b.qkv.data(), 3 * width, positions.data(), rows, 2 * heads, head_dim, m.angles.data(),
        false);
    kv_store(b.qkv.data() + width, b.qkv.data() + 2 * width, 3 * width, cache.rows, cache.layer);
    attend({.q = b.qkv.data(),
               .q_stride = 3 * width,
               .rows = cache.rows,
               .heads = heads,
               .scale = 0.25F,
               .out = b.attended.data()},
        cache.layer);
    times(b.attended, m.projection, rows, b.x, true);
    rms_norm(b.x.data(), m.norm.data(), 1e-5F, rows, width, b.h.data(), nullptr);
    times(b.h, m.gate_up, rows, b.gate_up, false);
    swiglu(b.gate_up.data(), rows, inner, b.gated.data());
    times(b.gated, m.down, rows, b.x, true);
  }
  rms_norm(b.x.data(), m.norm.data(), 1e-5F, rows, width, b.h.data(), nullptr);
  times(b.h, m.head, rows, b.logits, false);
  for (std::int64_t r = 0; r < rows; ++r) sample(b.logits.data() + r * tokens, tokens, {}, 0.4F);
}

void decoding() {
  const Model m;
  const std::int64_t context = 40;
  const double flops =
      2.0 * static_cast<double>(
                layers * (width * (4 * width + 3 * inner) + 2 * context * width) + width * tokens);
  for (const std::int64_t batch : {1, 16, 64, 256, 512}) {
    const Cache cache(batch, context);
    const std::vector<std::int32_t> ids(size(batch), 3);
    const std::vector<std::int32_t> positions(size(batch), context - 1);
    Buffers b(batch);
    show({.name = "decode step, batch " + std::to_string(batch) + ", context 40",
             .flops = flops * static_cast<double>(batch),
             .items = static_cast<double>(batch)},
        [&] { decode(m, cache, ids, positions, b); });
  }
}

// 256 rows stay in the second-level cache, 4096 do not.
void per_row_ops(std::int64_t rows) {
  const std::int64_t length = 32;
  Buffers b(rows);
  for (Values* v : {&b.x, &b.qkv, &b.gate_up, &b.logits})
    *v = normal(static_cast<std::int64_t>(v->size()));
  const Values norm = normal(width);
  Values rstd(size(rows)), dweight(size(width)), log_sum(size(rows * heads)), lp(size(rows));
  const std::vector<std::int32_t> positions(size(rows), 17);
  const std::vector<std::int32_t> targets(size(rows), 5);
  const auto angles = rope_table(512, head_dim, 10000);
  const auto rows_of = [&](const char* name, double flops = 0) {
    return Row{.name = std::string(name) + ", " + std::to_string(rows) + " rows", .flops = flops};
  };
  show(rows_of("rms_norm"),
      [&] { rms_norm(b.x.data(), norm.data(), 1e-5F, rows, width, b.h.data(), rstd.data()); });
  show(rows_of("rms_norm_backward"), [&] {
    rms_norm_backward(
        b.x.data(), b.x.data(), norm.data(), rstd.data(), rows, width, b.h.data(), dweight.data());
  });
  show(rows_of("rope"), [&] {
    rope(
        b.qkv.data(), 3 * width, positions.data(), rows, 2 * heads, head_dim, angles.data(), false);
  });
  show(rows_of("swiglu"), [&] { swiglu(b.gate_up.data(), rows, inner, b.gated.data()); });
  Values dgate(b.gate_up.size());
  show(rows_of("swiglu_backward"),
      [&] { swiglu_backward(b.gated.data(), b.gate_up.data(), rows, inner, dgate.data()); });
  show(rows_of("token_log_prob"), [&] {
    token_log_prob(b.logits.data(), rows, tokens, targets.data(), 1, lp.data(), nullptr);
  });
  Values dlogits(b.logits.size());
  show(rows_of("token_log_prob_backward"), [&] {
    token_log_prob_backward(
        lp.data(), b.logits.data(), rows, tokens, targets.data(), 1, dlogits.data());
  });
  show(rows_of("sample"), [&] {
    for (std::int64_t r = 0; r < rows; ++r) sample(b.logits.data() + r * tokens, tokens, {}, 0.6F);
  });
  Cache cache(rows / length, length);
  std::vector<KvRow> all;
  std::vector<std::int64_t> starts = {0};
  for (const KvRow& last : cache.rows) {
    for (std::int32_t p = 0; p < length; ++p) all.push_back({last.blocks, p});
    starts.push_back(starts.back() + length);
  }
  const double pairs = static_cast<double>(rows) * (length + 1) / 2;
  show(rows_of("kv_store"), [&] {
    kv_store(b.qkv.data() + width, b.qkv.data() + 2 * width, 3 * width, all, cache.layer);
  });
  show(rows_of("attend, sequences of 32", 4 * pairs * width), [&] {
    attend({.q = b.qkv.data(),
               .q_stride = 3 * width,
               .rows = all,
               .heads = heads,
               .scale = 0.25F,
               .out = b.attended.data(),
               .log_sum = log_sum.data()},
        cache.layer);
  });
  Values gradient(b.qkv.size());
  show(rows_of("attend_backward, sequences of 32", 10 * pairs * width), [&] {
    attend_backward({.q = b.qkv.data(),
        .k = b.qkv.data() + width,
        .v = b.qkv.data() + 2 * width,
        .stride = 3 * width,
        .out = b.attended.data(),
        .dout = b.x.data(),
        .log_sum = log_sum.data(),
        .starts = starts,
        .heads = heads,
        .kv_heads = heads,
        .head_dim = head_dim,
        .scale = 0.25F,
        .dq = gradient.data(),
        .dk = gradient.data() + width,
        .dv = gradient.data() + 2 * width,
        .gradient_stride = 3 * width});
  });
}

void large() {
  const Values logits = normal(150000);
  show({.name = "sample, vocabulary 150000"}, [&] { sample(logits.data(), 150000, {}, 0.5F); });
  show({.name = "sample, vocabulary 150000, top_p 0.9"},
      [&] { sample(logits.data(), 150000, {.top_p = 0.9F}, 0.5F); });
  const std::int64_t n = 144000;
  Values p = normal(n), g = normal(n), m(size(n)), s(size(n));
  show({.name = "adamw, 144000 parameters"},
      [&] { adamw({.learning_rate = 1e-9F}, p.data(), g.data(), m.data(), s.data(), n); });
  show({.name = "norm, 144000 parameters"}, [&] { norm(g.data(), n); });
  show(
      {.name = "pack transposed, (320, 64)"}, [&] { PackedMatrix::transposed(p.data(), 320, 64); });
  show({.name = "pack plain, (320, 64)"}, [&] { PackedMatrix::plain(p.data(), 320, 64, 64); });
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else {
      filter = argv[i];
    }
  }
  at::set_num_threads(1);
  const c10::InferenceMode inference;
  if (!json) std::printf("%s, one core, peak %.1f GFLOP/s\n", isa(), peak_flops() * 1e-9);
  decoding();
  per_row_ops(256);
  per_row_ops(4096);
  large();
  products();
  weight_gradients();
}
