#pragma once
// A Job is a job graph made ready: the YAML decoded (job.capnp), every rule between its fields
// checked, data sets and tokenizer loaded, the model's shape known. Nothing is started.
//
//   Job job = load_job("examples/arithmetic.yaml", {"stages.reinforce.steps=10"});
//   job.prompts.size(); job.model.width; job.reinforce->steps;
//
// Immutable once loaded: any thread.

#include "actors/generator/continuous_batch.h"
#include "actors/ledger/ledger.h"
#include "actors/model/model_config.h"
#include "actors/model/policy.h"
#include "actors/model/tokenizer.h"
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// A problem as the actors use it.
struct Problem {
  Prompt prompt;
  std::string kind;  // for the evaluation's table; may be empty
};

struct OptimizerPlan {
  OptimizerOptions options;
  std::uint32_t warmup_steps = 0;
  double final_share = 1;

  // The options of step `step` (from 0) of `steps`: linear warm-up, then linear decay.
  OptimizerOptions at(std::uint64_t step, std::uint64_t steps) const;
};

// Demonstrations of one style, tokenised, the end token included.
struct DemonstrationStyle {
  std::string name;
  double share = 0;  // shares sum to 1
  std::vector<TrainSequence> sequences;
};

struct WarmStartPlan {
  std::vector<DemonstrationStyle> styles;  // equal in length: one entry per demonstration
  std::uint64_t steps = 0;
  std::uint32_t batch = 0;
  OptimizerPlan optimizer;

  // The sequences of one step: demonstrations in an order fixed by the seed, each in a style
  // drawn by its share.
  std::vector<TrainSequence> sequences(std::uint64_t step, std::uint64_t seed) const;
};

struct ReinforcePlan {
  std::string algorithm;
  LossOptions loss;
  std::uint64_t steps = 0;
  OptimizerPlan optimizer;
  LedgerOptions ledger;
  double stop_at_correct = 0;
};

struct TrainerPlan {
  std::int64_t microbatch_rows = 1024;
  std::uint32_t checkpoint_every = 20;
  std::uint32_t keep_checkpoints = 2;
  std::uint32_t non_finite_max = 3;
  std::uint32_t audit_rollouts = 8;
};

struct EvaluatorPlan {
  std::uint32_t every = 20;
  std::uint32_t problems = 0;
  std::uint32_t majority = 0;
};

struct Job {
  std::string name;
  std::uint64_t seed = 0;
  std::string resolved;  // the whole job graph as YAML, defaults and absolute paths included

  ModelConfig model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const Arena> initial;  // of model.path; null: initialised from the seed

  std::vector<Problem> prompts;
  std::vector<Problem> heldout;

  std::vector<WarmStartPlan> warm_starts;
  std::optional<ReinforcePlan> reinforce;

  std::uint32_t generators = 1;
  ContinuousBatch::Options generator;
  std::uint32_t verifiers = 1;
  std::vector<RewardKind> reward_kinds = built_in_rewards();
  std::vector<RewardSpec> rewards;
  RewardOptions reward_options;
  TrainerPlan trainer;
  std::string transport;
  EvaluatorPlan evaluator;

  // The prompt of a group: epoch after epoch in an order fixed by the seed.
  Prompt prompt_of(GroupId group) const;

  // A table of the job's rewards, for one thread. Throws Error(bad_input) as RewardTable does.
  RewardTable reward_table() const;
};

struct JobOptions {
  // The kinds that its rewards may be of. Nothing: they are read, but not made; to look at a run,
  // or to replay it, needs none of their programs and models.
  std::optional<std::vector<RewardKind>> rewards;
};

// Reads and checks a job graph and all that it names. Throws ConfigError with every problem at
// once (file, line, column), Error(io) or Error(bad_input) naming a data file and line.
Job load_job(
    const std::string& path, const std::vector<std::string>& sets, const JobOptions& options = {});

// The same from the text; relative names are looked up in `folder`.
Job parse_job(const std::string& file, const std::string& text, const std::string& folder,
    const std::vector<std::string>& sets, const JobOptions& options = {});

// What `tram plan` prints: parameters, memory, tokens per step, who does what.
std::string describe_plan(const Job& job);

}  // namespace tramontane
