// The output distribution. sample() and token_log_prob() both go through describe(), which makes
// their log-probabilities the same bits.
//
// Probabilities are held as e^(d) with d = (logit - largest) / temperature <= 0, summed in blocks
// of 64: floats within a block, doubles from block to block. The top-p cut is found without
// sorting: a radix search over the bits of |d|, from the most probable bucket down, adds up mass
// until top_p is reached.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

constexpr std::int64_t block = 64;
constexpr float infinity = __builtin_inff();

struct Row {
  const float* logits;
  std::int64_t vocabulary;
  float temperature;
};

struct Distribution {
  bool valid = false;  // no NaN, no +inf, not all -inf
  bool greedy = false;
  bool cut = false;
  std::int32_t top = 0;         // greedy: the token
  float largest = 0;            // of the logits
  float log_total = 0;          // logarithm of the sum of e^d over all tokens
  double total = 0;             // … over those that may be sampled
  std::uint32_t last_key = 0;   // cut: the greatest |d| kept, as bits, …
  std::int32_t last_token = 0;  // … and the last of the tokens that have it
};

TRAM_INLINE std::uint32_t key_of(const Row& row, float largest, std::int64_t token) {
  const float d = (row.logits[token] - largest) / row.temperature;
  return __builtin_bit_cast(std::uint32_t, d) & 0x7fffffffU;
}

TRAM_INLINE bool kept(const Row& row, const Distribution& of, std::int64_t token) {
  if (!of.cut) return true;
  const std::uint32_t key = key_of(row, of.largest, token);
  return key < of.last_key || (key == of.last_key && token <= of.last_token);
}

TRAM_INLINE Floats distances(const Row& row, float largest, std::int64_t at) {
  const Floats d = load_up_to(row.logits + at, row.vocabulary - at) - largest;
  return row.temperature == 1.0F ? d : d / row.temperature;
}

// e^d of the 64 tokens from `begin`, zero past the vocabulary; returns their sum.
TRAM_INLINE float exponentials(
    const Row& row, float largest, std::int64_t begin, float (&values)[block]) {
  Floats sums = {};
  for (std::int64_t i = 0; i < block; i += lanes) {
    const std::int64_t left = row.vocabulary - begin - i;
    Floats e = {};
    if (left > 0) {
      e = exponential(distances(row, largest, begin + i));
      if (left < lanes) e = iota() < static_cast<std::int32_t>(left) ? e : Floats{};
    }
    store(values + i, e);
    sums += e;
  }
  return sum(sums);
}

// Finds the largest logit; false if there is no distribution.
bool find_largest(const Row& row, float& result) {
  Floats tops = splat(-infinity);
  Ints bad = {};
  for (std::int64_t i = 0; i < row.vocabulary; i += lanes) {
    const std::int64_t left = row.vocabulary - i;
    Floats v = load_up_to(row.logits + i, left);
    if (left < lanes) v = iota() < static_cast<std::int32_t>(left) ? v : splat(-infinity);
    bad |= v != v;
    tops = maximum(v, tops);
  }
  for (int i = 0; i < lanes; ++i) {
    if (bad[i]) return false;
  }
  result = largest(tops);
  return result > -infinity && result < infinity;
}

double total_of(const Row& row, float largest) {
  double total = 0;
  float values[block];
  for (std::int64_t b = 0; b < row.vocabulary; b += block)
    total += exponentials(row, largest, b, values);
  return total;
}

// Adds the mass of each token whose key, shifted right by shift + 8, is `prefix` to the bucket of
// its next 8 bits.
void fill_buckets(
    const Row& row, float largest, std::uint32_t prefix, int shift, double (&mass)[256]) {
  for (double& m : mass) m = 0;
  float values[block];
  for (std::int64_t b = 0; b < row.vocabulary; b += block) {
    exponentials(row, largest, b, values);
    const std::int64_t count = smaller(block, row.vocabulary - b);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint64_t key = key_of(row, largest, b + i);
      if (key >> (shift + 8) == prefix) mass[key >> shift & 255U] += values[i];
    }
  }
}

// Cuts to the smallest set of most probable tokens whose mass reaches top_p of `total`.
void cut_to(const Row& row, float top_p, Distribution& of) {
  const double wanted = top_p * of.total;
  double above = 0;
  std::uint32_t prefix = 0;
  double mass[256];
  for (int shift = 24; shift >= 0; shift -= 8) {
    fill_buckets(row, of.largest, prefix, shift, mass);
    std::uint32_t chosen = 0;
    double before = above;
    double sum_so_far = above;
    for (std::uint32_t b = 0; b < 256; ++b) {
      if (mass[b] <= 0) continue;
      chosen = b;
      before = sum_so_far;
      sum_so_far += mass[b];
      if (sum_so_far >= wanted) break;
    }
    above = before;
    prefix = prefix << 8 | chosen;
  }
  of.cut = true;
  of.last_key = prefix;
  of.total = above;
  float values[block];
  for (std::int64_t b = 0; b < row.vocabulary; b += block) {
    exponentials(row, of.largest, b, values);
    const std::int64_t count = smaller(block, row.vocabulary - b);
    for (std::int64_t i = 0; i < count; ++i) {
      if (key_of(row, of.largest, b + i) != prefix) continue;
      of.last_token = static_cast<std::int32_t>(b + i);
      of.total += values[i];
      if (of.total >= wanted) return;
    }
  }
}

Distribution describe(const Row& row, float top_p) {
  Distribution of;
  of.valid = find_largest(row, of.largest);
  if (!of.valid) return of;
  if (row.temperature == 0) {
    of.greedy = true;
    while (row.logits[of.top] != of.largest) ++of.top;
    return of;
  }
  of.total = total_of(row, of.largest);
  of.log_total = logarithm(static_cast<float>(of.total));
  if (top_p < 1) cut_to(row, top_p, of);
  return of;
}

float log_prob_of(const Row& row, const Distribution& of, std::int64_t token) {
  if (!of.valid) return __builtin_nanf("");
  if (of.greedy) return token == of.top ? 0.0F : -infinity;
  return (row.logits[token] - of.largest) / row.temperature - of.log_total;
}

// In nats.
float entropy_of(const Row& row, const Distribution& of) {
  if (!of.valid) return __builtin_nanf("");
  if (of.greedy) return 0;
  double total = 0;
  double weighted = 0;
  float values[block];
  for (std::int64_t b = 0; b < row.vocabulary; b += block) {
    total += exponentials(row, of.largest, b, values);
    Floats sums = {};
    for (std::int64_t i = 0; i < block && b + i < row.vocabulary; i += lanes) {
      const Floats e = load(values + i);
      // Probability zero adds nothing, even where d is -inf.
      sums += e > 0.0F ? e * distances(row, of.largest, b + i) : Floats{};
    }
    weighted += sum(sums);
  }
  return logarithm(static_cast<float>(total)) - static_cast<float>(weighted / total);
}

std::int32_t draw(const Row& row, const Distribution& of, float u) {
  const double target = u * of.total;
  double before = 0;
  std::int32_t last = 0;
  float values[block];
  for (std::int64_t b = 0; b < row.vocabulary; b += block) {
    const double after = before + exponentials(row, of.largest, b, values);
    const std::int64_t count = smaller(block, row.vocabulary - b);
    if (!of.cut && after <= target && b + block < row.vocabulary) {
      before = after;
      continue;
    }
    double reached = before;
    for (std::int64_t i = 0; i < count; ++i) {
      if (values[i] <= 0 || !kept(row, of, b + i)) continue;
      last = static_cast<std::int32_t>(b + i);
      reached += values[i];
      if (reached > target) return last;
    }
    before = of.cut ? reached : after;
  }
  return last;  // rounding, or u = 1: the last token that has any probability
}

}  // namespace

Sampled sample(const float* logits, std::int64_t vocabulary, Sampling sampling, float u) {
  const Row row = {logits, vocabulary, sampling.temperature};
  const Distribution of = describe(row, sampling.top_p);
  if (!of.valid) return {.token = -1, .log_prob = __builtin_nanf("")};
  const std::int32_t token = of.greedy ? of.top : draw(row, of, u);
  return {.token = token, .log_prob = log_prob_of(row, of, token)};
}

void token_log_prob(const float* logits, std::int64_t rows, std::int64_t vocabulary,
    const std::int32_t* targets, float temperature, float* log_probs, float* entropy) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const Row row = {logits + r * vocabulary, vocabulary, temperature};
    const Distribution of = describe(row, 1.0F);
    log_probs[r] = log_prob_of(row, of, targets[r]);
    if (entropy) entropy[r] = entropy_of(row, of);
  }
}

void token_log_prob_backward(const float* dlog_probs, const float* logits, std::int64_t rows,
    std::int64_t vocabulary, const std::int32_t* targets, float temperature, float* dlogits) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const Row row = {logits + r * vocabulary, vocabulary, temperature};
    const Distribution of = describe(row, 1.0F);
    float* out = dlogits + r * vocabulary;
    const float slope = dlog_probs[r] / temperature;
    const float factor =
        of.valid && !of.greedy ? static_cast<float>(-slope / of.total) : __builtin_nanf("");
    for (std::int64_t i = 0; i < vocabulary; i += lanes) {
      const Floats e = exponential(distances(row, of.largest, i));
      store_up_to(out + i, e * factor, vocabulary - i);
    }
    out[targets[r]] += slope;
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
