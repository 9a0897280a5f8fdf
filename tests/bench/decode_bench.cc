// Decoding with the main job's model against LibTorch eager with a KV cache: the same weights,
// prompts of 7 and 40 new tokens, sampling included, one thread each. Then weights served in
// float32 against bfloat16.
#include "actors/model/policy.h"
#include "kernels/ops.h"
#include "runtime/base/random.h"
#include "tests/bench/eager_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

using namespace tramontane;

namespace {

constexpr std::int64_t prompt_tokens = 7;
constexpr std::int64_t new_tokens = 40;

double ours(const ModelConfig& config, const ReadyWeights& weights, std::int64_t batch) {
  Decoder decoder(config, {.kv_blocks = batch * 4, .rows_max = std::max<std::int64_t>(batch, 512)});
  std::vector<Decoder::Row> rows;
  std::vector<SequenceId> ids;
  for (std::int64_t i = 0; i < batch; ++i) ids.push_back(*decoder.open(prompt_tokens + new_tokens));
  double begin = thread_seconds();
  for (std::int64_t p = 0; p < prompt_tokens; ++p) {
    rows.clear();
    for (SequenceId id : ids)
      rows.push_back({id, static_cast<Token>(4 + p), p + 1 == prompt_tokens});
    if (p + 1 < prompt_tokens) decoder.forward(rows, weights);
  }
  for (std::int64_t n = 0; n < new_tokens; ++n) {
    std::span<const float> logits = decoder.forward(rows, weights);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float u = uniform({.seed = 1, .stream = i, .position = static_cast<std::uint32_t>(n)});
      rows[i].token =
          kernels::sample(logits.data() + static_cast<std::int64_t>(i) * config.vocabulary,
              config.vocabulary, {}, u)
              .token;
      rows[i].wants_output = true;
    }
  }
  return thread_seconds() - begin;
}

double eager(EagerModel& model, std::int64_t batch) {
  at::InferenceMode inference;
  model.make_cache(batch, prompt_tokens + new_tokens);
  at::Tensor ids = at::arange(4, 4 + prompt_tokens, at::kLong)
                       .unsqueeze(0)
                       .expand({batch, prompt_tokens})
                       .contiguous();
  double begin = thread_seconds();
  std::int64_t position = 0;
  for (std::int64_t n = 0; n < new_tokens; ++n) {
    at::Tensor logits = model.logits(ids, position, true, true).squeeze(1);
    position += ids.size(1);
    at::Tensor log_probs = logits.log_softmax(-1);
    ids = log_probs.exp().multinomial(1);
    at::Tensor chosen = log_probs.gather(1, ids);
  }
  return thread_seconds() - begin;
}

// Fresh weights of the config, in the form that it serves.
std::shared_ptr<const ReadyWeights> fresh(const ModelConfig& config) {
  Arena wide(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(wide, config, 1);
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(serving_manifest(config)));
  for (const TensorEntry& tensor : arena->manifest().tensors()) {
    std::span<const float> values = wide.floats(tensor.name);
    std::byte* to = arena->bytes().data() + tensor.offset;
    if (tensor.dtype == Dtype::bfloat16)
      kernels::to_bfloat16(values.data(), static_cast<std::int64_t>(values.size()),
          reinterpret_cast<kernels::Bfloat16*>(to));
    else
      std::memcpy(to, values.data(), tensor.size);
  }
  arena->seal(1);
  return ReadyWeights::prepare(config, arena);
}

template <class Run>
double best(int repeats, Run run) {
  double seconds = 1e9;
  for (int i = 0; i < repeats; ++i) seconds = std::min(seconds, run());
  return seconds;
}

// Both forms in turn, of the main job's model and of one whose weights are larger than a cache.
void compare_forms() {
  ModelConfig large = preset("base", 4096);
  large.width = 1024;
  large.layers = 4;
  large.heads = large.kv_heads = 16;
  large.head_dim = 64;
  large.feed_forward = 2816;
  for (const auto& [name, shape] : {std::pair("nano", preset("nano", 21)), {"60M", large}}) {
    ModelConfig half = shape;
    half.serving = Dtype::bfloat16;
    auto wide_weights = fresh(shape);
    auto half_weights = fresh(half);
    for (std::int64_t batch : {1, 16, 64}) {
      if (shape.width > 64 && batch > 16) continue;  // takes long, and says no more
      double wide = 1e9;
      double narrow = 1e9;
      for (int i = 0; i < (shape.width > 64 ? 2 : 10); ++i) {
        wide = std::min(wide, ours(shape, *wide_weights, batch));
        narrow = std::min(narrow, ours(half, *half_weights, batch));
      }
      double tokens = static_cast<double>(batch * new_tokens);
      std::printf(
          "{\"bench\": \"decode_bfloat16\", \"model\": \"%s\", \"batch\": %ld, "
          "\"float32_tokens_s\": %.0f, \"bfloat16_tokens_s\": %.0f, \"ratio\": %.2f}\n",
          name, static_cast<long>(batch), tokens / wide, tokens / narrow, wide / narrow);
    }
  }
}

}  // namespace

int main() {
  at::set_num_threads(1);
  ModelConfig config = preset("nano", 21);
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(*arena, config, 1);
  arena->seal(1);
  auto weights = ReadyWeights::prepare(config, arena);
  EagerModel model(config, *arena, false);
  for (std::int64_t batch : {1, 16, 64, 256}) {
    int repeats = batch < 64 ? 20 : 8;
    double tokens = static_cast<double>(batch * new_tokens);
    double a = tokens / best(repeats, [&] { return ours(config, *weights, batch); });
    double b = tokens / best(repeats, [&] { return eager(model, batch); });
    double flops = 2.0 * static_cast<double>(parameters(config) - config.vocabulary * config.width);
    std::printf(
        "{\"bench\": \"decode\", \"batch\": %ld, \"ours_tokens_s\": %.0f, \"eager_tokens_s\": "
        "%.0f, "
        "\"ratio\": %.2f, \"gflops\": %.1f}\n",
        static_cast<long>(batch), a, b, a / b, a * flops * 1e-9);
  }
  compare_forms();
  return 0;
}
