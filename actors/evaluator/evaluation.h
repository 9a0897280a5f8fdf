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
  std::uint32_t samples = 1;    // per problem at temperature 1; sampled pass@1 is their mean
  bool majority = false;        // also maj@samples: the answer given most often (ties: given first)
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

  double sampled() const;  // mean correctness of the sampled completions
  double greedy() const;

  // The "evaluation" event of run_event.h, but for stage, step and seconds.
  RunEvent event() const;

  // Forced thinking needs a <think> token.
  static bool can_force_thinking(const Job& job) { return job.tokenizer->id("<think>") >= 0; }

 private:
  struct Outcome {
    std::string text;
    std::string answer;
    std::uint32_t tokens = 0;
    Finish finish = Finish::stop;
    bool correct = false;
    bool thinks = false;
    bool done = false;
  };

  void begin_pass();
  void feed();
  void take(const Segment& segment);
  void judge_finished();
  double majority() const;

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
