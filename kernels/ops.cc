#include "kernels/ops.h"

#include "kernels/cpu/table.h"
#include "kernels/rope_table.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tramontane::kernels {
namespace {

struct Choice {
  const char* name;
  const Table* table;
};

// Best first; only those that this processor runs.
std::vector<Choice> available() {
  std::vector<Choice> choices;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    choices.push_back({"avx512", &avx512::table});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    choices.push_back({"avx2", &avx2::table});
#endif
  choices.push_back({"portable", &portable::table});
  return choices;
}

Choice choose() {
  const std::vector<Choice> choices = available();
  const char* wanted = std::getenv("TRAM_ISA");
  if (!wanted || !*wanted) return choices.front();
  std::string names;
  for (const Choice& choice : choices) {
    if (std::strcmp(choice.name, wanted) == 0) return choice;
    names += names.empty() ? "" : ", ";
    names += choice.name;
  }
  throw Error(Errc::bad_input,
      str("TRAM_ISA=", wanted, " is not an instruction set of this machine; it has: ", names,
          ". Unset TRAM_ISA to use the best."));
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

const Table& table() {
  return *chosen().table;
}

}  // namespace

const char* isa() {
  return chosen().name;
}

void to_bfloat16(const float* values, std::int64_t n, Bfloat16* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = cuda::to_bfloat16(values[i]);
}

void to_float32(const Bfloat16* values, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = cuda::to_float(values[i]);
}

std::int64_t PackedMatrix::words(std::int64_t depth, std::int64_t columns, bool bfloat16) {
  return (columns + 15) / 16 * 16 * (bfloat16 ? (depth + 1) / 2 : depth);
}

PackedMatrix::PackedMatrix(std::int64_t depth, std::int64_t columns, bool bfloat16, Memory memory)
    : depth_(depth),
      columns_(columns),
      bfloat16_(bfloat16),
      panels_(words(depth, columns, bfloat16), memory) {}

// Into a half of its word.
void PackedMatrix::put(std::int64_t k, std::int64_t column, Bfloat16 value) {
  const std::int64_t word = (column / 16 * ((depth_ + 1) / 2) + k / 2) * 16 + column % 16;
  std::memcpy(reinterpret_cast<std::byte*>(panels_.data() + word) + k % 2 * 2, &value.bits, 2);
}

PackedMatrix PackedMatrix::transposed(
    const Bfloat16* weight, std::int64_t columns, std::int64_t depth, Memory memory) {
  PackedMatrix packed(depth, columns, true, memory);
  for (std::int64_t column = 0; column < columns; ++column)
    for (std::int64_t k = 0; k < depth; ++k) packed.put(k, column, weight[column * depth + k]);
  return packed;
}

PackedMatrix PackedMatrix::plain(const Bfloat16* values, std::int64_t depth, std::int64_t columns,
    std::int64_t stride, Memory memory) {
  PackedMatrix packed(depth, columns, true, memory);
  for (std::int64_t k = 0; k < depth; ++k)
    for (std::int64_t column = 0; column < columns; ++column)
      packed.put(k, column, values[k * stride + column]);
  return packed;
}

PackedMatrix PackedMatrix::transposed(
    const float* weight, std::int64_t columns, std::int64_t depth, Memory memory) {
  PackedMatrix packed(depth, columns, false, memory);
  for (std::int64_t column = 0; column < columns; ++column) {
    const float* from = weight + column * depth;
    float* to = packed.panels_.data() + column / 16 * depth * 16 + column % 16;
    for (std::int64_t k = 0; k < depth; ++k) to[k * 16] = from[k];
  }
  return packed;
}

PackedMatrix PackedMatrix::plain(const float* values, std::int64_t depth, std::int64_t columns,
    std::int64_t stride, Memory memory) {
  PackedMatrix packed(depth, columns, false, memory);
  for (std::int64_t panel = 0; panel * 16 < columns; ++panel) {
    const auto width = static_cast<std::size_t>(std::min<std::int64_t>(16, columns - panel * 16));
    for (std::int64_t k = 0; k < depth; ++k) {
      std::memcpy(packed.panels_.data() + (panel * depth + k) * 16,
          values + k * stride + panel * 16, width * sizeof(float));
    }
  }
  return packed;
}

void multiply(const Multiply& m) {
  TRAM_CHECK(m.w != nullptr, "multiply without a matrix");
  const auto product = m.w->bfloat16() ? table().multiply_bfloat16 : table().multiply;
  TRAM_CHECK(m.column_begin % 16 == 0, "columns in the middle of a panel", m.column_begin);
  const std::int64_t begin = m.column_begin;
  const std::int64_t end = m.column_end < 0 ? m.w->columns() : m.column_end;
  product({.x = m.x,
      .x_stride = m.x_stride,
      .rows = m.rows,
      .panels = m.w->panels() + PackedMatrix::words(m.w->depth(), begin, m.w->bfloat16()),
      .depth = m.w->depth(),
      .columns = end - begin,
      .bias = m.bias == nullptr ? nullptr : m.bias + begin,
      .y = m.y + begin,
      .y_stride = m.y_stride,
      .accumulate = m.accumulate});
}

void multiply_weight_gradient(
    const float* dy, const float* x, std::int64_t rows, std::int64_t n, std::int64_t k, float* dw) {
  table().multiply_weight_gradient(dy, x, rows, n, k, dw, 0, n);
}

void multiply_weight_gradient(const float* dy, const float* x, std::int64_t rows, std::int64_t n,
    std::int64_t k, float* dw, std::int64_t begin, std::int64_t end) {
  table().multiply_weight_gradient(dy, x, rows, n, k, dw, begin, end);
}

void sum_rows(const float* dy, std::int64_t rows, std::int64_t n, float* db) {
  table().sum_rows(dy, rows, n, db);
}

void embed(const std::int32_t* ids, std::int64_t rows, const float* table, std::int64_t width,
    float* out) {
  for (std::int64_t row = 0; row < rows; ++row)
    std::memcpy(out + row * width, table + ids[row] * width,
        static_cast<std::size_t>(width) * sizeof(float));
}

void embed(const std::int32_t* ids, std::int64_t rows, const Bfloat16* table, std::int64_t width,
    float* out) {
  for (std::int64_t row = 0; row < rows; ++row)
    to_float32(table + ids[row] * width, width, out + row * width);
}

void embed_backward(const std::int32_t* ids, std::int64_t rows, const float* dout,
    std::int64_t width, float* dtable) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float* to = dtable + ids[row] * width;
    table().add(to, dout + row * width, width, to);
  }
}

void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width,
    float* y, float* rstd) {
  table().rms_norm(x, weight, eps, rows, width, y, rstd);
}

void rms_norm_backward(const float* dy, const float* x, const float* weight, const float* rstd,
    std::int64_t rows, std::int64_t width, float* dx, float* dweight) {
  table().rms_norm_backward(dy, x, weight, rstd, rows, width, dx, dweight);
}

void add(const float* x, const float* z, std::int64_t n, float* y) {
  table().add(x, z, n, y);
}

std::vector<float> rope_table(std::int64_t positions, std::int64_t head_dim, double theta) {
  TRAM_CHECK(head_dim % 2 == 0, "rotary embedding needs an even head_dim", head_dim);
  return rope_angles(positions, rope_frequencies(head_dim, theta), 1);
}

std::vector<float> rope_table(
    std::int64_t positions, std::span<const float> frequencies, float factor) {
  return rope_angles(positions, frequencies, factor);
}

void rope(float* x, std::int64_t stride, const std::int32_t* positions, std::int64_t rows,
    std::int64_t heads, std::int64_t head_dim, const float* angles, bool inverse) {
  TRAM_CHECK(head_dim % 2 == 0, "rotary embedding needs an even head_dim", head_dim);
  table().rope(x, stride, positions, rows, heads, head_dim, angles, inverse);
}

void swiglu(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  table().swiglu(gate_up, rows, width, out);
}

void swiglu_backward(const float* dout, const float* gate_up, std::int64_t rows, std::int64_t width,
    float* dgate_up) {
  table().swiglu_backward(dout, gate_up, rows, width, dgate_up);
}

void route(const float* logits, std::int64_t rows, std::int64_t experts, std::int64_t top,
    bool normalise, std::int32_t* chosen, float* weights) {
  TRAM_CHECK(top > 0, "no experts are to be chosen", top);
  TRAM_CHECK(top <= experts, "more experts are to be chosen than there are", top, experts);
  table().route(logits, rows, experts, top, normalise, chosen, weights);
}

void route_backward(const float* dweights, const float* logits, const std::int32_t* chosen,
    const float* weights, std::int64_t rows, std::int64_t experts, std::int64_t top, bool normalise,
    float* dlogits) {
  table().route_backward(dweights, logits, chosen, weights, rows, experts, top, normalise, dlogits);
}

void combine(const float* outs, const float* weights, const std::int32_t* places, std::int64_t rows,
    std::int64_t top, std::int64_t width, float* y) {
  table().combine(outs, weights, places, rows, top, width, y);
}

void combine_backward(const float* dy, const float* outs, const float* weights,
    const std::int32_t* places, std::int64_t rows, std::int64_t top, std::int64_t width,
    float* douts, float* dweights) {
  table().combine_backward(dy, outs, weights, places, rows, top, width, douts, dweights);
}

void kv_store(const float* k, const float* v, std::int64_t stride, std::span<const KvRow> rows,
    const KvLayer& kv) {
  for (const KvRow& row : rows) {
    const std::int64_t slot = row.position % kv_block;
    float* to = kv.base + row.blocks[row.position / kv_block] * kv.block_stride;
    for (std::int64_t head = 0; head < kv.kv_heads; ++head) {
      for (std::int64_t d = 0; d < kv.head_dim; ++d)
        to[d * kv_block + slot] = k[head * kv.head_dim + d];
      to += kv.head_dim * kv_block;
      std::memcpy(to + slot * kv.head_dim, v + head * kv.head_dim,
          static_cast<std::size_t>(kv.head_dim) * sizeof(float));
      to += kv.head_dim * kv_block;
    }
    k += stride;
    v += stride;
  }
}

void attend(const Attention& a, const KvLayer& kv) {
  TRAM_CHECK(kv.head_dim <= head_dim_max, "head_dim above the limit", kv.head_dim, head_dim_max);
  TRAM_CHECK(a.heads % kv.kv_heads == 0, "heads no multiple of kv_heads", a.heads, kv.kv_heads);
  table().attend(a, a.rows.data(), static_cast<std::int64_t>(a.rows.size()), kv);
}

void attend_backward(const AttentionBackward& a) {
  TRAM_CHECK(a.head_dim <= head_dim_max, "head_dim above the limit", a.head_dim, head_dim_max);
  TRAM_CHECK(a.heads % a.kv_heads == 0, "heads no multiple of kv_heads", a.heads, a.kv_heads);
  if (a.starts.size() < 2) return;
  table().attend_backward(a, a.starts.data(), static_cast<std::int64_t>(a.starts.size()) - 1);
}

Sampled sample(const float* logits, std::int64_t vocabulary, Sampling sampling, float u) {
  return table().sample(logits, vocabulary, sampling, u);
}

void token_log_prob(const float* logits, std::int64_t rows, std::int64_t vocabulary,
    const std::int32_t* targets, float temperature, float* log_probs, float* entropy) {
  table().token_log_prob(logits, rows, vocabulary, targets, temperature, log_probs, entropy);
}

void token_log_prob_backward(const float* dlog_probs, const float* logits, std::int64_t rows,
    std::int64_t vocabulary, const std::int32_t* targets, float temperature, float* dlogits) {
  TRAM_CHECK(temperature > 0, "the gradient of a greedy choice is asked for", temperature);
  table().token_log_prob_backward(
      dlog_probs, logits, rows, vocabulary, targets, temperature, dlogits);
}

double norm(const float* x, std::int64_t n) {
  return table().norm(x, n);
}

void adamw(const AdamW& options, float* parameters, const float* gradients, float* mean,
    float* square, std::int64_t n) {
  TRAM_CHECK(options.step >= 1, "AdamW counts steps from 1", options.step);
  table().adamw(options, parameters, gradients, mean, square, n);
}

}  // namespace tramontane::kernels
