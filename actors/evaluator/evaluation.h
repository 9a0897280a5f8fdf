#pragma once
// An Evaluation answers held-out problems with one version of the weights, greedily and by
// sampling, and says how well that went. It goes on in steps of one token each, so that whoever
// runs it can look at its mail in between.
//
//   Evaluation evaluation(job, weights, {.label = "during", .samples = 1});
//   while (evaluation.step()) {}
//   RunEvent event = evaluation.event();
//
// Thread rule: one thread at a time.

#include "actors/generator/continuous_batch.h"
#include "actors/job/job.h"
#include "actors/messages/run_event.h"
#include "actors/rewards/reward_table.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

struct EvaluationOptions {
  std::string label;           // "before", "during", "after", "forced_thinking"
  std::uint32_t problems = 0;  // the first so many; 0: all
  bool greedy = true;
  std::uint32_t samples = 1;  // per problem, as the job's evaluator says; pass@1 is their mean
  // Also maj@samples: the answer given most often (ties: given first), where answers are those that
  // the verifier reads, and equal if it says so. What it cannot read has no vote.
  bool majority = false;
  bool force_thinking = false;  // every completion begins with <think>
  std::uint32_t examples = 3;
};

class Evaluation {
 public:
  // `job` must outlive this.
  Evaluation(
      const Job& job, std::shared_ptr<const ReadyWeights> weights, EvaluationOptions options);

  // One token of every sequence. False once all is done.
  bool step();

  // Completions done and to do.
  std::uint64_t done() const { return done_; }

  std::uint64_t total() const { return total_; }

  // Mean correctness of the completions that have a verdict.
  double sampled() const;
  double greedy() const;
  // The share of problems that k samples solve at least once: unbiased, 1 - C(n - c, k) / C(n, k)
  // for c right ones of n (Chen et al. 2021, arXiv:2107.03374, equation 1), over the problems that
  // have n >= k samples with a verdict.
  double pass_at(std::uint32_t k) const;
  std::uint64_t no_verdicts() const;

  // The "evaluation" event of run_event.h, but for stage, step and seconds.
  RunEvent event();

  // Forced thinking needs a <think> token.
  static bool can_force_thinking(const Job& job) { return job.tokenizer->id("<think>") >= 0; }

 private:
  struct Outcome {
    std::string text;
    std::uint32_t tokens = 0;
    Finish finish = Finish::stop;
    bool correct = false;
    bool no_verdict = false;
    bool thinks = false;
  };

  void begin_pass();
  void feed();
  void take(const Segment& segment);
  void judge_finished();
  Completion completion(const Problem& problem, const Outcome& outcome, RolloutId id) const;
  double majority();

  const Job& job_;
  std::shared_ptr<const ReadyWeights> weights_;
  EvaluationOptions options_;
  RewardTable rewards_;
  std::vector<const Problem*> problems_;
  std::unique_ptr<ContinuousBatch> batch_;
  int pass_ = -1;  // 0 greedy, 1 sampled
  std::uint64_t next_ = 0;
  std::uint64_t pass_total_ = 0;
  std::uint64_t pass_done_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::vector<RolloutId> finished_;  // of this pass, not judged yet
  std::vector<Outcome> greedy_;
  std::vector<Outcome> sampled_;                // problem-major: problem * samples + sample
  std::vector<std::vector<Token>> unfinished_;  // tokens of each completion of this pass so far
};

}  // namespace tramontane
