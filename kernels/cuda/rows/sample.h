#pragma once
// Body of sampling, by the rule of kernels::sample. Without a cut (top_p >= 1) the parts' masses
// say in which part the draw falls, and that part alone is looked at. With one, a radix search over
// the bits of |d| finds the least probable token kept; masses are then whole multiples of 2^-40,
// whose sums do not depend on their order.

#include "kernels/cuda/rows/output.h"

namespace tramontane::kernels::cuda {

struct SampleShared {
  float tops[32];
  double warps[32];
  std::uint64_t buckets[256];
  double reached;
  std::int32_t token;
  std::int32_t last;
  std::uint64_t above;
  std::uint32_t prefix;
};

// Which tokens may be drawn.
struct Cut {
  bool there = false;
  std::uint32_t last_key = 0;   // the greatest |d| kept, as bits, …
  std::int64_t last_token = 0;  // … and the last of the tokens that have it
};

constexpr float mass_unit = 0x1p40F;

TRAM_BODY std::uint32_t key_of(float d) {
  return __builtin_bit_cast(std::uint32_t, d) & 0x7fffffffU;
}

TRAM_BODY bool kept(const Cut& cut, float d, std::int64_t token) {
  if (!cut.there) return true;
  const std::uint32_t key = key_of(d);
  return key < cut.last_key || (key == cut.last_key && token <= cut.last_token);
}

// Sums of `mine` over the threads before this one and up to it, on top of `before`: what one
// thread ends with the next begins with, to the bit.
struct Running {
  double begin;
  double end;
  double after;  // of the last thread
};

template <class Block>
TRAM_BODY Running running_sum(Block& block, double mine, double before, double* warps) {
  double sum = mine;
  for (int by = 1; by < warp_lanes; by *= 2) {
    const double other = block.shuffle_up(sum, by);
    if (lane_of(block) >= by) sum += other;
  }
  const double left = block.shuffle_up(sum, 1);
  block.barrier();
  if (lane_of(block) == warp_lanes - 1) warps[warp_of(block)] = sum;
  block.barrier();
  double base = before;
  for (int w = 0; w < warp_of(block); ++w) base += warps[w];
  double after = base;
  for (int w = warp_of(block); w < block.threads() / warp_lanes; ++w) after += warps[w];
  return {lane_of(block) == 0 ? base : base + left, base + sum, after};
}

// Looks for the token of one part at which the running mass passes `target`; shared.token gets it.
// shared.last becomes the last token of the part that may be drawn at all. Returns the mass after.
template <class Block>
TRAM_BODY double draw_in_part(Block& block, const Logits& l, std::int64_t row, std::int64_t part,
    float largest, const Cut& cut, double before, double target, SampleShared& shared) {
  const std::int64_t begin = first_token(block, part);
  const Tokens tokens = load_tokens(l, row, begin);
  float masses[tokens_each];
  double mine = 0;
  std::int32_t last = -1;
#pragma unroll
  for (int i = 0; i < tokens_each; ++i) {
    const float d = distance(l, tokens.at[i], largest);
    masses[i] = kept(cut, d, begin + i) ? exponential(d) : 0.0F;
    mine += static_cast<double>(masses[i]);
    if (masses[i] > 0) last = static_cast<std::int32_t>(begin + i);
  }
  const Running run = running_sum(block, mine, before, shared.warps);
  if (mine > 0 && run.begin <= target && run.end > target) {
    double reached = run.begin;
    std::int32_t token = last;
#pragma unroll
    for (int i = tokens_each - 1; i >= 0; --i) {
      // From the back: the first token whose sum passes the target is the last one set.
      reached = run.begin;
#pragma unroll
      for (int j = 0; j <= i; ++j) reached += static_cast<double>(masses[j]);
      if (masses[i] > 0 && reached > target) token = static_cast<std::int32_t>(begin + i);
    }
    shared.token = token;
  }
  const float last_of_block = block_max(block, static_cast<float>(last), shared.tops);
  if (block.thread() == 0 && last_of_block >= 0)
    shared.last = static_cast<std::int32_t>(last_of_block);
  block.barrier();
  return run.after;
}

// Adds the mass of the tokens whose key, shifted right by shift + 8, is `prefix` to the buckets of
// their next 8 bits. Neighbours often share a bucket: they are added up first.
template <class Block>
TRAM_BODY void fill_buckets(Block& block, const Logits& l, std::int64_t row, float largest,
    std::uint32_t prefix, int shift, SampleShared& shared) {
  for (int b = block.thread(); b < 256; b += block.threads()) shared.buckets[b] = 0;
  block.barrier();
  std::uint32_t bucket = 0;
  std::uint64_t mass = 0;
  for (std::int64_t part = 0; part < output_parts(l.vocabulary); ++part) {
    const Tokens tokens = load_tokens(l, row, first_token(block, part));
#pragma unroll
    for (int i = 0; i < tokens_each; ++i) {
      const float d = distance(l, tokens.at[i], largest);
      const std::uint64_t key = key_of(d);
      if (key >> (shift + 8) != prefix) continue;
      const auto own = static_cast<std::uint32_t>(key >> shift) & 255U;
      if (own != bucket) {
        if (mass > 0) block.atomic_add(&shared.buckets[bucket], mass);
        bucket = own;
        mass = 0;
      }
      mass += static_cast<std::uint64_t>(exponential(d) * mass_unit);
    }
  }
  if (mass > 0) block.atomic_add(&shared.buckets[bucket], mass);
  block.barrier();
}

// The token that is the `count`-th (from 1) of those with this key, in id order.
template <class Block>
TRAM_BODY std::int64_t nth_of_key(Block& block, const Logits& l, std::int64_t row, float largest,
    std::uint32_t wanted, double count, SampleShared& shared) {
  double before = 0;
  for (std::int64_t part = 0; part < output_parts(l.vocabulary) && before < count; ++part) {
    const std::int64_t begin = first_token(block, part);
    const Tokens tokens = load_tokens(l, row, begin);
    double mine = 0;
    for (int i = 0; i < tokens_each; ++i)
      mine += key_of(distance(l, tokens.at[i], largest)) == wanted ? 1 : 0;
    const Running run = running_sum(block, mine, before, shared.warps);
    if (mine > 0) {
      double seen = run.begin;
      for (int i = 0; i < tokens_each; ++i) {
        if (key_of(distance(l, tokens.at[i], largest)) != wanted) continue;
        seen += 1;
        if (seen == count) shared.token = static_cast<std::int32_t>(begin + i);
      }
    }
    before = run.after;
  }
  block.barrier();
  const std::int32_t token = shared.token;
  block.barrier();  // before anybody writes it again
  return token;
}

// Cuts to the smallest set of most probable tokens whose mass reaches top_p of `total`. Returns the
// mass of that set.
template <class Block>
TRAM_BODY double cut_to(Block& block, const Logits& l, std::int64_t row, float largest,
    double wanted, Cut& cut, SampleShared& shared) {
  std::uint32_t prefix = 0;
  std::uint64_t above = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    fill_buckets(block, l, row, largest, prefix, shift, shared);
    if (block.thread() == 0) {
      std::uint32_t chosen = 0;
      std::uint64_t before = above;
      std::uint64_t sum = above;
      for (std::uint32_t b = 0; b < 256; ++b) {
        if (shared.buckets[b] == 0) continue;
        chosen = b;
        before = sum;
        sum += shared.buckets[b];
        if (static_cast<double>(sum) >= wanted) break;
      }
      shared.above = before;
      shared.prefix = prefix << 8 | chosen;
    }
    block.barrier();
    above = shared.above;
    prefix = shared.prefix;
  }
  // Tokens of one key are equally probable: so many of them are needed, and so many there are.
  const float d = -__builtin_bit_cast(float, prefix);
  const auto each = static_cast<double>(static_cast<std::uint64_t>(exponential(d) * mass_unit));
  const double there = static_cast<double>(shared.buckets[prefix & 255U]) / each;
  double count = __builtin_ceil((wanted - static_cast<double>(above)) / each);
  count = count < 1 ? 1 : count > there ? there : count;
  cut = {true, prefix, nth_of_key(block, l, row, largest, prefix, count, shared)};
  return (static_cast<double>(above) + count * each) / static_cast<double>(mass_unit);
}

// The first token that has the largest logit.
template <class Block>
TRAM_BODY void greedy_token(
    Block& block, const Logits& l, std::int64_t row, float largest, SampleShared& shared) {
  const std::int64_t parts = output_parts(l.vocabulary);
  std::int64_t part = 0;
  while (part + 1 < parts && l.tops[row * parts + part] != largest) ++part;
  const std::int64_t begin = first_token(block, part);
  const Tokens tokens = load_tokens(l, row, begin);
  float own = -infinity;  // minus the lowest such token
#pragma unroll
  for (int i = tokens_each - 1; i >= 0; --i)
    if (tokens.at[i] == largest) own = -static_cast<float>(begin + i);
  const float found = block_max(block, own, shared.tops);
  if (block.thread() == 0) shared.token = static_cast<std::int32_t>(-found);
  block.barrier();
}

// Draws a token of a row that has a distribution, at temperature > 0.
template <class Block>
TRAM_BODY void draw_token(Block& block, const Sample& s, std::int64_t row, float largest,
    double total, float u, SampleShared& shared) {
  const Logits& l = s.logits;
  const std::int64_t parts = output_parts(l.vocabulary);
  Cut cut;
  double before = 0;
  double target = static_cast<double>(u) * total;
  std::int64_t part = 0;
  if (s.top_p < 1) {
    const double wanted = static_cast<double>(s.top_p) * total * static_cast<double>(mass_unit);
    target = static_cast<double>(u) * cut_to(block, l, row, largest, wanted, cut, shared);
  } else {
    // The first part that passes the target; else, by rounding, the last with any mass.
    std::int64_t fallback = 0;
    double fallback_before = 0;
    for (; part < parts; ++part) {
      const double mass = l.masses[row * parts + part];
      if (mass > 0) {
        fallback = part;
        fallback_before = before;
      }
      if (before + mass > target) break;
      before += mass;
    }
    if (part == parts) {
      part = fallback;
      before = fallback_before;
    }
  }
  if (block.thread() == 0) shared.token = -1;
  block.barrier();
  do {
    before = draw_in_part(block, l, row, part, largest, cut, before, target, shared);
    ++part;
  } while (cut.there && part < parts && before <= target);
  if (block.thread() == 0 && shared.token < 0) shared.token = shared.last;
  block.barrier();
}

// Block (row).
template <class Block>
TRAM_BODY void sample_row(Block& block, const Sample& s) {
  auto& shared = *reinterpret_cast<SampleShared*>(block.shared());
  const Logits& l = s.logits;
  const std::int64_t row = block.x();
  const float largest = largest_of_row(block, l, row, shared.tops);
  const bool idle = !s.u && s.draws.positions[row] < 0;
  block.barrier();
  if (!is_distribution(largest) || idle) {
    if (block.thread() == 0) {
      s.tokens[row] = -1;
      s.log_probs[row] = __builtin_nanf("");
    }
    return;
  }
  float log_prob = 0;
  if (l.temperature == 0) {
    greedy_token(block, l, row, largest, shared);
  } else {
    const double total = row_total(l, row);
    const float u = s.u ? s.u[row]
                        : uniform_draw(s.draws.seeds[row], s.draws.streams[row],
                              static_cast<std::uint32_t>(s.draws.positions[row]));
    draw_token(block, s, row, largest, total, u, shared);
    log_prob = log_prob_of(l, l.at[row * l.vocabulary + shared.token], largest, total);
  }
  if (block.thread() != 0) return;
  s.tokens[row] = shared.token;
  s.log_probs[row] = log_prob;
}

}  // namespace tramontane::kernels::cuda
