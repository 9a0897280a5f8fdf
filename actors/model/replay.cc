#include "actors/model/policy.h"
#include "kernels/ops.h"
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
    float temperature) {
  check(prompt, rollout);
  // The inputs: the prompt and every token but the last, which nothing is computed from.
  std::vector<Token> inputs = prompt;
  inputs.insert(inputs.end(), rollout.tokens.begin(), rollout.tokens.end());
  inputs.pop_back();
  auto length = static_cast<std::int64_t>(inputs.size());
  auto first = static_cast<std::int64_t>(prompt.size()) - 1;  // the input that gives token 0
  if (rollout.tokens.empty()) return {};
  Decoder decoder(config, {.kv_blocks = Decoder::blocks_for(length), .rows_max = rows_max});
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
      for (std::int64_t i = from; i < to; ++i)
        rows.push_back({.sequence = id,
            .token = inputs[static_cast<std::size_t>(i)],
            .wants_logits = i >= first + span.begin});
      std::span<const float> logits = decoder.forward(rows, *weights);
      auto count = static_cast<std::int64_t>(logits.size()) / config.vocabulary;
      std::int64_t token = to - count - first;
      if (count > 0)
        kernels::token_log_prob(logits.data(), count, config.vocabulary,
            rollout.tokens.data() + token, temperature, log_probs.data() + token, nullptr);
    }
  }
  return log_probs;
}

}  // namespace tramontane
