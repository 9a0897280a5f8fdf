#include "actors/evaluator/evaluation.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <map>

namespace tramontane {
namespace {

template <class Outcomes, class Of>
double mean(const Outcomes& outcomes, Of of) {
  if (outcomes.empty()) return 0;
  double sum = 0;
  for (const auto& outcome : outcomes) sum += of(outcome);
  return sum / static_cast<double>(outcomes.size());
}

// Of those with a verdict.
template <class Outcomes>
double correct_share(const Outcomes& outcomes) {
  double judged = 0;
  double correct = 0;
  for (const auto& outcome : outcomes) {
    judged += outcome.no_verdict ? 0 : 1;
    correct += outcome.correct ? 1 : 0;
  }
  return judged == 0 ? 0 : correct / judged;
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
  batch.temperature = pass_ == 0 ? 0.0F : job_.evaluator.temperature;
  batch.top_p = job_.evaluator.top_p;
  if (job_.evaluator.max_tokens != 0) batch.max_tokens = job_.evaluator.max_tokens;
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
    task.rollout.seed = derived_seed(job_.seed_of(Job::Purpose::evaluation), weights_->version());
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
  std::uint64_t samples = pass_ == 0 ? 1 : options_.samples;
  outcome.thinks =
      begins_thinking(outcome.text, job_.reward_options.tags) ||
      prompt_opens_thinking(problems_[segment.rollout / samples]->prompt.text, job_.reward_options);
  finished_.push_back(segment.rollout);
}

Completion Evaluation::completion(
    const Problem& problem, const Outcome& outcome, RolloutId id) const {
  return {.prompt = problem.prompt.text,
      .answer = problem.prompt.answer,
      .text = outcome.text,
      .tokens = outcome.tokens,
      .finish = outcome.finish,
      .id = id};
}

void Evaluation::judge_finished() {
  std::uint64_t samples = pass_ == 0 ? 1 : options_.samples;
  auto& outcomes = pass_ == 0 ? greedy_ : sampled_;
  std::vector<Completion> completions;
  for (RolloutId id : finished_) {
    completions.push_back(completion(*problems_[id / samples], outcomes[id], id));
  }
  auto verdicts = rewards_.judge(completions);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    outcomes[finished_[i]].correct = verdicts[i].correct;
    outcomes[finished_[i]].no_verdict = !verdicts[i].score;
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
  for (const Segment& segment : batch_->take_segments(false)) take(segment);
  if (finished_.size() >= rewards_.batch() || pass_done_ + finished_.size() == pass_total_)
    judge_finished();
  if (pass_done_ == pass_total_) begin_pass();
  return batch_ != nullptr;
}

double Evaluation::sampled() const {
  return correct_share(sampled_);
}

double Evaluation::greedy() const {
  return correct_share(greedy_);
}

double Evaluation::pass_at(std::uint32_t k) const {
  double sum = 0;
  double problems = 0;
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    double judged = 0;
    double right = 0;
    for (std::size_t s = 0; s < options_.samples; ++s) {
      const Outcome& outcome = sampled_[p * options_.samples + s];
      judged += outcome.no_verdict ? 0 : 1;
      right += outcome.correct ? 1 : 0;
    }
    if (judged < k) continue;
    ++problems;
    // C(n - c, k) / C(n, k) as a product; 0 where fewer than k are wrong.
    double none = 1;
    for (std::uint32_t i = 0; i < k; ++i) none *= std::max(0.0, judged - right - i) / (judged - i);
    sum += 1 - none;
  }
  return problems == 0 ? 0 : sum / problems;
}

std::uint64_t Evaluation::no_verdicts() const {
  std::uint64_t count = 0;
  for (const auto* outcomes : {&greedy_, &sampled_})
    for (const Outcome& outcome : *outcomes) count += outcome.no_verdict ? 1 : 0;
  return count;
}

double Evaluation::majority() {
  double right = 0;
  double problems = 0;
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    std::vector<Completion> completions;
    bool judged = false;
    for (std::size_t s = 0; s < options_.samples; ++s) {
      const Outcome& outcome = sampled_[p * options_.samples + s];
      completions.push_back(completion(*problems_[p], outcome, s));
      judged = judged || !outcome.no_verdict;
    }
    if (!judged) continue;
    ++problems;
    auto ballots = rewards_.ballots(completions);
    std::map<std::uint32_t, std::uint32_t> votes;
    for (const auto& ballot : ballots)
      if (ballot) ++votes[*ballot];
    // In the order of who gave it first: the first of the largest wins.
    auto most = std::max_element(votes.begin(), votes.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == votes.end()) continue;
    for (std::size_t s = 0; s < options_.samples; ++s)
      if (ballots[s] == most->first && sampled_[p * options_.samples + s].correct) {
        ++right;
        break;
      }
  }
  return problems == 0 ? 0 : right / problems;
}

RunEvent Evaluation::event() {
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
  event["no_verdicts"] = no_verdicts();
  boost::json::object pass_at_k;
  for (std::uint32_t k = 1; k <= options_.samples; k *= 2) pass_at_k[str(k)] = pass_at(k);
  event["pass_at"] = std::move(pass_at_k);
  event["thinking_share"] = mean(sampled_, [](const Outcome& o) { return o.thinks ? 1.0 : 0.0; });
  event["tokens_mean"] =
      mean(sampled_, [](const Outcome& o) { return static_cast<double>(o.tokens); });
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> kinds;
  for (std::size_t i = 0; i < sampled_.size(); ++i) {
    const std::string& kind = problems_[i / options_.samples]->kind;
    if (kind.empty() || sampled_[i].no_verdict) continue;
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
