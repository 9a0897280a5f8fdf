#include "actors/model/torch/microbatch.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

namespace tramontane {

namespace {

[[noreturn]] void refuse(std::size_t index, const std::string& text) {
  throw Error(Errc::bad_input, str("sequence ", index, " cannot be trained on: ", text));
}

void check_tokens(const ModelConfig& config, std::size_t index, const std::vector<Token>& tokens) {
  for (Token t : tokens)
    if (t < 0 || t >= config.vocabulary)
      refuse(index, str("token ", t, " is not of the vocabulary of ", config.vocabulary));
}

}  // namespace

std::int64_t rows_of(const TrainSequence& sequence) {
  return static_cast<std::int64_t>(sequence.prompt.size() + sequence.completion.size()) - 1;
}

void check_sequences(
    const ModelConfig& config, std::span<const TrainSequence> sequences, bool reinforce) {
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const TrainSequence& s = sequences[i];
    if (s.prompt.empty()) refuse(i, "its prompt is empty");
    if (s.completion.empty()) refuse(i, "its completion is empty");
    if (rows_of(s) > config.context)
      refuse(i, str("its ", rows_of(s), " positions are over the context of ", config.context));
    check_tokens(config, i, s.prompt);
    check_tokens(config, i, s.completion);
    if (!reinforce) continue;
    if (s.behaviour_log_probs.size() != s.completion.size())
      refuse(i, str("it has ", s.behaviour_log_probs.size(), " behaviour log-probs for ",
                    s.completion.size(), " tokens"));
    if (!s.proximal_log_probs.empty() && s.proximal_log_probs.size() != s.completion.size())
      refuse(i, str("it has ", s.proximal_log_probs.size(), " proximal log-probs for ",
                    s.completion.size(), " tokens"));
    if (s.lags.size() != s.completion.size())
      refuse(i, str("it has ", s.lags.size(), " lags for ", s.completion.size(), " tokens"));
  }
}

void Microbatch::assign(
    std::span<const TrainSequence> sequences, std::span<const std::size_t> new_members) {
  members.assign(new_members.begin(), new_members.end());
  ids.clear();
  positions.clear();
  starts.assign(1, 0);
  block_ids.clear();
  kv_rows.clear();
  loss_rows.clear();
  targets.clear();
  loss_starts.assign(1, 0);
  std::int64_t blocks = 0;
  for (std::size_t m : members)
    blocks += (rows_of(sequences[m]) + kernels::kv_block - 1) / kernels::kv_block;
  for (std::int64_t b = 0; b < blocks; ++b) block_ids.push_back(static_cast<std::int32_t>(b));
  const std::int32_t* table = block_ids.data();
  for (std::size_t m : members) {
    const TrainSequence& s = sequences[m];
    std::int64_t count = rows_of(s);
    auto prompt = static_cast<std::int64_t>(s.prompt.size());
    for (std::int64_t i = 0; i < count; ++i) {
      auto at = static_cast<std::size_t>(i < prompt ? i : i - prompt);
      ids.push_back(i < prompt ? s.prompt[at] : s.completion[at]);
      positions.push_back(static_cast<std::int32_t>(i));
      kv_rows.push_back({.blocks = table, .position = static_cast<std::int32_t>(i)});
      if (i + 1 < prompt) continue;
      loss_rows.push_back(static_cast<std::int32_t>(starts.back() + i));
      targets.push_back(s.completion[static_cast<std::size_t>(i + 1 - prompt)]);
    }
    starts.push_back(starts.back() + count);
    loss_starts.push_back(losses());
    table += (count + kernels::kv_block - 1) / kernels::kv_block;
  }
}

}  // namespace tramontane
