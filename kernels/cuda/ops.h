#pragma once
// The numerical operations of a decoder on a CUDA device: what kernels/ops.h is on the CPU, on
// device pointers and a stream. Every call enqueues and returns; a launch that the driver refuses
// throws DeviceError.
//
// Rules that every op keeps:
//  - Weights and activations are bfloat16, sums float32, logits and log-probabilities float32.
//    Row-major, contiguous unless a stride is named; sizes in elements.
//  - Widths and depths are multiples of 8, and rows begin at multiples of 16 bytes.
//  - Row-invariant: a row's result depends on that row alone, never on how many rows are computed
//    together or where it stands among them. Sums run in one fixed order per output element. The
//    one exception is multiply_fast, which says so.
//  - No allocation, no synchronisation: every op may be captured into a graph.
//  - Each kernel lets the next one of its stream start early and waits itself before it reads what
//    others wrote (programmatic dependent launch, where the device has it). So whatever else reads
//    or writes the same memory in the same stream must be an op of this header, or a copy.
//
// The CPU is another arithmetic: results agree with it within rounding, not bit for bit.

#include "kernels/cuda/bfloat16.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

struct CUstream_st;

namespace tramontane::kernels::cuda {

using Stream = CUstream_st*;  // a cudaStream_t

struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- matrix products ---------------------------------------------------------------------------

// Scratch of the fast products of one stream: `bytes` of device memory.
struct Scratch {
  void* base = nullptr;
  std::size_t bytes = 0;
};

inline constexpr std::size_t scratch_bytes = std::size_t{20} << 20;

// y (rows, columns) = x (rows, depth) · W^T [+ bias (columns)] [+ y], with W stored (columns,
// depth) as nn.Linear stores it. x rows are `x_stride` apart (a multiple of 8), y rows `y_stride`.
//
// Of the exact product alone, with the bits of the ops that they stand for:
//  - norm (depth): x is normalised first, as rms_norm does; where multiply_normalises().
//  - gated: W is (2 * columns, depth), gates first, then ups, and y = silu(gate) * up as swiglu
//    does; no bias, no accumulation, bfloat16.
struct Multiply {
  const Bfloat16* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  const Bfloat16* w = nullptr;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  const Bfloat16* bias = nullptr;  // may be null
  Bfloat16* y = nullptr;           // one of the two
  float* y_float = nullptr;
  std::int64_t y_stride = 0;
  bool accumulate = false;  // of bfloat16 only: y + product is rounded once
  Scratch scratch;
  const Bfloat16* norm = nullptr;
  float norm_eps = 0;
  bool gated = false;
};

inline constexpr std::int64_t thin_rows = 16;  // so many rows cost as much as one

// Whether a product takes `norm`: not where each of its blocks would do too much of it.
constexpr bool multiply_normalises(std::int64_t rows, std::int64_t depth) {
  return rows * depth <= 2048 && rows <= 2;
}

// The same bits for a row whatever the number of rows. See product.cuh for the order of sums.
void multiply_exact(const Multiply& m, Stream stream);

// By cuBLASLt: rows may depend on how many there are. Throws DeviceError naming the library where
// it is missing. Algorithms are looked up once per shape and process.
void multiply_fast(const Multiply& m, Stream stream);

// ---- per-row ops -------------------------------------------------------------------------------

// out (rows, width) = table (vocabulary, width)[ids]. A negative id is an idle row: zeros.
struct Embed {
  const std::int32_t* ids = nullptr;
  std::int64_t rows = 0;
  const Bfloat16* table = nullptr;
  std::int64_t width = 0;
  Bfloat16* out = nullptr;
};

void embed(const Embed& e, Stream stream);

// x += addend (where there is one, rounded), then y = x / sqrt(mean(x^2) + eps) * weight (Zhang &
// Sennrich 2019). All (rows, width); `rstd` (rows) may be null. `picked` (rows) may be null: row r
// of y is then that of row picked[r] of x, without an addend.
struct RmsNorm {
  Bfloat16* x = nullptr;
  const Bfloat16* addend = nullptr;
  const std::int32_t* picked = nullptr;
  const Bfloat16* weight = nullptr;
  float eps = 0;
  std::int64_t rows = 0;
  std::int64_t width = 0;
  Bfloat16* y = nullptr;
  float* rstd = nullptr;
};

void rms_norm(const RmsNorm& n, Stream stream);

// out (rows, width) = silu(gate) * up with gate_up (rows, 2 * width): gates first, then ups.
struct Swiglu {
  const Bfloat16* gate_up = nullptr;
  std::int64_t rows = 0;
  std::int64_t width = 0;
  Bfloat16* out = nullptr;
};

void swiglu(const Swiglu& s, Stream stream);

// ---- attention over a paged cache --------------------------------------------------------------

// The cache of one layer, in pages of 16 positions. A page holds, for each kv head, K (16,
// head_dim) and then V (16, head_dim). head_dim is 16, 32, 64, 128 or 256.
inline constexpr std::int64_t kv_page = 16;

struct KvCache {
  Bfloat16* base = nullptr;
  std::int64_t page_stride = 0;  // >= kv_heads * head_dim * 2 * kv_page
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
};

// Where the rows of a call stand: row r is position positions[r] of sequence sequences[r], whose
// pages are pages[sequence * pages_stride + i]. A negative position is an idle row: it stores
// nothing and attends to nothing.
struct Places {
  const std::int32_t* positions = nullptr;
  const std::int32_t* sequences = nullptr;  // null: row r is sequence r
  const std::int32_t* pages = nullptr;
  std::int64_t pages_stride = 0;
};

// From qkv (rows, (heads + 2 * kv_heads) * head_dim): RMSNorm of each head of q and k (Qwen3; where
// the weights (head_dim) are there), rotary embedding in the "rotate half" form of Llama (Su et al.
// 2021), all in float32; q is written back in place, k and v into the cache. `angles` (positions,
// head_dim) as kernels::rope_table makes them: cosines, then sines.
struct Rotate {
  Bfloat16* qkv = nullptr;
  std::int64_t rows = 0;
  std::int64_t heads = 0;
  const Bfloat16* q_norm = nullptr;
  const Bfloat16* k_norm = nullptr;
  float eps = 0;
  const float* angles = nullptr;
  Places places;
  KvCache cache;
};

void rotate(const Rotate& r, Stream stream);

// A row's positions are cut at multiples of this, and each part is a block's work.
inline constexpr std::int64_t attend_part = 128;

// out (rows, heads * head_dim) = softmax(q·k^T * scale) · v over positions max(0, p - window +
// 1)..p (window 0: from 0). q rows are `q_stride` apart. The same kernel prefills and decodes.
// What a row does not see may hold anything, NaN included. log_sum (rows, heads), the log-sum-exp
// of the scaled scores, may be null. Parts of a row go through `parts_out` and `parts_sum`.
struct Attend {
  const Bfloat16* q = nullptr;
  std::int64_t q_stride = 0;
  std::int64_t rows = 0;
  std::int64_t heads = 0;
  float scale = 1;
  std::int64_t window = 0;
  Places places;
  KvCache cache;
  std::int64_t parts = 0;            // >= attend_parts(the longest context among the rows)
  float* parts_out = nullptr;        // (rows, heads, parts, head_dim)
  float* parts_sum = nullptr;        // (rows, heads, parts, 2): largest score, sum
  std::uint32_t* arrived = nullptr;  // (rows, heads), zeroed once
  Bfloat16* out = nullptr;
  float* log_sum = nullptr;
};

constexpr std::int64_t attend_parts(std::int64_t context) {
  return (context + attend_part - 1) / attend_part;
}

void attend(const Attend& a, Stream stream);

// ---- mixture of experts ------------------------------------------------------------------------

// As kernels::route: chosen (rows, top) in rising order, weights (rows, top). At most 1024 experts.
struct Route {
  const float* logits = nullptr;  // (rows, experts)
  std::int64_t rows = 0;
  std::int64_t experts = 0;
  std::int64_t top = 0;
  bool normalise = false;
  std::int32_t* chosen = nullptr;
  float* weights = nullptr;
};

void route(const Route& r, Stream stream);

// y (rows, width) += sum over i rising of weights[r][i] * outs[places[r][i]], rounded once.
struct Combine {
  const Bfloat16* outs = nullptr;
  const float* weights = nullptr;  // null: 1 each
  const std::int32_t* places = nullptr;
  std::int64_t rows = 0;
  std::int64_t top = 0;
  std::int64_t width = 0;
  Bfloat16* y = nullptr;
};

void combine(const Combine& c, Stream stream);

// ---- the output distribution -------------------------------------------------------------------

// Logits are summed in parts of so many tokens.
inline constexpr std::int64_t output_part = 2048;

constexpr std::int64_t output_parts(std::int64_t vocabulary) {
  return (vocabulary + output_part - 1) / output_part;
}

// What the ops below share about a row of logits: `tops` and `masses` (rows, output_parts).
struct Logits {
  const float* at = nullptr;  // (rows, vocabulary)
  std::int64_t rows = 0;
  std::int64_t vocabulary = 0;
  float temperature = 1;
  float* tops = nullptr;     // per part: the largest logit; NaN if any is, or is +inf
  double* masses = nullptr;  // per part: the sum of e^((logit - largest of the row) / temperature)
};

// The Philox draws of rows (runtime/base/random.h, lane 0): row r is at draw positions[r] of
// (seeds[r], streams[r]). A negative position is an idle row.
struct Draws {
  const std::uint64_t* seeds = nullptr;
  const std::uint64_t* streams = nullptr;
  const std::int32_t* positions = nullptr;
};

// Draws by the rule of kernels::sample: the cumulative distribution in id order is inverted at the
// row's draw; log_probs are of the whole distribution. A row without a distribution gets token -1
// and NaN, and so does an idle one.
//
// `arrived` (rows) is zeroed once; `cut` (rows, cut_words) is only used where top_p < 1.
inline constexpr std::int64_t cut_list = 2048;

constexpr std::int64_t cut_words(std::int64_t vocabulary) {
  return 2048 + 4 + cut_list + output_parts(vocabulary);
}

struct Sample {
  Logits logits;
  float top_p = 1;
  Draws draws;
  const float* u = nullptr;  // (rows): instead of the draws, where it is not null
  std::int32_t* tokens = nullptr;
  float* log_probs = nullptr;
  std::uint32_t* arrived = nullptr;
  std::uint64_t* cut = nullptr;
};

void sample(const Sample& s, Stream stream);

// log_probs[r] of targets[r], equal to those of `sample` bit for bit; entropy[r] in nats (may be
// null).
struct TokenLogProb {
  Logits logits;
  const std::int32_t* targets = nullptr;
  float* log_probs = nullptr;
  float* entropy = nullptr;
};

void token_log_prob(const TokenLogProb& t, Stream stream);

// dlogits (rows, vocabulary) = dlog_probs[r] / temperature * (1[target] - p), after token_log_prob
// of the same logits, whose tops and masses it reads. May be in place. temperature > 0.
struct TokenLogProbBackward {
  Logits logits;
  const std::int32_t* targets = nullptr;
  const float* dlog_probs = nullptr;
  float* dlogits = nullptr;
};

void token_log_prob_backward(const TokenLogProbBackward& t, Stream stream);

// ---- the optimizer and the arena ---------------------------------------------------------------

// AdamW (Loshchilov & Hutter 2019) on n contiguous parameters: float32 masters, means and squares,
// and the new masters cast into `arena`. `step` counts from 1; gradients are multiplied by
// gradient_scale, and by *device_scale where it is not null.
struct AdamW {
  float learning_rate = 0;
  float beta1 = 0.9F;
  float beta2 = 0.95F;
  float eps = 1e-8F;
  float weight_decay = 0;
  float gradient_scale = 1;
  const float* device_scale = nullptr;
  std::int64_t step = 1;
  float* parameters = nullptr;
  const float* gradients = nullptr;
  float* mean = nullptr;
  float* square = nullptr;
  Bfloat16* arena = nullptr;  // null: no cast
  std::int64_t n = 0;
};

void adamw(const AdamW& a, Stream stream);

// *result = sqrt(sum of squares), summed in double in a fixed order. Not finite if any element is
// not. `sums` holds norm_parts(n) doubles.
inline constexpr std::int64_t norm_part = 16384;

constexpr std::int64_t norm_parts(std::int64_t n) {
  return (n + norm_part - 1) / norm_part;
}

void norm(const float* x, std::int64_t n, double* sums, double* result, Stream stream);

// *result = the tree fingerprint of the bytes: XXH3-64 of each MiB (the last padded by zeros to a
// whole KiB), then XXH3-64 of those hashes and the number of bytes as little-endian words, padded
// likewise, as the CPU computes it (actors/model/fingerprint.h). `leaves` holds
// fingerprint_words(bytes) words. bytes is a multiple of 16.
inline constexpr std::int64_t fingerprint_leaf = std::int64_t{1} << 20;

constexpr std::int64_t fingerprint_words(std::int64_t bytes) {
  const std::int64_t used = (bytes + fingerprint_leaf - 1) / fingerprint_leaf + 1;
  return (used + 127) / 128 * 128;
}

void fingerprint(const void* data, std::int64_t bytes, std::uint64_t* leaves, std::uint64_t* result,
    Stream stream);

}  // namespace tramontane::kernels::cuda
