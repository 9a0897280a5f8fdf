#pragma once
// Body of attention over the paged cache: one row, G query heads of one kv head, one part of the
// positions (attend_part, cut at fixed multiples), by one block.
//
// head_dim / 8 lanes read one position's K or V at once, 16 bytes each; such a group of lanes is a
// stream. A stream takes every `streams`-th position of the part, 4 at a time, with a running
// maximum and sum (Milakov & Gimelshein 2018); at the end the streams are merged in rising order,
// and the last block to end merges the parts in rising order. All of it depends on the row's
// position and window only.

#include "kernels/cuda/rows/norm.h"
#include "kernels/cuda/rows/rotary.h"

namespace tramontane::kernels::cuda {

constexpr int attend_threads = 128;

template <int D, int G>
struct AttendShape {
  static constexpr int lanes = D / 8;  // of a stream
  static constexpr int streams = attend_threads / lanes;
};

constexpr int at_once = 4;       // positions of a stream
constexpr int attend_slots = 4;  // of so many positions, on their way to each stream

struct AttendSlot {
  Bfloat16x8 keys[at_once][attend_threads];
  Bfloat16x8 values[at_once][attend_threads];
};

// Where a block reads: positions [first, last] of a row count.
struct AttendRange {
  std::int64_t row, kv_offset, first, last;
};

template <int D, int G>
struct AttendMerge {
  float out[AttendShape<D, G>::streams][G][D];
  float top[AttendShape<D, G>::streams][G];
  float total[AttendShape<D, G>::streams][G];
};

template <int D, int G>
union AttendShared {
  AttendSlot slots[attend_slots];
  AttendMerge<D, G> merge;
};

// What one stream has seen of one part.
template <int G>
struct AttendState {
  float out[G][8];
  float top[G];
  float total[G];
};

TRAM_BODY std::int64_t first_seen(std::int64_t position, std::int64_t window) {
  return window > 0 && position >= window ? position - window + 1 : 0;
}

// Sums over the lanes of a stream; the same bits in each.
template <int L, class Block>
TRAM_BODY float stream_sum(Block& block, float value) {
#pragma unroll
  for (int mask = L / 2; mask > 0; mask /= 2) value += block.shuffle_xor(value, mask);
  return value;
}

// Begins to copy the K and V of four positions of a stream, p, p + streams, …, into a slot. Each
// thread reads back its own copies alone, so that no barrier is needed.
template <int D, int G, class Block>
TRAM_BODY void attend_fetch(
    Block& block, const Attend& a, const AttendRange& range, std::int64_t p, AttendSlot& slot) {
  const int dim = lane_of(block) % AttendShape<D, G>::lanes * 8;
#pragma unroll
  for (int j = 0; j < at_once; ++j) {
    const std::int64_t at = p + j * AttendShape<D, G>::streams;
    const bool seen = at >= range.first && at <= range.last;
    const Bfloat16* key = a.cache.base;
    if (seen)
      key = cache_at(a.cache, a.places, range.row, at) + range.kv_offset + at % kv_page * D + dim;
    block.copy16(&slot.keys[j][block.thread()], key, seen);
    block.copy16(&slot.values[j][block.thread()], key + kv_page * D, seen);
  }
}

template <int D, int G, class Block>
TRAM_BODY void attend_step(Block& block, const AttendRange& range, std::int64_t p,
    const AttendSlot& slot, const float (&q)[G][8], AttendState<G>& state) {
  using Shape = AttendShape<D, G>;
  constexpr int n = at_once;
  float scores[G][n];
  bool seen[n];
#pragma unroll
  for (int j = 0; j < n; ++j) {
    const std::int64_t at = p + j * Shape::streams;
    seen[j] = at >= range.first && at <= range.last;
    const Bfloat16x8 keys = slot.keys[j][block.thread()];
#pragma unroll
    for (int g = 0; g < G; ++g) {
      float sum = 0;
#pragma unroll
      for (int i = 0; i < 8; ++i) sum = fused(q[g][i], to_float(keys.at[i]), sum);
      sum = stream_sum<Shape::lanes>(block, sum);
      scores[g][j] = seen[j] ? sum : -infinity;
    }
  }
#pragma unroll
  for (int g = 0; g < G; ++g) {
    float top = state.top[g];
#pragma unroll
    for (int j = 0; j < n; ++j) top = scores[g][j] > top ? scores[g][j] : top;
    const float keep = top > state.top[g] ? block.exp2(state.top[g] - top) : 1.0F;
    state.top[g] = top;
    state.total[g] *= keep;
#pragma unroll
    for (int i = 0; i < 8; ++i) state.out[g][i] *= keep;
#pragma unroll
    for (int j = 0; j < n; ++j) {
      const Bfloat16x8& values = slot.values[j][block.thread()];
      const float weight = seen[j] ? block.exp2(scores[g][j] - top) : 0.0F;
      state.total[g] += weight;
#pragma unroll
      for (int i = 0; i < 8; ++i)
        state.out[g][i] = fused(weight, to_float(values.at[i]), state.out[g][i]);
    }
  }
}

// Merges the streams of a part, thread d summing dimension d of each head.
template <int D, int G, class Block>
TRAM_BODY void merge_streams(
    Block& block, const Attend& a, std::int64_t row_head, std::int64_t part) {
  using Shape = AttendShape<D, G>;
  const auto& shared = reinterpret_cast<const AttendShared<D, G>*>(block.shared())->merge;
  for (int i = block.thread(); i < G * D; i += block.threads()) {
    const int g = i / D;
    const int d = i % D;
    float top = -infinity;
    for (int s = 0; s < Shape::streams; ++s) top = shared.top[s][g] > top ? shared.top[s][g] : top;
    float total = 0;
    float out = 0;
    for (int s = 0; s < Shape::streams; ++s) {
      // A stream that saw nothing has no largest score, and counts for nothing.
      const float share = shared.total[s][g] == 0 ? 0.0F : block.exp2(shared.top[s][g] - top);
      total = fused(shared.total[s][g], share, total);
      out = fused(shared.out[s][g][d], share, out);
    }
    const std::int64_t at = (row_head + g) * a.parts + part;
    a.parts_out[at * D + d] = out;
    if (d == 0) {
      a.parts_sum[at * 2] = top;
      a.parts_sum[at * 2 + 1] = total;
    }
  }
}

// Merges the parts of G heads in rising order.
template <int D, int G, class Block>
TRAM_BODY void merge_parts(
    Block& block, const Attend& a, std::int64_t row_head, std::int64_t first, std::int64_t last) {
  const std::int64_t begin = first / attend_part;
  const std::int64_t end = last / attend_part + 1;
  for (int i = block.thread(); i < G * D; i += block.threads()) {
    const std::int64_t at = row_head + i / D;
    const int d = i % D;
    const float* sums = a.parts_sum + at * a.parts * 2;
    float top = -infinity;
#pragma unroll 4
    for (std::int64_t p = begin; p < end; ++p) top = sums[p * 2] > top ? sums[p * 2] : top;
    float total = 0;
    float out = 0;
#pragma unroll 4
    for (std::int64_t p = begin; p < end; ++p) {
      const float share = block.exp2(sums[p * 2] - top);
      total = fused(sums[p * 2 + 1], share, total);
      out = fused(a.parts_out[(at * a.parts + p) * D + d], share, out);
    }
    a.out[at * D + d] = to_bfloat16(out / total);
    if (a.log_sum && d == 0) a.log_sum[at] = top * 0.693147180559945309F + logarithm(total);
  }
}

// Block (parts, runs of G query heads, row), of attend_threads. The last of the blocks of a run to
// arrive merges the parts.
template <int D, int G, class Block>
TRAM_BODY void attend_parts_of_row(Block& block, const Attend& a) {
  using Shape = AttendShape<D, G>;
  const std::int64_t row = block.z();
  const std::int64_t head = block.y() * G;
  const std::int64_t last = a.places.positions[row];
  if (last < 0) {
    for (int i = block.thread(); i < G * D && block.x() == 0; i += block.threads())
      a.out[(row * a.heads + head) * D + i] = Bfloat16{};
    return;
  }
  const std::int64_t first = first_seen(last, a.window);
  const std::int64_t kv_head = head / (a.heads / a.cache.kv_heads);
  const std::int64_t kv_offset = kv_head * 2 * kv_page * D;
  const int stream = block.thread() / Shape::lanes;
  const int dim = lane_of(block) % Shape::lanes * 8;
  float q[G][8];
  const float scale = a.scale * 1.44269504088896341F;  // scores are in powers of two
#pragma unroll
  for (int g = 0; g < G; ++g) {
    const Bfloat16x8 values = load8(a.q + row * a.q_stride + (head + g) * D + dim);
#pragma unroll
    for (int i = 0; i < 8; ++i) q[g][i] = to_float(values.at[i]) * scale;
  }
  auto& shared = *reinterpret_cast<AttendShared<D, G>*>(block.shared());
  const std::int64_t parts_end = last / attend_part + 1;
  for (std::int64_t part = first / attend_part + block.x(); part < parts_end;
       part += block.grid_x()) {
    AttendState<G> state = {};
#pragma unroll
    for (int g = 0; g < G; ++g) state.top[g] = -infinity;
    const std::int64_t end = (part + 1) * attend_part <= last ? (part + 1) * attend_part : last + 1;
    constexpr int stride = Shape::streams * at_once;
    const AttendRange range = {row, kv_offset, first, end - 1};
    const std::int64_t begin = part * attend_part + stream;
#pragma unroll
    for (int i = 0; i < attend_slots; ++i) {
      if (begin - stream + i * stride < end)
        attend_fetch<D, G>(block, a, range, begin + i * stride, shared.slots[i]);
      block.end_group();
    }
    int slot = 0;
    for (std::int64_t p = begin; p - stream < end; p += stride) {
      block.template await_groups<attend_slots - 1>();
      attend_step<D, G>(block, range, p, shared.slots[slot], q, state);
      if (p - stream + attend_slots * stride < end)
        attend_fetch<D, G>(block, a, range, p + attend_slots * stride, shared.slots[slot]);
      block.end_group();  // maybe an empty one: they are counted
      slot = (slot + 1) % attend_slots;
    }
    block.template await_groups<0>();
    block.barrier();  // the slots are free
#pragma unroll
    for (int g = 0; g < G; ++g) {
#pragma unroll
      for (int i = 0; i < 8; ++i) shared.merge.out[stream][g][dim + i] = state.out[g][i];
      shared.merge.top[stream][g] = state.top[g];
      shared.merge.total[stream][g] = state.total[g];
    }
    block.barrier();
    merge_streams<D, G>(block, a, row * a.heads + head, part);
    block.barrier();  // before the next part's copies
  }
  std::uint32_t* arrived = a.arrived + row * (a.heads / G) + block.y();
  if (!block.arrive(arrived, static_cast<std::uint32_t>(block.grid_x()))) return;
  merge_parts<D, G>(block, a, row * a.heads + head, first, last);
}

}  // namespace tramontane::kernels::cuda
