// What a DeviceDecoder allocates, its graphs and its prefill: see decoder.h.

#include "kernels/cuda/decoder.h"
#include "kernels/cuda/decoder_state.cuh"
#include "kernels/rope_table.h"

namespace tramontane::kernels::cuda {
DeviceDecoder::State::State(const DecoderShape& s, const Options& o)
    : shape(s), options(o), offsets(lay_out(s)) {
  cudaStream_t created = nullptr;
  check(cudaStreamCreateWithFlags(&created, cudaStreamNonBlocking), "stream");
  stream.reset(created);
  rows_max = std::max(bucket_of(o.slots), o.prefill_rows);
  pages_each = (o.context + kv_page - 1) / kv_page;
  for (auto& one : arena) one = device_memory<Bfloat16>(offsets.elements);
  const std::vector<float> table = rope_angles(o.context, rope_frequencies(s.head_dim, s.rope_theta), 1);
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
  arrived = device_memory<std::uint32_t>(rows_max * s.heads);
  const std::int64_t parts = attend_parts(o.context);
  parts_out = device_memory<float>(rows_max * s.q() * parts);
  parts_sum = device_memory<float>(rows_max * s.heads * parts * 2);
  logits = device_memory<float>(slots * s.vocabulary);
  tops = device_memory<float>(slots * output_parts(s.vocabulary));
  masses = device_memory<double>(slots * output_parts(s.vocabulary));
  if (o.top_p < 1) cut = device_memory<std::uint64_t>(slots * cut_words(s.vocabulary));
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
  for (int which = 0; which < decoder_arenas; ++which) state_->graph(which, bucket_of(rows));
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
