#pragma once
// Bodies of sampling, by the rule of kernels::sample. The parts' masses say in which part the draw
// falls, and that part alone is looked at. With a cut (top_p < 1) they are those of the tokens
// kept: cut.h. What concerns a whole row, the last of its blocks to arrive does.

#include "kernels/cuda/rows/cut.h"

namespace tramontane::kernels::cuda {

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
  const auto run = running_sum(block, mine, before, shared.warps);
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

struct PartOfDraw {
  std::int64_t part;
  double before;  // the mass of the parts before it
};

// The first part that passes the target; else, by rounding, the last with any mass.
template <class Mass>
TRAM_BODY PartOfDraw part_of_draw(std::int64_t parts, double target, const Mass& mass_at) {
  PartOfDraw last = {0, 0};
  double before = 0;
  for (std::int64_t p = 0; p < parts; ++p) {
    const double mass = mass_at(p);
    if (mass > 0) last = {p, before};
    before += mass;
    if (before > target) break;
  }
  return last;
}

// Draws a token of a row that has a distribution, at temperature > 0. shared.masses are there.
template <class Block>
TRAM_BODY void draw_token(Block& block, const Sample& s, std::int64_t row, float largest,
    double total, float u, SampleShared& shared) {
  const Logits& l = s.logits;
  const std::int64_t parts = output_parts(l.vocabulary);
  constexpr auto unit = static_cast<double>(mass_unit);
  Cut cut;
  PartOfDraw at = {0, 0};
  double target = static_cast<double>(u) * total;
  bool searched = false;  // the parts' masses are not known
  if (!cuts(s)) {
    at = part_of_draw(parts, target, [&](std::int64_t p) { return shared.masses[p]; });
  } else if (*cut_words_of(s, row).count > cut_list) {
    searched = true;
    target =
        static_cast<double>(u) * cut_to(block, l, row, largest, wanted_mass(s, total), cut, shared);
  } else {
    block.barrier();  // the masses have been read
    const std::uint64_t kept = cut_list_of(block, s, row, wanted_mass(s, total), cut, shared);
    target = static_cast<double>(u) * static_cast<double>(kept) / unit;
    at = part_of_draw(
        parts, target, [&](std::int64_t p) { return static_cast<double>(shared.parts[p]) / unit; });
  }
  if (block.thread() == 0) shared.token = -1;
  block.barrier();
  do {
    at.before = draw_in_part(block, l, row, at.part, largest, cut, at.before, target, shared);
    ++at.part;
  } while (searched && at.part < parts && at.before <= target);
  if (block.thread() == 0 && shared.token < 0) shared.token = shared.last;
  block.barrier();
}

// One row, by the last of its blocks.
template <class Block>
TRAM_BODY void sample_row(Block& block, const Sample& s, std::int64_t row, SampleShared& shared) {
  const Logits& l = s.logits;
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
    const double total = row_total(block, l, row, shared.masses);
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

// The kernels, one after the other, by blocks (part, row) of output_threads with a SampleShared.

template <class Block>
TRAM_BODY void sample_tops(Block& block, const Sample& s) {
  if (cuts(s)) begin_cut(block, s);
  top_of_part(block, s.logits);
}

// Samples where nothing is cut.
template <class Block>
TRAM_BODY void sample_masses(Block& block, const Sample& s) {
  auto& shared = *reinterpret_cast<SampleShared*>(block.shared());
  const std::int64_t row = block.y();
  if (cuts(s)) {
    fill_cut_buckets(block, s, shared);
  } else {
    mass_of_part(block, s.logits, shared.tops, shared.warps, [](float, float) {});
  }
  if (!block.arrive(s.arrived + row, static_cast<std::uint32_t>(block.grid_x()))) return;
  if (!cuts(s)) {
    sample_row(block, s, row, shared);
  } else if (is_distribution(largest_of_row(block, s.logits, row, shared.tops))) {
    choose_bucket(block, s, row, row_total(block, s.logits, row, shared.masses), shared);
  }
}

// Samples where something is.
template <class Block>
TRAM_BODY void sample_cut(Block& block, const Sample& s) {
  auto& shared = *reinterpret_cast<SampleShared*>(block.shared());
  const std::int64_t row = block.y();
  const float largest = largest_of_row(block, s.logits, row, shared.tops);
  if (is_distribution(largest)) list_tokens(block, s, largest, shared);
  if (!block.arrive(s.arrived + row, static_cast<std::uint32_t>(block.grid_x()))) return;
  sample_row(block, s, row, shared);
}

}  // namespace tramontane::kernels::cuda
