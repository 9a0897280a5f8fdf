// A decoding step as a graph: see decoder.h. Six kernels and four products a layer.
#include "kernels/cuda/decoder.h"
#include "kernels/cuda/memory.cuh"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace tramontane::kernels::cuda {
namespace {

constexpr int arenas = 2;

// What moves on from step to step, and where the results go.
struct Advance {
  std::int64_t rows;
  const std::int32_t* tokens;
  const float* log_probs;
  std::int32_t* ids;
  std::int32_t* positions;
  std::int32_t* draws;
  std::int32_t* host_tokens;
  float* host_log_probs;
};

// A token that was not drawn ends its slot: it idles from here on.
__global__ void advance_kernel(const Advance a) {
  begin();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= a.rows) return;
  const std::int32_t token = a.tokens[row];
  const bool goes_on = token >= 0 && a.positions[row] >= 0;
  a.host_tokens[row] = token;
  a.host_log_probs[row] = a.log_probs[row];
  a.ids[row] = token;
  a.positions[row] = goes_on ? a.positions[row] + 1 : -1;
  a.draws[row] = goes_on ? a.draws[row] + 1 : -1;
}

// cosines, then sines, of each position: kernels::rope_table.
std::vector<float> angles_of(std::int64_t positions, std::int64_t head_dim, double theta) {
  const std::int64_t half = head_dim / 2;
  std::vector<float> angles(static_cast<std::size_t>(positions * head_dim));
  for (std::int64_t i = 0; i < half; ++i) {
    const double frequency =
        std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    for (std::int64_t position = 0; position < positions; ++position) {
      const double angle = static_cast<double>(position) * frequency;
      float* row = angles.data() + position * head_dim;
      row[i] = static_cast<float>(std::cos(angle));
      row[half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return angles;
}

std::int64_t bucket_of(std::int64_t rows) {
  std::int64_t bucket = 1;
  while (bucket < rows) bucket = bucket < 8 ? bucket * 2 : bucket + 8;
  return bucket;
}

// The rows of one pass: device arrays.
struct Rows {
  std::int64_t count = 0;
  const std::int32_t* ids = nullptr;
  Places places;
};

}  // namespace

struct DeviceDecoder::State {
  State(const DecoderShape& shape, const Options& options);

  void product(const Multiply& m) const;
  void layer(const DecoderOffsets::Layer& at, const Bfloat16* weights, std::int64_t number,
      const Rows& rows);
  void forward(const Bfloat16* weights, const Rows& rows);
  void head(const Bfloat16* weights, std::int64_t rows);
  Logits distribution(std::int64_t rows) const;
  void enqueue_step(const Bfloat16* weights, std::int64_t rows);
  cudaGraphExec_t graph(int which, std::int64_t rows);
  Rows upload(std::int64_t slot, std::span<const std::int32_t> tokens, std::int32_t first);

  const Bfloat16* in_use() const { return arena[static_cast<std::size_t>(current)].get(); }

  template <class T>
  void copy(T* to, const T* from, std::int64_t count) const {
    check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDefault,
              stream.get()),
        "copy");
  }

  DecoderShape shape;
  Options options;
  DecoderOffsets offsets;
  std::int64_t rows_max = 0;
  std::int64_t pages_each = 0;  // of a slot
  std::int64_t cache_elements = 0;
  int current = 0;
  OwnedStream stream;
  std::array<DeviceMemory<Bfloat16>, arenas> arena;
  DeviceMemory<float> angles;
  DeviceMemory<Bfloat16> cache;
  DeviceMemory<std::byte> scratch;
  DeviceMemory<Bfloat16> x, normed, qkv, attended, gate_up, activated;
  DeviceMemory<float> parts_out, parts_sum, logits, tops, row_log_probs;
  DeviceMemory<double> masses;
  DeviceMemory<std::int32_t> pages, tokens;
  // Of the slots.
  DeviceMemory<std::int32_t> ids, positions, draws;
  DeviceMemory<std::uint64_t> seeds, streams;
  // Of a prefill.
  DeviceMemory<std::int32_t> prefill_ids, prefill_positions, prefill_slots, targets;
  PinnedMemory<std::int32_t> host_tokens;
  PinnedMemory<float> host_log_probs;
  std::map<std::pair<int, std::int64_t>, OwnedGraph> graphs;
};

DeviceDecoder::State::State(const DecoderShape& s, const Options& o)
    : shape(s), options(o), offsets(lay_out(s)) {
  cudaStream_t created = nullptr;
  check(cudaStreamCreateWithFlags(&created, cudaStreamNonBlocking), "stream");
  stream.reset(created);
  rows_max = std::max(bucket_of(o.slots), o.prefill_rows);
  pages_each = (o.context + kv_page - 1) / kv_page;
  for (auto& one : arena) one = device_memory<Bfloat16>(offsets.elements);
  const std::vector<float> table = angles_of(o.context, s.head_dim, s.rope_theta);
  angles = device_memory<float>(o.context * s.head_dim);
  check(cudaMemcpy(angles.get(), table.data(), table.size() * sizeof(float), cudaMemcpyDefault),
      "angles");
  const std::int64_t slots = bucket_of(o.slots);
  cache_elements = s.layers * slots * pages_each * 2 * kv_page * s.kv();
  cache = device_memory<Bfloat16>(cache_elements);
  scratch = device_memory<std::byte>(scratch_bytes);
  x = device_memory<Bfloat16>(rows_max * s.width);
  normed = device_memory<Bfloat16>(rows_max * s.width);
  qkv = device_memory<Bfloat16>(rows_max * s.qkv());
  attended = device_memory<Bfloat16>(rows_max * s.q());
  gate_up = device_memory<Bfloat16>(rows_max * 2 * s.feed_forward);
  activated = device_memory<Bfloat16>(rows_max * s.feed_forward);
  const std::int64_t parts = attend_parts(o.context);
  parts_out = device_memory<float>(rows_max * s.q() * parts);
  parts_sum = device_memory<float>(rows_max * s.heads * parts * 2);
  logits = device_memory<float>(slots * s.vocabulary);
  tops = device_memory<float>(slots * output_parts(s.vocabulary));
  masses = device_memory<double>(slots * output_parts(s.vocabulary));
  row_log_probs = device_memory<float>(rows_max);
  tokens = device_memory<std::int32_t>(slots);
  for (auto* one : {&ids, &positions, &draws}) *one = device_memory<std::int32_t>(slots);
  for (auto* one : {&seeds, &streams}) *one = device_memory<std::uint64_t>(slots);
  for (auto* one : {&prefill_ids, &prefill_positions, &prefill_slots, &targets})
    *one = device_memory<std::int32_t>(rows_max);
  for (auto* one : {&ids, &positions, &draws})
    check(cudaMemset(one->get(), 0xff, static_cast<std::size_t>(slots) * 4), "idle slots");
  host_tokens = pinned_memory<std::int32_t>(slots);
  host_log_probs = pinned_memory<float>(slots);
  // Slot i owns its pages for good.
  std::vector<std::int32_t> table_of_pages(static_cast<std::size_t>(slots * pages_each));
  for (std::size_t i = 0; i < table_of_pages.size(); ++i)
    table_of_pages[i] = static_cast<std::int32_t>(i);
  pages = device_memory<std::int32_t>(slots * pages_each);
  check(
      cudaMemcpy(pages.get(), table_of_pages.data(), table_of_pages.size() * 4, cudaMemcpyDefault),
      "pages");
  check(cudaDeviceSynchronize(), "allocation");
}

void DeviceDecoder::State::product(const Multiply& m) const {
  Multiply whole = m;
  whole.scratch = {scratch.get(), scratch_bytes};
  if (options.exact) {
    multiply_exact(whole, stream.get());
  } else {
    multiply_fast(whole, stream.get());
  }
}

// x += o(attend(rotate(qkv(norm(x))))); x += down(swiglu(gate_up(norm(x)))).
void DeviceDecoder::State::layer(const DecoderOffsets::Layer& at, const Bfloat16* weights,
    std::int64_t number, const Rows& rows) {
  const DecoderShape& s = shape;
  const std::int64_t n = rows.count;
  const auto tensor = [&](std::int64_t offset) { return offset < 0 ? nullptr : weights + offset; };
  const auto normalise = [&](std::int64_t weight) {
    rms_norm({.x = x.get(),
                 .weight = weights + weight,
                 .eps = s.norm_eps,
                 .rows = n,
                 .width = s.width,
                 .y = normed.get()},
        stream.get());
  };
  const auto linear = [&](const Bfloat16* from, std::int64_t depth, std::int64_t weight,
                          const Bfloat16* bias, std::int64_t columns, Bfloat16* to, bool add) {
    product({.x = from,
        .x_stride = depth,
        .rows = n,
        .w = weights + weight,
        .columns = columns,
        .depth = depth,
        .bias = bias,
        .y = to,
        .y_stride = columns,
        .accumulate = add});
  };
  const std::int64_t page = 2 * kv_page * s.kv();
  const KvCache kv = {.base = cache.get() + number * bucket_of(options.slots) * pages_each * page,
      .page_stride = page,
      .kv_heads = s.kv_heads,
      .head_dim = s.head_dim};
  normalise(at.input_norm);
  linear(normed.get(), s.width, at.qkv, tensor(at.qkv_bias), s.qkv(), qkv.get(), false);
  rotate({.qkv = qkv.get(),
             .rows = n,
             .heads = s.heads,
             .q_norm = tensor(at.q_norm),
             .k_norm = tensor(at.k_norm),
             .eps = s.norm_eps,
             .angles = angles.get(),
             .places = rows.places,
             .cache = kv},
      stream.get());
  attend({.q = qkv.get(),
             .q_stride = s.qkv(),
             .rows = n,
             .heads = s.heads,
             .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(s.head_dim))),
             .window = s.window,
             .places = rows.places,
             .cache = kv,
             .parts = attend_parts(options.context),
             .parts_out = parts_out.get(),
             .parts_sum = parts_sum.get(),
             .out = attended.get(),
             .log_sum = nullptr},
      stream.get());
  linear(attended.get(), s.q(), at.o, nullptr, s.width, x.get(), true);
  normalise(at.post_norm);
  linear(normed.get(), s.width, at.gate_up, nullptr, 2 * s.feed_forward, gate_up.get(), false);
  swiglu({gate_up.get(), n, s.feed_forward, activated.get()}, stream.get());
  linear(activated.get(), s.feed_forward, at.down, nullptr, s.width, x.get(), true);
}

void DeviceDecoder::State::forward(const Bfloat16* weights, const Rows& rows) {
  embed({rows.ids, rows.count, weights + offsets.embed, shape.width, x.get()}, stream.get());
  for (std::int64_t i = 0; i < shape.layers; ++i)
    layer(offsets.layers[static_cast<std::size_t>(i)], weights, i, rows);
}

// Logits of the first rows of x.
void DeviceDecoder::State::head(const Bfloat16* weights, std::int64_t rows) {
  rms_norm({.x = x.get(),
               .weight = weights + offsets.norm,
               .eps = shape.norm_eps,
               .rows = rows,
               .width = shape.width,
               .y = normed.get()},
      stream.get());
  product({.x = normed.get(),
      .x_stride = shape.width,
      .rows = rows,
      .w = weights + offsets.head,
      .columns = shape.vocabulary,
      .depth = shape.width,
      .y_float = logits.get(),
      .y_stride = shape.vocabulary});
}

Logits DeviceDecoder::State::distribution(std::int64_t rows) const {
  return {.at = logits.get(),
      .rows = rows,
      .vocabulary = shape.vocabulary,
      .temperature = options.temperature,
      .tops = tops.get(),
      .masses = masses.get()};
}

void DeviceDecoder::State::enqueue_step(const Bfloat16* weights, std::int64_t rows) {
  forward(weights, {.count = rows,
                       .ids = ids.get(),
                       .places = {.positions = positions.get(),
                           .sequences = nullptr,
                           .pages = pages.get(),
                           .pages_stride = pages_each}});
  head(weights, rows);
  sample({.logits = distribution(rows),
             .top_p = options.top_p,
             .draws = {seeds.get(), streams.get(), draws.get()},
             .u = nullptr,
             .tokens = tokens.get(),
             .log_probs = row_log_probs.get()},
      stream.get());
  launch("advance", advance_kernel, dim3(parts_of(rows, 128)), 128, 0, stream.get(),
      Advance{rows, tokens.get(), row_log_probs.get(), ids.get(), positions.get(), draws.get(),
          host_tokens.get(), host_log_probs.get()});
}

cudaGraphExec_t DeviceDecoder::State::graph(int which, std::int64_t rows) {
  OwnedGraph& made = graphs[{which, rows}];
  if (made) return made.get();
  const Bfloat16* weights = arena[static_cast<std::size_t>(which)].get();
  cudaGraph_t captured = nullptr;
  check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "capture");
  try {
    enqueue_step(weights, rows);
  } catch (...) {
    cudaStreamEndCapture(stream.get(), &captured);
    if (captured != nullptr) cudaGraphDestroy(captured);
    throw;
  }
  check(cudaStreamEndCapture(stream.get(), &captured), "capture");
  cudaGraphExec_t ready = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&ready, captured, 0);
  cudaGraphDestroy(captured);
  check(status, "graph");
  made.reset(ready);
  check(cudaGraphUpload(ready, stream.get()), "graph upload");
  return made.get();
}

Rows DeviceDecoder::State::upload(
    std::int64_t slot, std::span<const std::int32_t> tokens_at, std::int32_t first) {
  const auto count = static_cast<std::int64_t>(tokens_at.size());
  std::vector<std::int32_t> at(tokens_at.size());
  std::vector<std::int32_t> slots(tokens_at.size(), static_cast<std::int32_t>(slot));
  for (std::size_t i = 0; i < at.size(); ++i) at[i] = first + static_cast<std::int32_t>(i);
  copy(prefill_ids.get(), tokens_at.data(), count);
  copy(prefill_positions.get(), at.data(), count);
  copy(prefill_slots.get(), slots.data(), count);
  // The vectors end here.
  check(cudaStreamSynchronize(stream.get()), "prefill");
  return {.count = count,
      .ids = prefill_ids.get(),
      .places = {prefill_positions.get(), prefill_slots.get(), pages.get(), pages_each}};
}

DeviceDecoder::DeviceDecoder(const DecoderShape& shape, Options options)
    : state_(std::make_unique<State>(shape, options)) {}

DeviceDecoder::~DeviceDecoder() {
  cudaStreamSynchronize(state_->stream.get());
}

const DecoderOffsets& DeviceDecoder::offsets() const {
  return state_->offsets;
}

Stream DeviceDecoder::stream() const {
  return state_->stream.get();
}

Bfloat16* DeviceDecoder::arena(int which) const {
  return state_->arena[static_cast<std::size_t>(which)].get();
}

Bfloat16* DeviceDecoder::cache() const {
  return state_->cache.get();
}

std::int64_t DeviceDecoder::cache_elements() const {
  return state_->cache_elements;
}

void DeviceDecoder::flip(int which, Event loaded) {
  if (loaded != nullptr) check(cudaStreamWaitEvent(state_->stream.get(), loaded, 0), "flip");
  state_->current = which;
}

void DeviceDecoder::prefill(
    std::int64_t slot, std::span<const std::int32_t> tokens, std::int32_t first) {
  const auto rows = static_cast<std::size_t>(state_->options.prefill_rows);
  for (std::size_t done = 0; done < tokens.size(); done += rows) {
    const auto part = tokens.subspan(done, std::min(rows, tokens.size() - done));
    state_->forward(
        state_->in_use(), state_->upload(slot, part, first + static_cast<std::int32_t>(done)));
  }
}

void DeviceDecoder::log_probs(std::int64_t slot, std::span<const std::int32_t> tokens,
    std::span<const std::int32_t> targets, std::span<float> log_probs) {
  State& s = *state_;
  // Logits of so many rows fit.
  const auto rows = static_cast<std::size_t>(std::min(s.options.slots, s.options.prefill_rows));
  for (std::size_t done = 0; done < tokens.size(); done += rows) {
    const std::size_t size = std::min(rows, tokens.size() - done);
    const auto count = static_cast<std::int64_t>(size);
    s.forward(
        s.in_use(), s.upload(slot, tokens.subspan(done, size), static_cast<std::int32_t>(done)));
    s.copy(s.targets.get(), targets.data() + done, count);
    s.head(s.in_use(), count);
    token_log_prob({.logits = s.distribution(count),
                       .targets = s.targets.get(),
                       .log_probs = s.row_log_probs.get(),
                       .entropy = nullptr},
        s.stream.get());
    s.copy(log_probs.data() + done, s.row_log_probs.get(), count);
    check(cudaStreamSynchronize(s.stream.get()), "log_probs");
  }
}

void DeviceDecoder::place(std::int64_t slot, const Start& start) {
  State& s = *state_;
  s.copy(s.ids.get() + slot, &start.token, 1);
  s.copy(s.positions.get() + slot, &start.position, 1);
  s.copy(s.draws.get() + slot, &start.draw, 1);
  s.copy(s.seeds.get() + slot, &start.seed, 1);
  s.copy(s.streams.get() + slot, &start.stream, 1);
  check(cudaStreamSynchronize(s.stream.get()), "place");
}

void DeviceDecoder::warm_up(std::int64_t rows) {
  for (int which = 0; which < arenas; ++which) state_->graph(which, bucket_of(rows));
  wait();
}

void DeviceDecoder::step(std::int64_t rows) {
  check(cudaGraphLaunch(state_->graph(state_->current, bucket_of(rows)), state_->stream.get()),
      "step");
}

void DeviceDecoder::wait() {
  check(cudaStreamSynchronize(state_->stream.get()), "step");
}

std::span<const std::int32_t> DeviceDecoder::tokens() const {
  return {state_->host_tokens.get(), static_cast<std::size_t>(state_->options.slots)};
}

std::span<const float> DeviceDecoder::log_probs() const {
  return {state_->host_log_probs.get(), static_cast<std::size_t>(state_->options.slots)};
}

const float* DeviceDecoder::logits() const {
  return state_->logits.get();
}

}  // namespace tramontane::kernels::cuda
