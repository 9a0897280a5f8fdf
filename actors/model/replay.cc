#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {

namespace {

constexpr std::int64_t rows_max = 256;

void check(const std::vector<Token>& prompt, const Rollout& rollout) {
  if (prompt.empty())
    throw Error(Errc::bad_input, str("rollout ", rollout.id, " has an empty prompt"));
  std::size_t next = 0;
  for (const Span& span : rollout.spans) {
    if (span.begin != next || span.end < span.begin)
      throw Error(
          Errc::bad_input, str("rollout ", rollout.id, ": its spans leave a gap at token ", next));
    next = span.end;
  }
  if (next != rollout.tokens.size())
    throw Error(Errc::bad_input, str("rollout ", rollout.id, ": its spans cover ", next, " of ",
                                     rollout.tokens.size(), " tokens"));
}

}  // namespace

std::vector<float> replay_log_probs(const ModelConfig& config, const std::vector<Token>& prompt,
    const Rollout& rollout,
    const std::function<std::shared_ptr<const ReadyWeights>(Version)>& weights_of,
    float temperature, const Device& device) {
  check(prompt, rollout);
  // The inputs: the prompt and every token but the last, which nothing is computed from.
  std::vector<Token> inputs = prompt;
  inputs.insert(inputs.end(), rollout.tokens.begin(), rollout.tokens.end());
  inputs.pop_back();
  auto length = static_cast<std::int64_t>(inputs.size());
  auto first = static_cast<std::int64_t>(prompt.size()) - 1;  // the input that gives token 0
  if (rollout.tokens.empty()) return {};
  Decoder decoder(config, {.kv_blocks = Decoder::blocks_for(length), .rows_max = rows_max}, device);
  SequenceId id = *decoder.open(length);

  std::vector<float> log_probs(rollout.tokens.size());
  std::vector<Decoder::Row> rows;
  for (const Span& span : rollout.spans) {
    if (span.begin == span.end) continue;
    std::shared_ptr<const ReadyWeights> weights = weights_of(span.version);
    if (weights == nullptr) return {};
    if (span.fresh_cache) decoder.rewind(id);
    std::int64_t end = first + span.end;  // inputs before it give the tokens before span.end
    while (decoder.length(id) < end) {
      std::int64_t from = decoder.length(id);
      std::int64_t to = std::min(end, from + rows_max);
      rows.clear();
      for (std::int64_t i = from; i < to; ++i) {
        bool wants = i >= first + span.begin;
        rows.push_back({.sequence = id,
            .token = inputs[static_cast<std::size_t>(i)],
            .wants_output = wants,
            .target = wants ? rollout.tokens[static_cast<std::size_t>(i - first)] : -1});
      }
      auto scored = decoder.step(rows, *weights, {.temperature = temperature});
      auto at = log_probs.begin() + to - first - static_cast<std::ptrdiff_t>(scored.size());
      for (const kernels::Sampled& one : scored) *at++ = one.log_prob;
    }
  }
  return log_probs;
}

}  // namespace tramontane
