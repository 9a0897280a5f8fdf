#pragma once
// Every numerical operation of the model, on raw pointers. The generator and the trainer call the
// same functions, so at equal weights their log-probabilities are equal bit for bit.
//
// Rules that every op keeps:
//  - float32, row-major, contiguous unless a stride is named; sizes in elements. Matrices and
//    embeddings may be bfloat16; they are widened as they are read, which is exact, so that a
//    result is that of the widened matrix, bit for bit.
//  - Row-invariant: a row's result depends on that row alone, never on how many rows are computed
//    together or where it stands among them. Sums run in one fixed order per output element.
//  - Deterministic on one instruction set. Chosen once per process by `isa()`: avx512, avx2 or
//    portable. TRAM_ISA=portable|avx2|avx512 in the environment forces one (for tests); one that
//    this machine lacks is an Error from the first op.
//  - No allocation (but for PackedMatrix and rope_table); no threads (kernels/parallel.h splits ops
//    among them); no global state.
//  - Outputs never alias inputs unless the comment says "in place".
//  - `rows` are token positions, of any number of sequences, packed without padding.
//
// Sizes are int64_t. Pointers are the caller's and must live for the call. Backward ops
// *accumulate* into weight gradients and *overwrite* activation gradients.

#include "kernels/cuda/bfloat16.h"
#include "kernels/float_block.h"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace tramontane::kernels {

const char* isa();  // "avx512", "avx2" or "portable"

using cuda::Bfloat16;  // the upper half of a float32

// To the nearest, ties to even; what is beyond the largest becomes infinite, NaN stays NaN.
void to_bfloat16(const float* values, std::int64_t n, Bfloat16* out);

void to_float32(const Bfloat16* values, std::int64_t n, float* out);

// ---- matrix products ---------------------------------------------------------------------------

// A matrix prepared for use as the right-hand side of `multiply`: panels of 16 columns,
// (columns/16, depth, 16), the last panel padded with zeros, 64-byte aligned. Of bfloat16, two
// depths side by side in a word of 32 bits, the even one in its lower half: (columns/16, depth/2,
// 16, 2), padded to an even depth.
class PackedMatrix {
 public:
  using Memory = std::pmr::memory_resource*;  // that the panels are taken from

  PackedMatrix() = default;

  // The right-hand side (depth, columns) of x·W^T for a weight W stored (columns, depth), as
  // nn.Linear stores it.
  static PackedMatrix transposed(const float* weight, std::int64_t columns, std::int64_t depth,
      Memory memory = std::pmr::get_default_resource());
  static PackedMatrix transposed(const Bfloat16* weight, std::int64_t columns, std::int64_t depth,
      Memory memory = std::pmr::get_default_resource());

  // The right-hand side (depth, columns) stored as it is, `stride` elements from row to row.
  static PackedMatrix plain(const float* values, std::int64_t depth, std::int64_t columns,
      std::int64_t stride, Memory memory = std::pmr::get_default_resource());
  static PackedMatrix plain(const Bfloat16* values, std::int64_t depth, std::int64_t columns,
      std::int64_t stride, Memory memory = std::pmr::get_default_resource());

  // Words of 32 bits that the panels take.
  static std::int64_t words(std::int64_t depth, std::int64_t columns, bool bfloat16);

  std::int64_t depth() const { return depth_; }

  std::int64_t columns() const { return columns_; }

  bool bfloat16() const { return bfloat16_; }

  const float* panels() const { return panels_.data(); }

 private:
  PackedMatrix(std::int64_t depth, std::int64_t columns, bool bfloat16, Memory memory);
  void put(std::int64_t k, std::int64_t column, Bfloat16 value);

  std::int64_t depth_ = 0;
  std::int64_t columns_ = 0;
  bool bfloat16_ = false;
  FloatBlock panels_;

 public:
  PackedMatrix(PackedMatrix&&) noexcept = default;
  PackedMatrix& operator=(PackedMatrix&&) noexcept = default;
  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;
};

// y (rows, columns) = x (rows, depth) · W [+ bias (columns)] [+ y]. Each element sums over depth
// in rising order with one accumulator, which starts at bias + y. x rows are `x_stride` apart, y
// rows `y_stride` apart.
struct Multiply {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  const PackedMatrix* w = nullptr;
  const float* bias = nullptr;  // may be null
  float* y = nullptr;
  std::int64_t y_stride = 0;
  bool accumulate = false;
  // Only columns [column_begin, column_end) of y are computed: multiples of 16, or the end. -1:
  // all.
  std::int64_t column_begin = 0;
  std::int64_t column_end = -1;
};

void multiply(const Multiply& m);

// dw (n, k) += dy^T · x with dy (rows, n), x (rows, k): the weight gradient of a linear layer.
// Sums over rows in rising order, in blocks of 256 counted from the first. With `begin` and `end`,
// only those of the n rows of dw.
void multiply_weight_gradient(
    const float* dy, const float* x, std::int64_t rows, std::int64_t n, std::int64_t k, float* dw);
void multiply_weight_gradient(const float* dy, const float* x, std::int64_t rows, std::int64_t n,
    std::int64_t k, float* dw, std::int64_t begin, std::int64_t end);

// db (n) += sum over rows of dy (rows, n), in the same order.
void sum_rows(const float* dy, std::int64_t rows, std::int64_t n, float* db);

// ---- per-row ops -------------------------------------------------------------------------------

// out (rows, width) = table (vocabulary, width)[ids]. ids are in range (the caller checks).
void embed(
    const std::int32_t* ids, std::int64_t rows, const float* table, std::int64_t width, float* out);
void embed(const std::int32_t* ids, std::int64_t rows, const Bfloat16* table, std::int64_t width,
    float* out);
void embed_backward(const std::int32_t* ids, std::int64_t rows, const float* dout,
    std::int64_t width, float* dtable);

// y = x / sqrt(mean(x^2) + eps) * weight, over groups of `width` (Zhang & Sennrich 2019). Also
// serves q/k norm with rows = rows * heads. rstd (rows) may be null; the backward needs it.
void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width,
    float* y, float* rstd);
void rms_norm_backward(const float* dy, const float* x, const float* weight, const float* rstd,
    std::int64_t rows, std::int64_t width, float* dx, float* dweight);

// y = x + z, elementwise, n elements. y may be x or z.
void add(const float* x, const float* z, std::int64_t n, float* y);

// Rotary embedding (Su et al. 2021), the "rotate half" form of Llama, in place on x (rows, heads,
// head_dim) whose rows are `stride` apart. table (positions, head_dim): cos then sin halves,
// made by rope_table. `inverse` rotates back, which is its backward.
std::vector<float> rope_table(std::int64_t positions, std::int64_t head_dim, double theta);
// The same for frequencies (head_dim / 2) of the caller's, in radians per position; every entry is
// multiplied by `factor`. `inverse` turns back and multiplies by the factor again, as a backward
// does.
std::vector<float> rope_table(
    std::int64_t positions, std::span<const float> frequencies, float factor);
void rope(float* x, std::int64_t stride, const std::int32_t* positions, std::int64_t rows,
    std::int64_t heads, std::int64_t head_dim, const float* table, bool inverse);

// out (rows, width) = silu(gate) * up with gate_up (rows, 2 * width): gates first, then ups.
void swiglu(const float* gate_up, std::int64_t rows, std::int64_t width, float* out);
void swiglu_backward(const float* dout, const float* gate_up, std::int64_t rows, std::int64_t width,
    float* dgate_up);

// ---- mixture of experts ------------------------------------------------------------------------

// The experts that each row goes to, and what each counts for. With p = softmax(logits (rows,
// experts)): chosen (rows, top) are the experts of the `top` largest logits (among equals the lower
// ids), in rising id order; weights (rows, top) their p, divided by their sum if `normalise`.
// Whatever the logits, `top` different experts are chosen; a row with NaN or +inf, or nothing but
// -inf, has NaN among its weights.
void route(const float* logits, std::int64_t rows, std::int64_t experts, std::int64_t top,
    bool normalise, std::int32_t* chosen, float* weights);

// dlogits (rows, experts) for dweights (rows, top). The choice itself has no gradient.
void route_backward(const float* dweights, const float* logits, const std::int32_t* chosen,
    const float* weights, std::int64_t rows, std::int64_t experts, std::int64_t top, bool normalise,
    float* dlogits);

// y (rows, width) += weights[r][i] * outs[places[r][i]], for i rising from 0 to top - 1: what the
// experts gave, summed in one fixed order. outs are rows of `width`; weights and places (rows,
// top). Null weights count 1 each.
void combine(const float* outs, const float* weights, const std::int32_t* places, std::int64_t rows,
    std::int64_t top, std::int64_t width, float* y);

// douts like outs and dweights (rows, top), for dy (rows, width). Every place stands once.
void combine_backward(const float* dy, const float* outs, const float* weights,
    const std::int32_t* places, std::int64_t rows, std::int64_t top, std::int64_t width,
    float* douts, float* dweights);

// ---- attention over a paged cache --------------------------------------------------------------

// The cache keeps positions in blocks of 16. One block of one layer holds, for each kv head,
// K transposed (head_dim, 16) and then V (16, head_dim). Block b of the layer begins at
// base + b * block_stride.
inline constexpr std::int64_t kv_block = 16;

inline constexpr std::int64_t head_dim_max = 512;

struct KvLayer {
  float* base = nullptr;
  std::int64_t block_stride = 0;  // >= kv_heads * head_dim * 2 * kv_block
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;  // <= head_dim_max
};

// One query row: its sequence's blocks in order, and its position in the sequence.
struct KvRow {
  const std::int32_t* blocks = nullptr;
  std::int32_t position = 0;
};

// Stores k and v (rows, kv_heads, head_dim), rows `stride` apart, at their positions.
void kv_store(const float* k, const float* v, std::int64_t stride, std::span<const KvRow> rows,
    const KvLayer& kv);

// out (rows, heads, head_dim) = softmax(q·k^T * scale) · v over positions max(0, p - window + 1)..p
// (window 0: from 0), causal by construction. q rows are `q_stride` apart, out rows contiguous.
// heads is a multiple of kv_heads. The order of every sum depends on the position alone. Cache
// positions that a row does not see may hold anything, NaN included.
// log_sum (rows, heads) receives log-sum-exp of the scaled scores; may be null.
struct Attention {
  const float* q = nullptr;
  std::int64_t q_stride = 0;
  std::span<const KvRow> rows;
  std::int64_t heads = 0;
  float scale = 1;
  std::int64_t window = 0;
  float* out = nullptr;
  float* log_sum = nullptr;
};

void attend(const Attention& a, const KvLayer& kv);

// The gradient of `attend` for whole sequences laid end to end: sequence s has rows
// starts[s]..starts[s+1]-1 at positions 0, 1, …. q, k, v and the gradients share one layout: rows
// `stride` apart. dq, dk, dv are overwritten.
struct AttentionBackward {
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  std::int64_t stride = 0;
  const float* out = nullptr;      // (rows, heads, head_dim)
  const float* dout = nullptr;     // (rows, heads, head_dim)
  const float* log_sum = nullptr;  // (rows, heads)
  std::span<const std::int64_t> starts;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  float scale = 1;
  std::int64_t window = 0;
  float* dq = nullptr;
  float* dk = nullptr;
  float* dv = nullptr;
  std::int64_t gradient_stride = 0;
};

void attend_backward(const AttentionBackward& a);

// ---- the output distribution -------------------------------------------------------------------

// The distribution of the next token: softmax(logits / temperature). A token is drawn from the
// smallest set of most probable ones whose mass reaches top_p (ties by lower id), but its
// log-probability is always that of the whole distribution: what a trainer computes, so that equal
// weights give equal log-probabilities at any top_p. temperature 0 means greedy: all mass on the
// largest logit (lowest id among equals). -inf logits have no mass. A row with NaN or +inf, or with
// nothing but -inf, has no distribution: its token is -1 and its log-probabilities and entropy are
// NaN. The caller must look.
struct Sampling {
  float temperature = 1;
  float top_p = 1;
};

struct Sampled {
  std::int32_t token = 0;  // -1: these logits make no distribution
  float log_prob = 0;      // before the cut by top_p
};

// Draws by inverting the cumulative distribution, in id order, at `u` in [0, 1).
Sampled sample(const float* logits, std::int64_t vocabulary, Sampling sampling, float u);

// log_probs[r] of targets[r] at this temperature, equal to those of `sample` bit for bit;
// entropy[r] in nats (may be null).
void token_log_prob(const float* logits, std::int64_t rows, std::int64_t vocabulary,
    const std::int32_t* targets, float temperature, float* log_probs, float* entropy);

// dlogits (rows, vocabulary) for dlog_probs (rows), temperature > 0. dlogits may be logits.
void token_log_prob_backward(const float* dlog_probs, const float* logits, std::int64_t rows,
    std::int64_t vocabulary, const std::int32_t* targets, float temperature, float* dlogits);

// ---- the optimizer -----------------------------------------------------------------------------

// sqrt(sum of squares), summed in double in a fixed order. Not finite if any element is not.
double norm(const float* x, std::int64_t n);

// AdamW (Loshchilov & Hutter 2019) on contiguous parameters; `step` counts from 1; gradients are
// multiplied by gradient_scale first (for clipping).
struct AdamW {
  float learning_rate = 0;
  float beta1 = 0.9F;
  float beta2 = 0.95F;
  float eps = 1e-8F;
  float weight_decay = 0;
  float gradient_scale = 1;
  std::int64_t step = 1;
};

void adamw(const AdamW& options, float* parameters, const float* gradients, float* mean,
    float* square, std::int64_t n);

}  // namespace tramontane::kernels
