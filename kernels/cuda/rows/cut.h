#pragma once
// Bodies of the cut by top_p: the smallest set of most probable tokens whose mass reaches top_p.
//
// Each part adds its masses to buckets of |d|, 1/64 wide; the last of a row's blocks finds the one
// in which the cut falls. Then each part sums what is surely kept, and lists the tokens of that
// bucket; the last block sorts the list and cuts it. Where the list is too short for them (many
// tokens are nearly equal), a radix search over the bits of |d| finds the cut instead. Masses are
// whole multiples of 2^-40, whose sums do not depend on their order.

#include "kernels/cuda/rows/output.h"

namespace tramontane::kernels::cuda {

constexpr int cut_buckets = 2048;

// The scratch of a row's cut, in Sample::cut.
struct CutWords {
  std::uint64_t* buckets;  // (cut_buckets): masses
  std::uint64_t* above;    // the mass of the buckets before the chosen one
  std::uint64_t* bucket;   // the chosen one: where the cut falls
  std::uint64_t* count;    // of its tokens
  std::uint64_t* list;     // (cut_list): its tokens, as key << 32 | id, in any order
  std::uint64_t* sure;     // (output_parts): masses of the tokens before the chosen bucket
};

TRAM_BODY CutWords cut_words_of(const Sample& s, std::int64_t row) {
  std::uint64_t* at = s.cut + row * cut_words(s.logits.vocabulary);
  std::uint64_t* one = at + cut_buckets;
  return {at, one, one + 1, one + 2, one + 4, one + 4 + cut_list};
}

struct SampleShared {
  float tops[32];
  double warps[32];
  std::uint64_t words[32];
  std::uint64_t above;
  std::uint64_t kept;
  std::uint32_t prefix;
  std::int32_t token;
  std::int32_t last;

  union {
    double masses[output_parts_max];
    std::uint64_t parts[output_parts_max];
  };

  union {
    std::uint64_t list[cut_list];
    std::uint64_t buckets[256];

    struct {
      std::uint32_t high[cut_buckets];  // in units of 2^20, …
      std::uint32_t low[cut_buckets];   // … and the rest
    } sums;
  };
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

// Sample cuts where there is something to cut.
TRAM_BODY bool cuts(const Sample& s) {
  return s.top_p < 1 && s.logits.temperature != 0;
}

TRAM_BODY std::uint64_t whole_mass(float e) {
  return static_cast<std::uint64_t>(e * mass_unit);
}

TRAM_BODY std::uint64_t mass_of_key(std::uint32_t key) {
  return whole_mass(exponential(-__builtin_bit_cast(float, key)));
}

TRAM_BODY std::uint32_t bucket_of_distance(float d) {
  const float at = -d * 64.0F;
  return at < static_cast<float>(cut_buckets - 1) ? static_cast<std::uint32_t>(at)
                                                  : static_cast<std::uint32_t>(cut_buckets - 1);
}

// The mass that is to be kept, in units; at least one.
TRAM_BODY double wanted_mass(const Sample& s, double total) {
  const double wanted = static_cast<double>(s.top_p) * total * static_cast<double>(mass_unit);
  return wanted < 1 ? 1 : wanted;
}

// Sums of `mine` over the threads before this one and up to it, on top of `before`: what one
// thread ends with the next begins with, to the bit.
template <class T>
struct Running {
  T begin;
  T end;
  T after;  // of the last thread
};

template <class Block, class T>
TRAM_BODY Running<T> running_sum(Block& block, T mine, T before, T* warps) {
  T sum = mine;
  for (int by = 1; by < warp_lanes; by *= 2) {
    const T other = block.shuffle_up(sum, by);
    if (lane_of(block) >= by) sum += other;
  }
  const T left = block.shuffle_up(sum, 1);
  block.barrier();
  if (lane_of(block) == warp_lanes - 1) warps[warp_of(block)] = sum;
  block.barrier();
  T base = before;
  for (int w = 0; w < warp_of(block); ++w) base += warps[w];
  T after = base;
  for (int w = warp_of(block); w < block.threads() / warp_lanes; ++w) after += warps[w];
  return {lane_of(block) == 0 ? base : base + left, base + sum, after};
}

// Block (part, row): empties the row's scratch.
template <class Block>
TRAM_BODY void begin_cut(Block& block, const Sample& s) {
  const CutWords words = cut_words_of(s, block.y());
  for (int b = block.x() * block.threads() + block.thread(); b < cut_buckets;
       b += block.grid_x() * block.threads())
    words.buckets[b] = 0;
  if (block.x() == 0 && block.thread() == 0) *words.count = 0;
}

// Block (part, row): masses, and their buckets.
template <class Block>
TRAM_BODY void fill_cut_buckets(Block& block, const Sample& s, SampleShared& shared) {
  for (int b = block.thread(); b < cut_buckets; b += block.threads())
    shared.sums.high[b] = shared.sums.low[b] = 0;
  mass_of_part(block, s.logits, shared.tops, shared.warps, [&](float d, float e) {
    const std::uint64_t mass = whole_mass(e);
    if (mass == 0) return;
    const std::uint32_t bucket = bucket_of_distance(d);
    const auto high = static_cast<std::uint32_t>(mass >> 20);
    if (high > 0) block.atomic_add(&shared.sums.high[bucket], high);
    block.atomic_add(&shared.sums.low[bucket], static_cast<std::uint32_t>(mass) & 0xfffffU);
  });
  block.barrier();
  const CutWords words = cut_words_of(s, block.y());
  for (int b = block.thread(); b < cut_buckets; b += block.threads()) {
    const std::uint64_t mass =
        (static_cast<std::uint64_t>(shared.sums.high[b]) << 20) + shared.sums.low[b];
    if (mass > 0) block.atomic_add(&words.buckets[b], mass);
  }
}

// Finds the bucket in which the cut falls, when all parts have filled theirs.
template <class Block>
TRAM_BODY void choose_bucket(
    Block& block, const Sample& s, std::int64_t row, double total, SampleShared& shared) {
  const CutWords words = cut_words_of(s, row);
  const int each = cut_buckets / block.threads();
  const int first = block.thread() * each;
  std::uint64_t mine = 0;
  for (int b = first; b < first + each; ++b) mine += words.buckets[b];
  const auto run = running_sum(block, mine, std::uint64_t{0}, shared.words);
  const double all = static_cast<double>(run.after);
  double wanted = wanted_mass(s, total);
  wanted = wanted < all ? wanted : all;
  if (static_cast<double>(run.begin) >= wanted || static_cast<double>(run.end) < wanted) return;
  std::uint64_t sum = run.begin;
  for (int b = first; b < first + each; ++b) {
    const std::uint64_t own = words.buckets[b];
    if (own > 0 && static_cast<double>(sum + own) >= wanted) {
      *words.above = sum;
      *words.bucket = static_cast<std::uint64_t>(b);
      return;
    }
    sum += own;
  }
}

// Block (part, row): the mass surely kept, and the list of the tokens that may be.
template <class Block>
TRAM_BODY void list_tokens(Block& block, const Sample& s, float largest, SampleShared& shared) {
  const std::int64_t row = block.y();
  const CutWords words = cut_words_of(s, row);
  const auto chosen = static_cast<std::uint32_t>(*words.bucket);
  const std::int64_t begin = first_token(block, block.x());
  const Tokens tokens = load_tokens(s.logits, row, begin);
  std::uint64_t sure = 0;
#pragma unroll
  for (int i = 0; i < tokens_each; ++i) {
    const float d = distance(s.logits, tokens.at[i], largest);
    const std::uint32_t bucket = bucket_of_distance(d);
    if (bucket > chosen) continue;
    const std::uint64_t mass = whole_mass(exponential(d));
    if (bucket < chosen) {
      sure += mass;
    } else if (mass > 0) {
      const std::uint64_t at = block.atomic_add(words.count, std::uint64_t{1});
      if (at < cut_list)
        words.list[at] =
            static_cast<std::uint64_t>(key_of(d)) << 32 | static_cast<std::uint64_t>(begin + i);
    }
  }
  sure = block_sum(block, sure, shared.words);
  if (block.thread() == 0) words.sure[block.x()] = sure;
}

// Sorts the list in shared memory, whose size is a power of two (Batcher 1968).
template <class Block>
TRAM_BODY void sort_list(Block& block, std::uint64_t* list, int size) {
  for (int run = 2; run <= size; run *= 2) {
    for (int apart = run / 2; apart > 0; apart /= 2) {
      for (int i = block.thread(); i < size / 2; i += block.threads()) {
        const int low = i / apart * 2 * apart + i % apart;
        const std::uint64_t a = list[low];
        const std::uint64_t b = list[low + apart];
        if ((a > b) == ((low & run) == 0)) {
          list[low] = b;
          list[low + apart] = a;
        }
      }
      block.barrier();
    }
  }
}

// Cuts the list, and leaves in shared.parts what is kept of each part. Returns the mass kept.
template <class Block>
TRAM_BODY std::uint64_t cut_list_of(Block& block, const Sample& s, std::int64_t row, double wanted,
    Cut& cut, SampleShared& shared) {
  const CutWords words = cut_words_of(s, row);
  const auto count = static_cast<int>(*words.count);
  int size = block.threads();
  while (size < count) size *= 2;
  for (int i = block.thread(); i < size; i += block.threads())
    shared.list[i] = i < count ? words.list[i] : ~std::uint64_t{0};
  const std::int64_t parts = output_parts(s.logits.vocabulary);
  for (std::int64_t p = block.thread(); p < parts; p += block.threads())
    shared.parts[p] = words.sure[p];
  block.barrier();
  sort_list(block, shared.list, size);
  const auto mass_at = [&](int i) {
    return i < count ? mass_of_key(static_cast<std::uint32_t>(shared.list[i] >> 32)) : 0;
  };
  const int each = size / block.threads();
  const int first = block.thread() * each;
  std::uint64_t mine = 0;
  for (int i = first; i < first + each; ++i) mine += mass_at(i);
  const auto run = running_sum(block, mine, *words.above, shared.words);
  const double all = static_cast<double>(run.after);
  wanted = wanted < all ? wanted : all;
  if (static_cast<double>(run.begin) < wanted && static_cast<double>(run.end) >= wanted) {
    std::uint64_t sum = run.begin;
    for (int i = first; i < first + each; ++i) {
      sum += mass_at(i);
      if (static_cast<double>(sum) < wanted) continue;
      shared.kept = sum;
      shared.prefix = static_cast<std::uint32_t>(i);
      break;
    }
  }
  block.barrier();
  const auto last = static_cast<int>(shared.prefix);
  for (int i = block.thread(); i <= last; i += block.threads())
    block.atomic_add(
        &shared.parts[static_cast<std::uint32_t>(shared.list[i]) / output_part], mass_at(i));
  cut = {true, static_cast<std::uint32_t>(shared.list[last] >> 32),
      static_cast<std::int64_t>(static_cast<std::uint32_t>(shared.list[last]))};
  block.barrier();
  return shared.kept;
}

// ---- the radix search --------------------------------------------------------------------------

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
      mass += whole_mass(exponential(d));
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
    const auto run = running_sum(block, mine, before, shared.warps);
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
  const auto each = static_cast<double>(mass_of_key(prefix));
  const double there = static_cast<double>(shared.buckets[prefix & 255U]) / each;
  double count = __builtin_ceil((wanted - static_cast<double>(above)) / each);
  count = count < 1 ? 1 : count > there ? there : count;
  cut = {true, prefix, nth_of_key(block, l, row, largest, prefix, count, shared)};
  return (static_cast<double>(above) + count * each) / static_cast<double>(mass_unit);
}

}  // namespace tramontane::kernels::cuda
