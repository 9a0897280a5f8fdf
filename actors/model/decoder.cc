#include "actors/model/experts.h"
#include "actors/model/packed.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "scheduler/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace tramontane {

using kernels::kv_block;

namespace {

constexpr std::size_t alignment = 64;

// A layer is computed for so many rows at a time: few enough that their activations, and the cache
// blocks that they write and then read, stay in the processor's cache.
constexpr std::int64_t chunk_rows = 56;

// A float buffer that only grows, 64-byte aligned.
class Buffer {
 public:
  float* at_least(std::int64_t floats) {
    if (floats > size_) {
      auto bytes = (static_cast<std::size_t>(floats) * sizeof(float) + alignment - 1) / alignment *
                   alignment;
      data_.reset(static_cast<float*>(std::aligned_alloc(alignment, std::max(bytes, alignment))));
      if (data_ == nullptr) throw std::bad_alloc();
      // A cache is read in whole blocks: what was never written must be finite.
      std::memset(data_.get(), 0, bytes);
      size_ = floats;
    }
    return data_.get();
  }

  float* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };

  std::unique_ptr<float, Free> data_;
  std::int64_t size_ = 0;
};

// Floats of one block of one layer.
std::int64_t block_floats(const ModelConfig& config) {
  return 2 * config.kv_heads * config.head_dim * kv_block;
}

}  // namespace

struct Decoder::State {
  struct Sequence {
    std::vector<std::int32_t> blocks;
    std::int64_t length = 0;
    bool open = false;
  };

  State(const ModelConfig& c, Options o) : config(c), options(o), sizes(c), pool(o.kv_blocks) {
    rope = rope_table(config);
    cache.at_least(config.layers * options.kv_blocks * block_floats(config));
    auto rows = static_cast<std::size_t>(options.rows_max);
    kv_rows.resize(rows);
    ids.resize(rows);
    positions.resize(rows);
    wanted.reserve(rows);
  }

  const Sequence& sequence(SequenceId id) const {
    TRAM_CHECK(id < sequences.size(), "no such sequence", id);
    TRAM_CHECK(sequences[id].open, "the sequence is closed", id);
    return sequences[id];
  }

  Sequence& sequence(SequenceId id) {
    return const_cast<Sequence&>(std::as_const(*this).sequence(id));
  }

  kernels::KvLayer kv_layer(std::int64_t layer) const {
    std::int64_t floats = block_floats(config);
    return {.base = cache.get() + layer * options.kv_blocks * floats,
        .block_stride = floats,
        .kv_heads = config.kv_heads,
        .head_dim = config.head_dim};
  }

  void place(std::span<const Row> rows);
  void attention(const ReadyWeights::Packed::Layer& w, std::int64_t layer, std::int64_t first,
      std::int64_t rows);
  void feed_forward(const ReadyWeights::Packed::Layer& w, std::int64_t first, std::int64_t rows);
  std::span<const float> head(const ReadyWeights::Packed& w);

  ModelConfig config;
  Options options;
  Sizes sizes;
  std::vector<float> rope;
  Buffer cache;
  BlockPool pool;
  std::vector<Sequence> sequences;  // by id
  std::vector<SequenceId> free_ids;

  // Of the call under way; sized once for rows_max.
  std::vector<kernels::KvRow> kv_rows;
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> positions;
  std::vector<std::int32_t> wanted;  // rows that want logits
  Buffer x, normed, qkv, qk_normed, attended, gate_up, activated, experts, logits;
  std::vector<std::int32_t> chosen;
  ExpertRows expert_rows;
};

Decoder::Decoder(const ModelConfig& config, Options options) {
  TRAM_CHECK(options.kv_blocks > 0, "a decoder needs cache blocks");
  TRAM_CHECK(options.rows_max > 0, "a decoder needs rows");
  state_ = std::make_unique<State>(config, options);
}

Decoder::~Decoder() = default;

std::optional<SequenceId> Decoder::open(std::int64_t positions) {
  State& s = *state_;
  SequenceId id = 0;
  if (s.free_ids.empty()) {
    id = static_cast<SequenceId>(s.sequences.size());
    s.sequences.emplace_back();
  } else {
    id = s.free_ids.back();
    s.free_ids.pop_back();
  }
  s.sequences[id].length = 0;
  s.sequences[id].open = true;
  try {
    if (reserve(id, positions)) return id;
  } catch (...) {
    close(id);
    throw;
  }
  close(id);
  return std::nullopt;
}

bool Decoder::reserve(SequenceId id, std::int64_t positions) {
  State& s = *state_;
  State::Sequence& sequence = s.sequence(id);
  TRAM_CHECK(positions >= 0, "room is made for positions", positions);
  if (positions > s.config.context)
    throw Error(Errc::bad_input, str("a sequence of ", positions, " positions does not fit the ",
                                     "model's context of ", s.config.context));
  std::int64_t blocks = blocks_for(positions);
  if (blocks > s.options.kv_blocks)
    throw Error(Errc::bad_input, str("a sequence of ", positions, " positions needs ", blocks,
                                     " cache blocks; the whole cache has ", s.options.kv_blocks));
  std::int64_t missing = blocks - static_cast<std::int64_t>(sequence.blocks.size());
  if (missing <= 0) return true;
  auto taken = s.pool.take(missing);
  if (!taken) return false;
  sequence.blocks.insert(sequence.blocks.end(), taken->begin(), taken->end());
  return true;
}

void Decoder::share(SequenceId id, SequenceId from, std::int64_t positions) {
  State& s = *state_;
  State::Sequence& sequence = s.sequence(id);
  const State::Sequence& source = s.sequence(from);
  std::int64_t count = positions / kv_block;
  TRAM_CHECK(positions % kv_block == 0, "whole blocks are shared", positions);
  TRAM_CHECK(sequence.length == 0, "only an empty sequence takes another's beginning", id);
  TRAM_CHECK(count <= static_cast<std::int64_t>(source.blocks.size()),
      "the other sequence has no such positions", positions);
  s.pool.give_back(sequence.blocks);
  sequence.blocks.assign(source.blocks.begin(), source.blocks.begin() + count);
  s.pool.share(sequence.blocks);
  sequence.length = positions;
}

void Decoder::close(SequenceId id) {
  State::Sequence& sequence = state_->sequence(id);
  state_->pool.give_back(sequence.blocks);
  sequence.blocks.clear();
  sequence.open = false;
  state_->free_ids.push_back(id);
}

void Decoder::rewind(SequenceId id) {
  State& s = *state_;
  State::Sequence& sequence = s.sequence(id);
  sequence.length = 0;
  auto shared = std::stable_partition(sequence.blocks.begin(), sequence.blocks.end(),
      [&](std::int32_t block) { return s.pool.holders(block) == 1; });
  s.pool.give_back({shared, sequence.blocks.end()});
  sequence.blocks.erase(shared, sequence.blocks.end());
}

std::int64_t Decoder::length(SequenceId id) const {
  return std::as_const(*state_).sequence(id).length;
}

std::int64_t Decoder::blocks(SequenceId id) const {
  return static_cast<std::int64_t>(std::as_const(*state_).sequence(id).blocks.size());
}

std::int64_t Decoder::blocks_for(std::int64_t positions) {
  return (positions + kv_block - 1) / kv_block;
}

std::int64_t Decoder::blocks_free() const {
  return state_->pool.free();
}

std::int64_t Decoder::blocks_total() const {
  return state_->pool.total();
}

std::int64_t Decoder::cache_bytes(const ModelConfig& config, Options options) {
  return config.layers * options.kv_blocks * block_floats(config) *
         static_cast<std::int64_t>(sizeof(float));
}

// Gives every row its position and its place in the cache.
void Decoder::State::place(std::span<const Row> rows) {
  wanted.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    Sequence& s = sequence(row.sequence);
    TRAM_CHECK(row.token >= 0, "a token is not negative", row.token);
    TRAM_CHECK(row.token < config.vocabulary, "no such token", row.token);
    TRAM_CHECK(s.length < static_cast<std::int64_t>(s.blocks.size()) * kv_block,
        "no room was reserved for this position", s.length);
    ids[i] = row.token;
    positions[i] = static_cast<std::int32_t>(s.length++);
    kv_rows[i] = {.blocks = s.blocks.data(), .position = positions[i]};
    if (row.wants_logits) wanted.push_back(static_cast<std::int32_t>(i));
  }
}

// x += o(attend(qkv(norm(x)))), for `rows` rows from `first`.
void Decoder::State::attention(const ReadyWeights::Packed::Layer& w, std::int64_t layer,
    std::int64_t first, std::int64_t rows) {
  std::int64_t width = config.width;
  float* residual = x.get() + first * width;
  float* h = normed.at_least(rows * width);
  kernels::rms_norm(residual, w.input_norm, config.norm_eps, rows, width, h, nullptr);
  float* projected = qkv.at_least(rows * sizes.qkv);
  kernels::multiply({.x = h,
      .x_stride = width,
      .rows = rows,
      .w = &w.qkv,
      .bias = w.qkv_bias.empty() ? nullptr : w.qkv_bias.data(),
      .y = projected,
      .y_stride = sizes.qkv});
  if (w.q_norm != nullptr)
    projected =
        norm_heads(config, w, projected, rows, qk_normed.at_least(rows * sizes.qkv), nullptr);
  // q and k are neighbours: one call turns both.
  if (config.turns(layer))
    kernels::rope(projected, sizes.qkv, positions.data() + first, rows,
        config.heads + config.kv_heads, config.head_dim, rope.data(), false);
  std::span<const kernels::KvRow> places(kv_rows.data() + first, static_cast<std::size_t>(rows));
  kernels::KvLayer kv = kv_layer(layer);
  kernels::kv_store(projected + sizes.q, projected + sizes.q + sizes.kv, sizes.qkv, places, kv);
  float* out = attended.at_least(rows * sizes.q);
  kernels::attend({.q = projected,
                      .q_stride = sizes.qkv,
                      .rows = places,
                      .heads = config.heads,
                      .scale = sizes.scale,
                      .window = config.window_of(layer),
                      .out = out,
                      .log_sum = nullptr},
      kv);
  kernels::multiply({.x = out,
      .x_stride = sizes.q,
      .rows = rows,
      .w = &w.o,
      .bias = w.o_bias,
      .y = residual,
      .y_stride = width,
      .accumulate = true});
}

// x += down(swiglu(gate_up(norm(x)))), by one feed-forward or the experts of each row.
void Decoder::State::feed_forward(
    const ReadyWeights::Packed::Layer& w, std::int64_t first, std::int64_t rows) {
  std::int64_t width = config.width;
  float* residual = x.get() + first * width;
  std::int64_t f = config.feed_forward;
  float* h = normed.at_least(rows * width);
  kernels::rms_norm(residual, w.post_norm, config.norm_eps, rows, width, h, nullptr);
  if (config.experts > 0) {
    ExpertRoom room(config, rows, experts.at_least(ExpertRoom::floats(config, rows)));
    mix_experts(config, w, h, rows, room, chosen, expert_rows, residual);
    return;
  }
  const ReadyWeights::Packed::FeedForward& dense = w.feed_forward.front();
  float* both = gate_up.at_least(rows * 2 * f);
  kernels::multiply({.x = h,
      .x_stride = width,
      .rows = rows,
      .w = &dense.gate_up,
      .bias = dense.bias(),
      .y = both,
      .y_stride = 2 * f});
  float* out = activated.at_least(rows * f);
  kernels::swiglu(both, rows, f, out);
  kernels::multiply({.x = out,
      .x_stride = f,
      .rows = rows,
      .w = &dense.down,
      .bias = dense.down_bias,
      .y = residual,
      .y_stride = width,
      .accumulate = true});
}

// Logits of the wanted rows.
std::span<const float> Decoder::State::head(const ReadyWeights::Packed& w) {
  auto count = static_cast<std::int64_t>(wanted.size());
  std::int64_t width = config.width;
  if (count == 0) return {};
  // Rows only move down, so gathering in place is safe.
  for (std::int64_t i = 0; i < count; ++i)
    if (wanted[static_cast<std::size_t>(i)] != i)
      std::memcpy(x.get() + i * width, x.get() + wanted[static_cast<std::size_t>(i)] * width,
          static_cast<std::size_t>(width) * sizeof(float));
  float* h = normed.at_least(count * width);
  kernels::rms_norm(x.get(), w.norm, config.norm_eps, count, width, h, nullptr);
  float* out = logits.at_least(count * config.vocabulary);
  kernels::multiply({.x = h,
      .x_stride = width,
      .rows = count,
      .w = &w.head,
      .bias = nullptr,
      .y = out,
      .y_stride = config.vocabulary});
  return {out, static_cast<std::size_t>(count * config.vocabulary)};
}

std::span<const float> Decoder::forward(std::span<const Row> rows, const ReadyWeights& weights) {
  State& s = *state_;
  auto count = static_cast<std::int64_t>(rows.size());
  TRAM_CHECK(count <= s.options.rows_max, "too many rows in one call", count);
  const ReadyWeights::Packed& w = weights.packed();
  TRAM_CHECK(w.layers.size() == static_cast<std::size_t>(s.config.layers),
      "weights of another model", w.layers.size());
  if (count == 0) return {};
  s.place(rows);
  kernels::embed(
      s.ids.data(), count, w.embed, s.config.width, s.x.at_least(count * s.config.width));
  for (std::int64_t i = 0; i < s.config.layers; ++i) {
    const ReadyWeights::Packed::Layer& layer = w.layers[static_cast<std::size_t>(i)];
    // Rows of one sequence stand in rising order, so that a chunk finds the keys of the ones
    // before.
    for (std::int64_t first = 0; first < count; first += chunk_rows) {
      std::int64_t chunk = std::min(chunk_rows, count - first);
      s.attention(layer, i, first, chunk);
      s.feed_forward(layer, first, chunk);
    }
  }
  return s.head(w);
}

}  // namespace tramontane
