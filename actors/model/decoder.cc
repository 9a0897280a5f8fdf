#include "actors/model/cpu_engine.h"
#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "scheduler/block_pool.h"

#include <algorithm>
#include <utility>

namespace tramontane {

using kernels::kv_block;

struct Decoder::State {
  // The first `blocks` entries of its row of the table are its own.
  struct Sequence {
    std::int64_t blocks = 0;
    std::int64_t length = 0;
    bool open = false;
  };

  State(const ModelConfig& c, Options o, const Device& device)
      : config(c),
        options(o),
        pool(o.kv_blocks),
        stride(std::min(blocks_for(c.context), o.kv_blocks)),
        engine(device.engine(c, o)) {
    rows.reserve(static_cast<std::size_t>(options.rows_max));
    outputs.reserve(static_cast<std::size_t>(options.rows_max));
  }

  const Sequence& sequence(SequenceId id) const {
    TRAM_CHECK(id < sequences.size(), "no such sequence", id);
    TRAM_CHECK(sequences[id].open, "the sequence is closed", id);
    return sequences[id];
  }

  Sequence& sequence(SequenceId id) {
    return const_cast<Sequence&>(std::as_const(*this).sequence(id));
  }

  std::span<std::int32_t> blocks(SequenceId id) {
    return {table.data() + static_cast<std::int64_t>(id) * stride,
        static_cast<std::size_t>(sequences[id].blocks)};
  }

  void place(std::span<const Row> wanted);
  EngineStep step();

  ModelConfig config;
  Options options;
  BlockPool pool;
  std::int64_t stride;  // the most blocks of one sequence
  std::unique_ptr<Engine> engine;
  std::vector<Sequence> sequences;  // by id
  std::vector<SequenceId> free_ids;
  std::vector<std::int32_t> table;  // (sequences, stride)

  // Of the call under way.
  std::vector<EngineRow> rows;
  std::vector<EngineOutput> outputs;
  std::vector<kernels::Sampled> sampled;
  std::vector<float> logits;
};

Decoder::Decoder(const ModelConfig& config, Options options, const Device& device) {
  TRAM_CHECK(options.kv_blocks > 0, "a decoder needs cache blocks");
  TRAM_CHECK(options.rows_max > 0, "a decoder needs rows");
  state_ = std::make_unique<State>(config, options, device);
}

Decoder::~Decoder() = default;

std::optional<SequenceId> Decoder::open(std::int64_t positions) {
  State& s = *state_;
  SequenceId id = 0;
  if (s.free_ids.empty()) {
    id = static_cast<SequenceId>(s.sequences.size());
    s.sequences.emplace_back();
    s.table.resize(s.sequences.size() * static_cast<std::size_t>(s.stride));
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
  std::int64_t missing = blocks - sequence.blocks;
  if (missing <= 0) return true;
  auto taken = s.pool.take(missing);
  if (!taken) return false;
  sequence.blocks = blocks;
  std::copy(taken->begin(), taken->end(), s.blocks(id).end() - missing);
  return true;
}

void Decoder::share(SequenceId id, SequenceId from, std::int64_t positions) {
  State& s = *state_;
  State::Sequence& sequence = s.sequence(id);
  const State::Sequence& source = s.sequence(from);
  std::int64_t count = positions / kv_block;
  TRAM_CHECK(positions % kv_block == 0, "whole blocks are shared", positions);
  TRAM_CHECK(sequence.length == 0, "only an empty sequence takes another's beginning", id);
  TRAM_CHECK(count <= source.blocks, "the other sequence has no such positions", positions);
  s.pool.give_back(s.blocks(id));
  sequence.blocks = count;
  std::copy_n(s.blocks(from).begin(), count, s.blocks(id).begin());
  s.pool.share(s.blocks(id));
  sequence.length = positions;
}

void Decoder::close(SequenceId id) {
  State::Sequence& sequence = state_->sequence(id);
  state_->pool.give_back(state_->blocks(id));
  sequence.blocks = 0;
  sequence.open = false;
  state_->free_ids.push_back(id);
}

void Decoder::rewind(SequenceId id) {
  State& s = *state_;
  State::Sequence& sequence = s.sequence(id);
  sequence.length = 0;
  std::span<std::int32_t> blocks = s.blocks(id);
  auto shared = std::stable_partition(
      blocks.begin(), blocks.end(), [&](std::int32_t block) { return s.pool.holders(block) == 1; });
  s.pool.give_back({shared, blocks.end()});
  sequence.blocks = shared - blocks.begin();
}

std::int64_t Decoder::length(SequenceId id) const {
  return std::as_const(*state_).sequence(id).length;
}

std::int64_t Decoder::blocks(SequenceId id) const {
  return std::as_const(*state_).sequence(id).blocks;
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
  return config.layers * options.kv_blocks * cache_block_floats(config) *
         static_cast<std::int64_t>(sizeof(float));
}

// Gives every row its position and its place in the cache.
void Decoder::State::place(std::span<const Row> wanted) {
  rows.clear();
  outputs.clear();
  for (const Row& row : wanted) {
    Sequence& s = sequence(row.sequence);
    TRAM_CHECK(row.token >= 0, "a token is not negative", row.token);
    TRAM_CHECK(row.token < config.vocabulary, "no such token", row.token);
    TRAM_CHECK(row.target < config.vocabulary, "no such token", row.target);
    TRAM_CHECK(s.length < s.blocks * kv_block, "no room was reserved for this position", s.length);
    if (row.wants_output)
      outputs.push_back(
          {.row = static_cast<std::int32_t>(rows.size()), .target = row.target, .draw = row.draw});
    rows.push_back({.token = row.token,
        .position = static_cast<std::int32_t>(s.length++),
        .sequence = static_cast<std::int32_t>(row.sequence)});
  }
}

EngineStep Decoder::State::step() {
  return {.rows = rows, .outputs = outputs, .block_table = table.data(), .table_stride = stride};
}

std::span<const kernels::Sampled> Decoder::step(
    std::span<const Row> rows, const ReadyWeights& weights, kernels::Sampling sampling) {
  State& s = *state_;
  s.place(rows);
  s.sampled.resize(s.outputs.size());
  EngineStep step = s.step();
  step.sampling = sampling;
  step.sampled = s.sampled;
  s.engine->step(step, weights);
  return s.sampled;
}

std::span<const float> Decoder::forward(std::span<const Row> rows, const ReadyWeights& weights) {
  State& s = *state_;
  s.place(rows);
  s.logits.resize(s.outputs.size() * static_cast<std::size_t>(s.config.vocabulary));
  EngineStep step = s.step();
  step.logits = s.logits;
  s.engine->step(step, weights);
  return s.logits;
}

}  // namespace tramontane
