#pragma once
// Bodies of the output distribution: largest logit and mass of each part of a row, and what is read
// off them. A part is output_part tokens, 8 consecutive ones to a thread; its mass is a sum of
// doubles. The total of a row is the sum of its parts in rising order, everywhere by row_total(),
// which makes all log-probabilities the same bits.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/arithmetic.h"

namespace tramontane::kernels::cuda {

constexpr int output_threads = 256;
constexpr int output_parts_max = 1024;
constexpr int tokens_each = 8;
static_assert(output_threads * tokens_each == output_part);

// The tokens of one thread: logits, -inf past the vocabulary.
struct Tokens {
  float at[tokens_each];
};

struct alignas(16) Float4 {
  float at[4];
};

TRAM_BODY Tokens load_tokens(const Logits& l, std::int64_t row, std::int64_t begin) {
  const float* from = l.at + row * l.vocabulary + begin;
  Tokens tokens;
  if (l.vocabulary % 4 == 0 && begin + tokens_each <= l.vocabulary) {
    const auto* vectors = reinterpret_cast<const Float4*>(from);
    const Float4 low = vectors[0];
    const Float4 high = vectors[1];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      tokens.at[i] = low.at[i];
      tokens.at[i + 4] = high.at[i];
    }
    return tokens;
  }
#pragma unroll
  for (int i = 0; i < tokens_each; ++i)
    tokens.at[i] = begin + i < l.vocabulary ? from[i] : -infinity;
  return tokens;
}

struct OutputShared {
  float tops[32];
  double sums[32];
  double masses[output_parts_max];
};

template <class Block>
TRAM_BODY std::int64_t first_token(const Block& block, std::int64_t part) {
  return part * output_part + block.thread() * tokens_each;
}

// Block (part, row): tops. Infinite where any logit is NaN or +inf.
template <class Block>
TRAM_BODY void top_of_part(Block& block, const Logits& l) {
  const std::int64_t row = block.y();
  const Tokens tokens = load_tokens(l, row, first_token(block, block.x()));
  float top = -infinity;
#pragma unroll
  for (int i = 0; i < tokens_each; ++i) {
    const float own = is_nan(tokens.at[i]) ? infinity : tokens.at[i];
    top = own > top ? own : top;
  }
  top = block_max(block, top, reinterpret_cast<float*>(block.shared()));
  if (block.thread() == 0) l.tops[row * output_parts(l.vocabulary) + block.x()] = top;
}

// The largest logit of a row: not finite where the row has no distribution.
template <class Block>
TRAM_BODY float largest_of_row(Block& block, const Logits& l, std::int64_t row, float* scratch) {
  const std::int64_t parts = output_parts(l.vocabulary);
  float top = -infinity;
  for (std::int64_t p = block.thread(); p < parts; p += block.threads()) {
    const float own = l.tops[row * parts + p];
    top = own > top ? own : top;
  }
  return block_max(block, top, scratch);
}

TRAM_BODY bool is_distribution(float largest) {
  return largest > -infinity && largest < infinity;
}

TRAM_BODY float distance(const Logits& l, float logit, float largest) {
  return l.temperature == 1.0F ? logit - largest : (logit - largest) / l.temperature;
}

// The mass of a part, and each(d, e^d) of every token. Nothing without a distribution or a
// temperature.
template <class Block, class Each>
TRAM_BODY void mass_of_part(
    Block& block, const Logits& l, float* tops, double* sums, const Each& each) {
  const std::int64_t row = block.y();
  const float largest = largest_of_row(block, l, row, tops);
  if (!is_distribution(largest) || l.temperature == 0) return;
  const Tokens tokens = load_tokens(l, row, first_token(block, block.x()));
  double mass = 0;
#pragma unroll
  for (int i = 0; i < tokens_each; ++i) {
    const float d = distance(l, tokens.at[i], largest);
    const float e = exponential(d);
    mass += static_cast<double>(e);
    each(d, e);
  }
  mass = block_sum(block, mass, sums);
  if (block.thread() == 0) l.masses[row * output_parts(l.vocabulary) + block.x()] = mass;
}

// Block (part, row): masses.
template <class Block>
TRAM_BODY void mass_of_part(Block& block, const Logits& l) {
  auto& shared = *reinterpret_cast<OutputShared*>(block.shared());
  mass_of_part(block, l, shared.tops, shared.sums, [](float, float) {});
}

// The mass of a row, which needs a distribution and a temperature; `masses` (shared, of
// output_parts_max) keeps those of its parts.
template <class Block>
TRAM_BODY double row_total(Block& block, const Logits& l, std::int64_t row, double* masses) {
  const std::int64_t parts = output_parts(l.vocabulary);
  for (std::int64_t p = block.thread(); p < parts; p += block.threads())
    masses[p] = l.masses[row * parts + p];
  block.barrier();
  double total = 0;
  for (std::int64_t p = 0; p < parts; ++p) total += masses[p];
  return total;
}

TRAM_BODY float log_prob_of(const Logits& l, float logit, float largest, double total) {
  return (logit - largest) / l.temperature - logarithm(static_cast<float>(total));
}

// Block (row): log-probability of a target, and the row's entropy.
template <class Block>
TRAM_BODY void log_prob_of_row(Block& block, const TokenLogProb& t) {
  auto& shared = *reinterpret_cast<OutputShared*>(block.shared());
  const Logits& l = t.logits;
  const std::int64_t row = block.x();
  const float largest = largest_of_row(block, l, row, shared.tops);
  const bool valid = is_distribution(largest);
  const float logit = l.at[row * l.vocabulary + t.targets[row]];
  if (!valid || l.temperature == 0) {
    // Greedy: the lowest id among the largest has all mass.
    double before = 0;
    for (std::int64_t v = block.thread(); v < t.targets[row]; v += block.threads())
      before += l.at[row * l.vocabulary + v] == largest ? 1 : 0;
    before = block_sum(block, before, shared.sums);
    if (block.thread() != 0) return;
    const float greedy = logit == largest && before == 0 ? 0.0F : -infinity;
    t.log_probs[row] = valid ? greedy : __builtin_nanf("");
    if (t.entropy) t.entropy[row] = valid ? 0.0F : __builtin_nanf("");
    return;
  }
  const double total = row_total(block, l, row, shared.masses);
  if (block.thread() == 0) t.log_probs[row] = log_prob_of(l, logit, largest, total);
  if (!t.entropy) return;
  double weighted = 0;
  for (std::int64_t part = 0; part < output_parts(l.vocabulary); ++part) {
    const Tokens tokens = load_tokens(l, row, first_token(block, part));
#pragma unroll
    for (int i = 0; i < tokens_each; ++i) {
      const float d = distance(l, tokens.at[i], largest);
      const float e = exponential(d);
      if (e > 0) weighted += static_cast<double>(e * d);  // zero adds nothing, even at -inf
    }
  }
  weighted = block_sum(block, weighted, shared.sums);
  if (block.thread() == 0)
    t.entropy[row] = logarithm(static_cast<float>(total)) - static_cast<float>(weighted / total);
}

// Block (part, row): d/dlogit of log p(target) = (1[target] - p) / temperature.
template <class Block>
TRAM_BODY void log_prob_backward_of_part(Block& block, const TokenLogProbBackward& t) {
  const Logits& l = t.logits;
  const std::int64_t row = block.y();
  auto& shared = *reinterpret_cast<OutputShared*>(block.shared());
  const float largest = largest_of_row(block, l, row, shared.tops);
  const bool valid = is_distribution(largest);
  const float slope = t.dlog_probs[row] / l.temperature;
  const double total = valid ? row_total(block, l, row, shared.masses) : 0;
  const float factor = valid ? static_cast<float>(-slope / total) : __builtin_nanf("");
  const std::int64_t begin = first_token(block, block.x());
  const Tokens tokens = load_tokens(l, row, begin);
  for (int i = 0; i < tokens_each && begin + i < l.vocabulary; ++i) {
    float d = exponential(distance(l, tokens.at[i], largest)) * factor;
    if (begin + i == t.targets[row]) d += slope;
    t.dlogits[row * l.vocabulary + begin + i] = d;
  }
}

}  // namespace tramontane::kernels::cuda
