// Every kernel once or twice on small shapes, in memory of the exact size: what compute-sanitizer
// runs. Prints a hash of the results, which is the same from run to run.

#include "kernels/cuda/decoder.h"
#include "kernels/cuda/memory.cuh"

#include <cstdio>
#include <cstring>
#include <vector>

using namespace tramontane::kernels::cuda;

namespace {

std::uint64_t hash = 1469598103934665603ULL;

void note(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 1099511628211ULL;
}

float value(std::uint32_t i) {
  i = (i ^ i >> 16) * 0x85EBCA6BU;
  i = (i ^ i >> 13) * 0xC2B2AE35U;
  return static_cast<float>((i ^ i >> 16) >> 8) * 0x1p-23F - 1.0F;
}

DeviceMemory<Bfloat16> halves(std::int64_t n, float scale, std::uint32_t seed) {
  std::vector<Bfloat16> host(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < host.size(); ++i)
    host[i] = to_bfloat16(scale * value(static_cast<std::uint32_t>(i) * 2654435761U + seed));
  auto memory = device_memory<Bfloat16>(n);
  check(cudaMemcpy(memory.get(), host.data(), host.size() * 2, cudaMemcpyDefault), "copy");
  return memory;
}

DeviceMemory<float> floats(std::int64_t n, std::uint32_t seed) {
  std::vector<float> host(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < host.size(); ++i)
    host[i] = 4 * value(static_cast<std::uint32_t>(i) * 2654435761U + seed);
  auto memory = device_memory<float>(n);
  check(cudaMemcpy(memory.get(), host.data(), host.size() * 4, cudaMemcpyDefault), "copy");
  return memory;
}

template <class T>
void note_device(const T* data, std::int64_t n) {
  std::vector<T> host(static_cast<std::size_t>(n));
  check(cudaDeviceSynchronize(), "kernel");
  check(cudaMemcpy(host.data(), data, host.size() * sizeof(T), cudaMemcpyDefault), "copy");
  note(host.data(), host.size() * sizeof(T));
}

void products() {
  for (const std::int64_t rows : {1, 9, 16, 17, 70}) {
    for (const std::int64_t columns : {24, 200, 4104}) {
      const std::int64_t depth = columns == 200 ? 1096 : 136;
      auto x = halves(rows * depth, 1, 1);
      auto w = halves(columns * depth, 1, 2);
      auto bias = halves(columns, 1, 3);
      auto y = halves(rows * columns, 1, 4);
      auto y_float = device_memory<float>(rows * columns);
      Multiply m = {.x = x.get(),
          .x_stride = depth,
          .rows = rows,
          .w = w.get(),
          .columns = columns,
          .depth = depth,
          .bias = bias.get(),
          .y = y.get(),
          .y_stride = columns,
          .accumulate = true};
      multiply_exact(m, nullptr);
      m.y = nullptr;
      m.accumulate = false;
      m.y_float = y_float.get();
      multiply_exact(m, nullptr);
      note_device(y.get(), rows * columns);
      note_device(y_float.get(), rows * columns);
    }
  }
}

void distribution() {
  constexpr std::int64_t rows = 3;
  constexpr std::int64_t vocabulary = 4501;
  auto logits = floats(rows * vocabulary, 5);
  auto u = device_memory<float>(rows);
  auto tops = device_memory<float>(rows * output_parts(vocabulary));
  auto masses = device_memory<double>(rows * output_parts(vocabulary));
  auto tokens = device_memory<std::int32_t>(rows);
  auto log_probs = device_memory<float>(rows);
  auto entropy = device_memory<float>(rows);
  auto arrived = device_memory<std::uint32_t>(rows);
  auto cut = device_memory<std::uint64_t>(rows * cut_words(vocabulary));
  for (const float top_p : {1.0F, 0.7F}) {
    for (const float temperature : {0.0F, 0.8F}) {
      const Logits l = {logits.get(), rows, vocabulary, temperature, tops.get(), masses.get()};
      sample({l, top_p, {}, u.get(), tokens.get(), log_probs.get(), arrived.get(), cut.get()},
          nullptr);
      note_device(tokens.get(), rows);
      token_log_prob({l, tokens.get(), log_probs.get(), entropy.get()}, nullptr);
      note_device(log_probs.get(), rows);
    }
  }
  const Logits l = {logits.get(), rows, vocabulary, 0.8F, tops.get(), masses.get()};
  auto gradient = device_memory<float>(rows * vocabulary);
  token_log_prob_backward({l, tokens.get(), log_probs.get(), gradient.get()}, nullptr);
  note_device(gradient.get(), rows * vocabulary);
}

void experts() {
  auto logits = floats(5 * 40, 6);
  auto chosen = device_memory<std::int32_t>(5 * 3);
  auto weights = device_memory<float>(5 * 3);
  route({logits.get(), 5, 40, 3, true, chosen.get(), weights.get()}, nullptr);
  note_device(chosen.get(), 15);
  auto outs = halves(40 * 72, 1, 7);
  auto y = halves(5 * 72, 1, 8);
  combine({outs.get(), weights.get(), chosen.get(), 5, 3, 72, y.get()}, nullptr);
  note_device(y.get(), 5 * 72);
}

void optimizer() {
  constexpr std::int64_t n = 20011;
  auto p = floats(n, 9);
  auto g = floats(n, 10);
  auto m = device_memory<float>(n);
  auto s = device_memory<float>(n);
  auto arena = device_memory<Bfloat16>(n);
  AdamW a;
  a.learning_rate = 0.01F;
  a.parameters = p.get();
  a.gradients = g.get();
  a.mean = m.get();
  a.square = s.get();
  a.arena = arena.get();
  a.n = n;
  adamw(a, nullptr);
  note_device(arena.get(), n);
  auto sums = device_memory<double>(norm_parts(n));
  auto result = device_memory<double>(1);
  norm(g.get(), n, sums.get(), result.get(), nullptr);
  note_device(result.get(), 1);
  constexpr std::int64_t bytes = n * 4 / 16 * 16;
  auto leaves = device_memory<std::uint64_t>(fingerprint_words(bytes));
  auto root = device_memory<std::uint64_t>(1);
  fingerprint(p.get(), bytes, leaves.get(), root.get(), nullptr);
  note_device(root.get(), 1);
}

void decoder(bool exact) {
  DecoderShape s;
  s.vocabulary = 500;
  s.width = 128;
  s.layers = 2;
  s.heads = 4;
  s.kv_heads = 2;
  s.head_dim = 64;
  s.feed_forward = 192;
  s.qk_norm = true;
  s.tied_head = true;
  DeviceDecoder d(s, {.slots = 20, .context = 300, .prefill_rows = 48, .exact = exact});
  auto weights = halves(d.offsets().elements, 0.3F, 11);
  for (const int which : {0, 1})
    check(cudaMemcpy(d.arena(which), weights.get(), d.offsets().elements * 2, cudaMemcpyDefault),
        "copy");
  std::vector<std::int32_t> prompt(150);
  for (std::size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<std::int32_t>(i * 7 % 500);
  for (const std::int64_t slot : {0, 19}) {
    d.prefill(slot, prompt, 0);
    d.place(slot, {.token = 5, .position = 150, .draw = 0, .seed = 1, .stream = 9});
  }
  for (const std::int64_t rows : {1, 20, 20}) {
    d.step(rows);
    d.wait();
    note(d.tokens().data(), static_cast<std::size_t>(rows) * 4);
    note(d.log_probs().data(), 4);
    d.flip(rows == 1 ? 1 : 0, nullptr);
  }
}

}  // namespace

int main() {
  try {
    products();
    distribution();
    experts();
    optimizer();
    decoder(true);
  } catch (const std::exception& e) {
    std::printf("failed: %s\n", e.what());
    return 1;
  }
  std::printf("hash %016llx\n", static_cast<unsigned long long>(hash));
  return 0;
}
