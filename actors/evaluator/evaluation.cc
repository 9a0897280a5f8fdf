#include "actors/evaluator/evaluation.h"

#include "runtime/base/check.h"

#include <boost/json/array.hpp>

#include <map>

namespace tramontane {
namespace {

constexpr std::uint64_t evaluation_seed = 0x6576616c;

template <class Outcomes, class Of>
double mean(const Outcomes& outcomes, Of of) {
  if (outcomes.empty()) return 0;
  double sum = 0;
  for (const auto& outcome : outcomes) sum += of(outcome);
  return sum / static_cast<double>(outcomes.size());
}

}  // namespace

Evaluation::Evaluation(
    const Job& job, std::shared_ptr<const ReadyWeights> weights, EvaluationOptions options)
    : job_(job),
      weights_(std::move(weights)),
      options_(std::move(options)),
      rewards_(job.reward_table()) {
  TRAM_CHECK(!options_.force_thinking || can_force_thinking(job), "no <think> token to force");
  std::uint64_t count = job.heldout.size();
  if (options_.problems != 0 && options_.problems < count) count = options_.problems;
  for (std::uint64_t i = 0; i < count; ++i) problems_.push_back(&job.heldout[i]);
  if (options_.greedy) greedy_.resize(count);
  sampled_.resize(count * options_.samples);
  total_ = greedy_.size() + sampled_.size();
}

void Evaluation::begin_pass() {
  ++pass_;
  if (pass_ == 0 && greedy_.empty()) ++pass_;
  if (pass_ == 1 && sampled_.empty()) ++pass_;
  batch_.reset();
  if (pass_ > 1) return;
  ContinuousBatch::Options batch = job_.generator;
  batch.on_swap = OnSwap::keep;
  batch.temperature = pass_ == 0 ? 0.0F : 1.0F;
  batch.top_p = 1;
  batch_ = std::make_unique<ContinuousBatch>(job_.model, batch);
  batch_->swap(weights_);
  pass_total_ = pass_ == 0 ? greedy_.size() : sampled_.size();
  pass_done_ = 0;
  next_ = 0;
  unfinished_.assign(pass_total_, {});
}

void Evaluation::feed() {
  while (next_ < pass_total_ && batch_->room() > 0) {
    std::uint64_t samples = pass_ == 0 ? 1 : options_.samples;
    RolloutTask task;
    task.prompt = problems_[next_ / samples]->prompt;
    task.rollout.id = next_;
    task.rollout.seed = evaluation_seed ^ (job_.seed << 20) ^ weights_->version();
    if (options_.force_thinking) {
      Token think = job_.tokenizer->id("<think>");
      task.rollout.tokens = {think};
      task.rollout.log_probs = {0};
      task.rollout.spans = {{0, 1, weights_->version(), weights_->fingerprint(), true}};
      unfinished_[next_] = {think};
    }
    batch_->add(std::move(task));
    ++next_;
  }
}

void Evaluation::take(const Segment& segment) {
  auto& tokens = unfinished_[segment.rollout];
  tokens.insert(tokens.end(), segment.tokens.begin(), segment.tokens.end());
  if (segment.finish == Finish::running) return;
  Outcome& outcome = (pass_ == 0 ? greedy_ : sampled_)[segment.rollout];
  outcome.tokens = static_cast<std::uint32_t>(tokens.size());
  outcome.finish = segment.finish;
  if (segment.finish == Finish::stop) tokens.pop_back();
  outcome.text = job_.tokenizer->decode(tokens);
  const ThinkingTags& tags = job_.reward_options.tags;
  outcome.thinks = begins_thinking(outcome.text, tags);
  outcome.answer = std::string(split_thinking(outcome.text, tags).answer);
  finished_.push_back(segment.rollout);
}

void Evaluation::judge_finished() {
  std::uint64_t samples = pass_ == 0 ? 1 : options_.samples;
  auto& outcomes = pass_ == 0 ? greedy_ : sampled_;
  std::vector<Completion> completions;
  for (RolloutId id : finished_) {
    const Problem& problem = *problems_[id / samples];
    completions.push_back({.prompt = problem.prompt.text,
        .answer = problem.prompt.answer,
        .text = outcomes[id].text,
        .tokens = outcomes[id].tokens,
        .finish = outcomes[id].finish,
        .id = id});
  }
  auto verdicts = rewards_.judge(completions);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    outcomes[finished_[i]].correct = verdicts[i].correct;
    outcomes[finished_[i]].done = true;
  }
  pass_done_ += finished_.size();
  done_ += finished_.size();
  finished_.clear();
}

bool Evaluation::step() {
  if (!batch_ && pass_ < 2) begin_pass();
  if (!batch_) return false;
  feed();
  batch_->step();
  if (batch_->finished_untaken() > 0)
    for (const Segment& segment : batch_->take_segments(false)) take(segment);
  if (finished_.size() >= rewards_.batch() || pass_done_ + finished_.size() == pass_total_)
    judge_finished();
  if (pass_done_ == pass_total_) begin_pass();
  return batch_ != nullptr;
}

double Evaluation::sampled() const {
  return mean(sampled_, [](const Outcome& o) { return o.correct ? 1.0 : 0.0; });
}

double Evaluation::greedy() const {
  return mean(greedy_, [](const Outcome& o) { return o.correct ? 1.0 : 0.0; });
}

double Evaluation::majority() const {
  std::uint64_t right = 0;
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    std::map<std::string, std::uint32_t> votes;
    const Outcome* best = nullptr;
    std::uint32_t most = 0;
    for (std::size_t s = 0; s < options_.samples; ++s)
      ++votes[sampled_[p * options_.samples + s].answer];
    for (std::size_t s = 0; s < options_.samples; ++s) {
      const Outcome& outcome = sampled_[p * options_.samples + s];
      if (votes[outcome.answer] > most) {
        most = votes[outcome.answer];
        best = &outcome;
      }
    }
    right += best != nullptr && best->correct ? 1 : 0;
  }
  return problems_.empty() ? 0 : static_cast<double>(right) / static_cast<double>(problems_.size());
}

RunEvent Evaluation::event() const {
  RunEvent event;
  event["event"] = "evaluation";
  event["label"] = options_.label;
  event["version"] = weights_->version();
  event["problems"] = problems_.size();
  if (greedy_.empty())
    event["greedy"] = nullptr;
  else
    event["greedy"] = greedy();
  event["sampled"] = sampled();
  if (options_.majority)
    event["majority"] = majority();
  else
    event["majority"] = nullptr;
  event["majority_samples"] = options_.samples;
  event["thinking_share"] = mean(sampled_, [](const Outcome& o) { return o.thinks ? 1.0 : 0.0; });
  event["tokens_mean"] =
      mean(sampled_, [](const Outcome& o) { return static_cast<double>(o.tokens); });
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> kinds;
  for (std::size_t i = 0; i < sampled_.size(); ++i) {
    const std::string& kind = problems_[i / options_.samples]->kind;
    if (kind.empty()) continue;
    kinds[kind].first += sampled_[i].correct ? 1 : 0;
    ++kinds[kind].second;
  }
  boost::json::object by_kind;
  for (const auto& [kind, count] : kinds)
    by_kind[kind] = static_cast<double>(count.first) / static_cast<double>(count.second);
  event["by_kind"] = std::move(by_kind);
  boost::json::array examples;
  for (std::size_t p = 0; p < problems_.size() && p < options_.examples; ++p) {
    const Outcome& outcome = sampled_.empty() ? greedy_[p] : sampled_[p * options_.samples];
    examples.push_back(
        {{"prompt", problems_[p]->prompt.text}, {"answer", problems_[p]->prompt.answer},
            {"completion", outcome.text}, {"correct", outcome.correct}});
  }
  event["examples"] = std::move(examples);
  return event;
}

}  // namespace tramontane
