// The CPU's engine: the kernels in the order of the model, and the weights packed for them.
#include "actors/model/cpu_engine.h"

#include "actors/model/experts.h"
#include "kernels/parallel.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tramontane {

namespace {

// A layer is computed for so many rows at a time: few enough that their activations, and the cache
// blocks that they write and then read, stay in the processor's cache.
constexpr std::int64_t chunk_rows = 56;

// A float buffer that only grows.
class Buffer {
 public:
  explicit Buffer(std::pmr::memory_resource* memory) : memory_(memory) {}

  // Its content is zero where it grew: a cache is read in whole blocks, and what was never written
  // must be finite.
  float* at_least(std::int64_t floats) {
    if (floats > size_) {
      block_ = {};  // the old before the new: never both in memory
      block_ = kernels::FloatBlock(floats, memory_);
      size_ = floats;
    }
    return block_.data();
  }

  float* get() const { return block_.data(); }

 private:
  std::pmr::memory_resource* memory_;
  kernels::FloatBlock block_;
  std::int64_t size_ = 0;
};

std::pmr::memory_resource* memory_of(const CpuOptions& options) {
  return options.memory == nullptr ? std::pmr::get_default_resource() : options.memory;
}

}  // namespace

std::int64_t cache_block_floats(const ModelConfig& config) {
  return 2 * config.kv_heads * config.head_dim * kernels::kv_block;
}

namespace {

struct CpuEngine final : public Engine {
  CpuEngine(const ModelConfig& c, Options o, const CpuOptions& cpu)
      : config(c), options(o), sizes(c), team(cpu.threads), memory(memory_of(cpu)) {
    rope = rope_table(config);
    cache.at_least(config.layers * options.kv_blocks * cache_block_floats(config));
    auto rows = static_cast<std::size_t>(options.rows_max);
    kv_rows.resize(rows);
    ids.resize(rows);
    positions.resize(rows);
  }

  void step(const EngineStep& step, const ReadyWeights& weights) override;

  kernels::KvLayer kv_layer(std::int64_t layer) const {
    std::int64_t floats = cache_block_floats(config);
    return {.base = cache.get() + layer * options.kv_blocks * floats,
        .block_stride = floats,
        .kv_heads = config.kv_heads,
        .head_dim = config.head_dim};
  }

  void place(const EngineStep& step);
  void attention(
      const PackedWeights::Layer& w, std::int64_t layer, std::int64_t first, std::int64_t rows);
  void feed_forward(const PackedWeights::Layer& w, std::int64_t first, std::int64_t rows);
  void head(const PackedWeights& w, std::span<const EngineOutput> outputs, float* out);
  void sample(const EngineStep& step, const float* from);

  const ModelConfig config;
  const Options options;
  const Sizes sizes;
  Team team;
  std::pmr::memory_resource* const memory;
  std::vector<float> rope;
  Buffer cache{memory};

  // Of the step under way; sized once for rows_max.
  std::vector<kernels::KvRow> kv_rows;
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> positions;
  Buffer x{memory}, normed{memory}, qkv{memory}, qk_normed{memory}, attended{memory};
  Buffer gate_up{memory}, activated{memory}, experts{memory}, logits{memory};
  std::vector<std::int32_t> chosen;
  ExpertRows expert_rows;
};

// Where each row's keys and values lie.
void CpuEngine::place(const EngineStep& step) {
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const EngineRow& row = step.rows[i];
    ids[i] = row.token;
    positions[i] = row.position;
    kv_rows[i] = {
        .blocks = step.block_table + row.sequence * step.table_stride, .position = row.position};
  }
}

// x += o(attend(qkv(norm(x)))), for `rows` rows from `first`.
void CpuEngine::attention(
    const PackedWeights::Layer& w, std::int64_t layer, std::int64_t first, std::int64_t rows) {
  std::int64_t width = config.width;
  float* residual = x.get() + first * width;
  float* h = normed.at_least(rows * width);
  kernels::rms_norm(residual, w.input_norm, config.norm_eps, rows, width, h, nullptr);
  float* projected = qkv.at_least(rows * sizes.qkv);
  kernels::multiply(team, {.x = h,
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
  kernels::attend(team,
      {.q = projected,
          .q_stride = sizes.qkv,
          .rows = places,
          .heads = config.heads,
          .scale = sizes.scale,
          .window = config.window_of(layer),
          .out = out,
          .log_sum = nullptr},
      kv);
  kernels::multiply(team, {.x = out,
                              .x_stride = sizes.q,
                              .rows = rows,
                              .w = &w.o,
                              .bias = w.o_bias,
                              .y = residual,
                              .y_stride = width,
                              .accumulate = true});
}

// x += down(swiglu(gate_up(norm(x)))), by one feed-forward or the experts of each row.
void CpuEngine::feed_forward(const PackedWeights::Layer& w, std::int64_t first, std::int64_t rows) {
  std::int64_t width = config.width;
  float* residual = x.get() + first * width;
  std::int64_t f = config.feed_forward;
  float* h = normed.at_least(rows * width);
  kernels::rms_norm(residual, w.post_norm, config.norm_eps, rows, width, h, nullptr);
  if (config.experts > 0) {
    ExpertRoom room(config, rows, experts.at_least(ExpertRoom::floats(config, rows)));
    mix_experts(team, config, w, h, rows, room, chosen, expert_rows, residual);
    return;
  }
  const PackedWeights::FeedForward& dense = w.feed_forward.front();
  float* both = gate_up.at_least(rows * 2 * f);
  kernels::multiply(team, {.x = h,
                              .x_stride = width,
                              .rows = rows,
                              .w = &dense.gate_up,
                              .bias = dense.bias(),
                              .y = both,
                              .y_stride = 2 * f});
  float* out = activated.at_least(rows * f);
  kernels::swiglu(team, both, rows, f, out);
  kernels::multiply(team, {.x = out,
                              .x_stride = f,
                              .rows = rows,
                              .w = &dense.down,
                              .bias = dense.down_bias,
                              .y = residual,
                              .y_stride = width,
                              .accumulate = true});
}

// Logits (outputs, vocabulary) of the rows that give outputs.
void CpuEngine::head(const PackedWeights& w, std::span<const EngineOutput> outputs, float* out) {
  auto count = static_cast<std::int64_t>(outputs.size());
  std::int64_t width = config.width;
  // Rows only move down, so gathering in place is safe.
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t row = outputs[static_cast<std::size_t>(i)].row;
    if (row != i)
      std::memcpy(x.get() + i * width, x.get() + row * width,
          static_cast<std::size_t>(width) * sizeof(float));
  }
  float* h = normed.at_least(count * width);
  kernels::rms_norm(x.get(), w.norm, config.norm_eps, count, width, h, nullptr);
  kernels::multiply(team, {.x = h,
                              .x_stride = width,
                              .rows = count,
                              .w = &w.head,
                              .bias = nullptr,
                              .y = out,
                              .y_stride = config.vocabulary});
}

void CpuEngine::sample(const EngineStep& step, const float* from) {
  team.each(static_cast<std::int64_t>(step.sampled.size()), [&](std::int64_t i) {
    const EngineOutput& output = step.outputs[static_cast<std::size_t>(i)];
    kernels::Sampled& sampled = step.sampled[static_cast<std::size_t>(i)];
    const float* row = from + i * config.vocabulary;
    if (output.target < 0) {
      sampled = kernels::sample(row, config.vocabulary, step.sampling, uniform(output.draw));
      return;
    }
    sampled.token = output.target;
    kernels::token_log_prob(row, 1, config.vocabulary, &output.target, step.sampling.temperature,
        &sampled.log_prob, nullptr);
  });
}

void CpuEngine::step(const EngineStep& step, const ReadyWeights& weights) {
  auto count = static_cast<std::int64_t>(step.rows.size());
  TRAM_CHECK(count <= options.rows_max, "too many rows in one step", count);
  const auto* ready = dynamic_cast<const CpuWeights*>(&weights);
  TRAM_CHECK(ready != nullptr, "weights that another device made ready", weights.version());
  const PackedWeights& w = ready->packed();
  TRAM_CHECK(w.layers.size() == static_cast<std::size_t>(config.layers), "weights of another model",
      w.layers.size());
  if (count == 0) return;
  place(step);
  w.embed(ids.data(), count, x.at_least(count * config.width));
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const PackedWeights::Layer& layer = w.layers[static_cast<std::size_t>(i)];
    // Rows of one sequence stand in rising order, so that a chunk finds the keys of the ones
    // before.
    for (std::int64_t first = 0; first < count; first += chunk_rows) {
      std::int64_t chunk = std::min(chunk_rows, count - first);
      attention(layer, i, first, chunk);
      feed_forward(layer, first, chunk);
    }
  }
  if (step.outputs.empty()) return;
  auto outputs = static_cast<std::int64_t>(step.outputs.size());
  float* out =
      step.logits.empty() ? logits.at_least(outputs * config.vocabulary) : step.logits.data();
  head(w, step.outputs, out);
  sample(step, out);
}

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const CpuOptions& options) : options_(options) {}

  std::string name() const override { return "cpu"; }

  std::shared_ptr<const ReadyWeights> prepare(
      const ModelConfig& config, std::shared_ptr<const Arena> arena) const override {
    TRAM_CHECK(arena != nullptr, "no arena to prepare");
    if (!arena->sealed()) throw Error(Errc::bad_input, "the weights' arena is not sealed");
    check_manifest(config, arena->manifest(), matrices_of(arena->manifest()));
    return std::make_shared<CpuWeights>(config, std::move(arena), options_.memory);
  }

  std::unique_ptr<Engine> engine(
      const ModelConfig& config, Engine::Options options) const override {
    return make_cpu_engine(config, options, options_);
  }

 private:
  CpuOptions options_;
};

}  // namespace

Dtype matrices_of(const Manifest& manifest) {
  return !manifest.tensors().empty() && manifest.tensors()[0].dtype == Dtype::bfloat16
             ? Dtype::bfloat16
             : Dtype::float32;
}

CpuWeights::CpuWeights(const ModelConfig& config, std::shared_ptr<const Arena> arena,
    std::pmr::memory_resource* memory)
    : ReadyWeights(arena->version(), arena->fingerprint()), arena_(std::move(arena)) {
  const Manifest& manifest = arena_->manifest();
  BlockOffsets offsets = block_offsets(config, manifest);
  MatrixBlock block{.data = arena_->data(), .matrices = matrices_of(manifest)};
  if (memory == nullptr) {
    packed_ = pack(config, offsets, block);
    return;
  }
  copy_ = kernels::FloatBlock(offsets.floats, memory);
  std::memcpy(copy_.data(), arena_->data(), arena_->bytes().size());
  block.data = copy_.data();
  block.memory = memory;
  packed_ = pack(config, offsets, block);
  arena_.reset();
}

std::unique_ptr<Engine> make_cpu_engine(
    const ModelConfig& config, Engine::Options options, CpuOptions cpu) {
  return std::make_unique<CpuEngine>(config, options, cpu);
}

std::shared_ptr<const Device> cpu_device(CpuOptions options) {
  return std::make_shared<CpuDevice>(options);
}

std::shared_ptr<const ReadyWeights> ReadyWeights::prepare(
    const ModelConfig& config, std::shared_ptr<const Arena> arena) {
  return cpu_device()->prepare(config, std::move(arena));
}

}  // namespace tramontane
