#pragma once
// A Job is a job graph made ready: the YAML decoded (job.capnp), every rule between its fields
// checked, data sets and tokenizer loaded, the model's shape known. Nothing is started.
//
//   Job job = load_job("examples/arithmetic.yaml", {"stages.reinforce.steps=10"});
//   job.prompts.size(); job.model.width; job.reinforce->steps;
//
// Immutable once loaded: any thread.

#include "actors/alarms/alarm_bounds.h"
#include "actors/generator/continuous_batch.h"
#include "actors/job/apart.h"
#include "actors/job/initial_weights.h"
#include "actors/job/problem_form.h"
#include "actors/ledger/ledger.h"
#include "actors/model/model_config.h"
#include "actors/model/policy.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"
#include "scheduler/job_request.h"

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

enum class Schedule : std::uint8_t { linear, cosine, stable };  // as in job.capnp

struct OptimizerPlan {
  OptimizerOptions options;
  std::uint32_t warmup_steps = 0;
  double final_share = 1;
  Schedule schedule = Schedule::linear;
  double decay_share = 0.2;

  // The options of step `step` (from 0) of `steps`: linear warm-up to the whole rate, then the
  // schedule, which has come to final_share in the last step.
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

// What becomes of a completion that was cut off at max_tokens.
enum class Overlong : std::uint8_t {
  keep,      // it is learnt from as any other
  mask,      // it counts among its group, and is not learnt from
  penalise,  // its score is 0 at most
};

struct ReinforcePlan {
  std::string algorithm;
  LossOptions loss;
  std::uint32_t minibatch = 0;  // completions of one optimizer step; 0: the batch
  Overlong overlong = Overlong::keep;
  std::uint64_t steps = 0;  // batches, each of which makes a version
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
  std::string device = "auto";
  std::uint32_t threads = 1;
  Recompute recompute = Recompute::none;
};

struct EvaluatorPlan {
  std::uint32_t every = 20;
  std::uint32_t problems = 0;
  std::uint32_t majority = 0;
  float temperature = 1;  // of sampled completions
  float top_p = 1;
  std::uint32_t max_tokens = 0;  // 0: the generator's
};

// A file that the job graph names, as it was when the job was loaded.
struct JobInput {
  std::string key;      // its place in the job graph: "data.prompts"
  std::string path;     // absolute
  std::string hash;     // content_hash()
  bool shared = false;  // named as shared:PATH: every node of a cluster has it
};

struct Job {
  std::string name;
  std::uint64_t seed = 0;
  std::string resolved;  // the whole job graph as YAML, defaults and absolute paths included

  std::vector<JobInput> inputs;

  ModelConfig model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::map<std::string, Bytes> carried;  // files of model.path that checkpoints have as they were
  ProblemForm form;                      // of all problems and demonstrations
  std::shared_ptr<InitialWeights> initial;  // null: fresh ones

  std::vector<Problem> prompts;
  std::vector<Problem> heldout;
  std::uint64_t prompts_skipped = 0;  // too long for the context, as data.overlong_prompts says
  std::uint64_t heldout_skipped = 0;

  std::vector<WarmStartPlan> warm_starts;
  std::optional<ReinforcePlan> reinforce;

  std::uint32_t generators = 1;
  ContinuousBatch::Options generator;
  std::string generator_device = "auto";  // as the job graph names it; generator.device is one
  std::uint32_t generator_threads = 1;    // of each
  std::uint32_t verifiers = 1;
  std::vector<RewardKind> reward_kinds = built_in_rewards();
  std::vector<RewardSpec> rewards;
  RewardOptions reward_options;
  TrainerPlan trainer;
  std::string transport;
  EvaluatorPlan evaluator;
  IsolationPlan isolation;
  std::vector<JobGroup> places;  // what roles want of a cluster (places.h)
  AlarmPlan alarms;

  // Of the draws for one purpose: no two share any.
  enum class Purpose : std::uint8_t { weights, rollouts, evaluation, prompts, demonstrations };
  std::uint64_t seed_of(Purpose purpose) const;

  // The prompt of a group: epoch after epoch in an order fixed by the seed.
  Prompt prompt_of(GroupId group) const;

  // A table of the job's rewards, for one thread. Throws Error(bad_input) as RewardTable does.
  RewardTable reward_table() const;
};

struct JobOptions {
  // The kinds that its rewards may be of. Nothing: they are read, but not made; to look at a run,
  // or to replay it, needs none of their programs and models.
  std::optional<std::vector<RewardKind>> rewards;
  // Whether problems, demonstrations and initial weights are read. Who only writes or judges needs
  // none of them: they come as messages.
  bool data = true;
};

// Reads and checks a job graph and all that it names. Throws ConfigError with every problem at
// once (file, line, column), Error(io) or Error(bad_input) naming a data file and line.
Job load_job(
    const std::string& path, const std::vector<std::string>& sets, const JobOptions& options = {});

// The same from the text; relative names are looked up in `folder`.
Job parse_job(const std::string& file, const std::string& text, const std::string& folder,
    const std::vector<std::string>& sets, const JobOptions& options = {});

// What `tram plan` prints: parameters, memory, tokens per step, who does what.
std::string describe_plan(const Job& job, const Apart& apart = {});

}  // namespace tramontane
