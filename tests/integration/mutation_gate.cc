// The learning gate notices what it is there for: the same job, wired by the same Pipeline, with
// one thing falsified on its way to the trainer or the generators, must fail the gate.
//
//   mutation_gate examples/gate.yaml [NAME …]

#include "actors/job/job.h"
#include "actors/messages/run_event.h"
#include "actors/model/arena.h"
#include "actors/model/policy.h"
#include "actors/run/pipeline.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "storage/file.h"
#include "tests/support/temp_folder.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <map>
#include <mutex>

namespace {

using namespace tramontane;

using Sequences = std::vector<TrainSequence>;
using Falsify = std::function<void(Sequences&)>;
using ChangeLoss = void (*)(LossOptions&);

// What Magistral's loss (section 2.1) comes to where every ratio is 1: minus the mean over groups
// of their tokens' advantages.
double loss_at_ratio_one(std::span<const TrainSequence> sequences) {
  std::map<std::uint64_t, std::pair<double, double>> groups;  // sum of advantages, tokens
  for (const TrainSequence& s : sequences) {
    auto tokens = static_cast<double>(s.completion.size());
    groups[s.group].first += tokens * s.advantage;
    groups[s.group].second += tokens;
  }
  double sum = 0;
  for (const auto& [group, of] : groups) sum += of.first / of.second;
  return -sum / static_cast<double>(groups.size());
}

// By training step, from 1: the trainer adds, the gate looks.
class ExpectedLosses {
 public:
  void add(double loss) {
    std::lock_guard lock(mutex_);
    losses_.push_back(loss);
  }

  double of(std::uint64_t step) const {
    std::lock_guard lock(mutex_);
    return losses_.at(step - 1);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<double> losses_;
};

// A trainer whose reinforcement steps are given something else than the batch says.
class FalsifiedTrainer final : public PolicyTrainer {
 public:
  FalsifiedTrainer(std::unique_ptr<PolicyTrainer> inner, Falsify falsify, ChangeLoss change_loss,
      ExpectedLosses& expected_losses)
      : inner_(std::move(inner)),
        falsify_(std::move(falsify)),
        change_loss_(change_loss),
        expected_losses_(expected_losses) {}

  void set_threads(unsigned threads) override { inner_->set_threads(threads); }

  void set_recompute(Recompute recompute) override { inner_->set_recompute(recompute); }

  void import(const Arena& arena) override { inner_->import(arena); }

  void export_to(Arena& arena) const override { inner_->export_to(arena); }

  StepReport supervised_step(std::span<const TrainSequence> sequences,
      const OptimizerOptions& options, std::int64_t rows_max) override {
    return inner_->supervised_step(sequences, options, rows_max);
  }

  StepReport reinforce_step(std::span<const TrainSequence> sequences, const LossOptions& loss,
      const OptimizerOptions& options, std::int64_t rows_max) override {
    expected_losses_.add(loss_at_ratio_one(sequences));
    Sequences changed(sequences.begin(), sequences.end());
    LossOptions changed_loss = loss;
    if (falsify_) falsify_(changed);
    if (change_loss_ != nullptr) change_loss_(changed_loss);
    return inner_->reinforce_step(changed, changed_loss, options, rows_max);
  }

  std::vector<std::vector<float>> log_probs(std::span<const TrainSequence> sequences,
      double temperature, std::int64_t rows_max) override {
    return inner_->log_probs(sequences, temperature, rows_max);
  }

  ByteView parameters() const override { return inner_->parameters(); }

  Pieces optimizer_state() const override { return inner_->optimizer_state(); }

  void load_optimizer_state(ByteView state) override { inner_->load_optimizer_state(state); }

 private:
  std::unique_ptr<PolicyTrainer> inner_;
  Falsify falsify_;
  ChangeLoss change_loss_;
  ExpectedLosses& expected_losses_;
};

// Loses the swap to one version: its receiver goes on serving the version before.
class SkippingReceiver final : public WeightReceiver {
 public:
  explicit SkippingReceiver(std::unique_ptr<WeightReceiver> inner) : inner_(std::move(inner)) {}

  std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& weights) override {
    auto arena = inner_->fetch(version, announced, weights);
    if (version >= 3 && before_) return before_;
    return before_ = arena;
  }

 private:
  std::unique_ptr<WeightReceiver> inner_;
  std::shared_ptr<const Arena> before_;
};

// What the gate looks at, collected while the run goes on.
class GateSink final : public EventSink {
 public:
  GateSink(std::function<void()> spoilt, ExpectedLosses& expected_losses)
      : spoilt_(std::move(spoilt)), expected_losses_(expected_losses) {}

  void event(const RunEvent& event) override {
    std::lock_guard lock(mutex_);
    if (over_) return;  // what comes of the stop is no reason
    auto kind = std::string(event.at("event").as_string());
    if (kind == "swap_failed") {
      ++swaps_failed_;
      swap_problem_ = event.at("reason").as_string();
      spoil();
    }
    if (kind != "step" || event.at("kind").as_string() != "reinforce") return;
    ++steps_;
    average_ = event.at("correct_average").to_number<double>();
    gap_ = std::max(gap_, event.at("log_prob_gap_max").to_number<double>());
    auto lag = event.at("lag_max").to_number<std::uint64_t>();
    lag_ = std::max(lag_, lag);
    if (event.at("groups_kept").to_number<std::uint64_t>() > 0) {
      double expected = expected_losses_.of(++trained_);
      // Without lag every ratio is 1, and the loss follows from the batch alone.
      if (lag == 0)
        loss_gap_ = std::max(loss_gap_, std::abs(event.at("loss").to_number<double>() - expected));
    }
    if (gap_ > 0 || loss_gap_ > loss_gap_max) spoil();
  }

  // Why the gate is not passed; empty if it is.
  std::string why_not() const {
    std::lock_guard lock(mutex_);
    if (swaps_failed_ > 0) return str(swaps_failed_, " swaps failed: ", swap_problem_);
    if (gap_ > 0) return str("log-probability gap ", gap_, " in step ", steps_);
    if (loss_gap_ > loss_gap_max)
      return str("loss differs by ", loss_gap_, " from its formula in step ", steps_);
    if (lag_ > 2) return str("lag ", lag_);
    if (average_ < 0.65) return str("correct reached only ", average_, " in ", steps_, " steps");
    return "";
  }

  std::uint64_t steps() const { return steps_; }

 private:
  static constexpr double loss_gap_max = 1e-6;

  void spoil() {
    over_ = true;
    spoilt_();
  }

  mutable std::mutex mutex_;
  std::function<void()> spoilt_;
  ExpectedLosses& expected_losses_;
  bool over_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t trained_ = 0;  // steps whose batch had anything to learn from
  std::uint64_t swaps_failed_ = 0;
  std::string swap_problem_;
  std::uint64_t lag_ = 0;
  double average_ = 0;
  double gap_ = 0;
  double loss_gap_ = 0;
};

struct Mutation {
  const char* name;
  const char* expected;  // how the gate's reason begins
  std::function<Falsify(const Job&)> falsify = nullptr;
  bool skip_swap = false;
  ChangeLoss change_loss = nullptr;
  void (*change_job)(Job&) = nullptr;  // after the warm start was shown its demonstrations
};

// The mask is off by one: the first token of the completion counts as prompt.
void shift_mask(Sequences& sequences) {
  for (auto& s : sequences) {
    if (s.completion.size() < 2) continue;
    s.prompt.push_back(s.completion.front());
    s.completion.erase(s.completion.begin());
    s.behaviour_log_probs.erase(s.behaviour_log_probs.begin());
    s.lags.erase(s.lags.begin());
  }
}

// Every completion token stands one position earlier than when it was written.
void shift_positions(Sequences& sequences) {
  for (auto& s : sequences) s.prompt.erase(s.prompt.begin());
}

// Behaviour log-probabilities of the batch before: right in kind and size, of other weights.
Falsify stale_log_probs(const Job&) {
  auto before = std::make_shared<std::vector<float>>();
  return [before](Sequences& sequences) {
    std::vector<float> all;
    for (const auto& s : sequences)
      all.insert(all.end(), s.behaviour_log_probs.begin(), s.behaviour_log_probs.end());
    std::size_t at = 0;
    for (auto& s : sequences)
      for (float& value : s.behaviour_log_probs)
        if (!before->empty()) value = (*before)[at++ % before->size()];
    *before = std::move(all);
  };
}

// Each advantage goes to the next completion.
void shift_advantages(Sequences& sequences) {
  if (sequences.empty()) return;
  double first = sequences.front().advantage;
  for (std::size_t i = 0; i + 1 < sequences.size(); ++i)
    sequences[i].advantage = sequences[i + 1].advantage;
  sequences.back().advantage = first;
}

// Log-probabilities as they are after a cut by top_p that left nine tenths of the mass.
void renormalise(Sequences& sequences) {
  for (auto& s : sequences)
    for (float& value : s.behaviour_log_probs) value -= std::log(0.9F);
}

// Runs the job's reinforcement from the warm start that `folder` keeps; returns why the gate fails.
std::string run_gate(const Job& job, const TempFolder& folder, const Mutation& mutation) {
  std::promise<RunOutcome> promise;
  auto ended = promise.get_future();
  std::atomic<bool> told{false};
  auto done = [&](RunOutcome outcome) {
    if (!told.exchange(true)) promise.set_value(std::move(outcome));
  };
  ExpectedLosses expected_losses;
  auto sink = std::make_shared<GateSink>(
      [&] {
        done({RunOutcome::How::failed, "the gate is spoilt", 0, 0});
      },
      expected_losses);
  auto disk = system_files();
  std::string own = folder.path() + "/" + mutation.name;
  CheckpointStore warm(*disk, folder.path() + "/warm_start", {.keep_last = 1});
  CheckpointStore checkpoints(*disk, own + "/checkpoints", {.keep_last = 1});
  auto store = open_memory();
  WeightLink link = local_transport();
  if (mutation.skip_swap)
    link.receiver = [inner = link.receiver](std::shared_ptr<const Manifest> manifest) {
      return std::make_unique<SkippingReceiver>(inner(std::move(manifest)));
    };
  RealClock clock;
  Log quiet(clock, {.terminal = Level::off});
  SystemOptions options;
  options.clock = &clock;
  options.log = &quiet;
  options.pools = Pipeline::pools(job);
  options.seed = job.seed;
  options.on_escalation = [&](const ExitRecord& record) {
    done({RunOutcome::How::failed, record.text, 0, 0});
  };
  System system(options);
  Pipeline pipeline(system, job,
      {.ledger = store.get(),
          .warm_checkpoints = &warm,
          .checkpoints = &checkpoints,
          .link = link,
          .reporter = {.sinks = {sink}, .totals = std::make_shared<RunTotals>()},
          .make_policy = [&](const ModelConfig& config) -> std::unique_ptr<PolicyTrainer> {
            return std::make_unique<FalsifiedTrainer>(load_policy_trainer(config),
                mutation.falsify ? mutation.falsify(job) : nullptr, mutation.change_loss,
                expected_losses);
          },
          .done = done});
  RunOutcome outcome = ended.get();
  system.stop(std::chrono::seconds(20));
  std::string why = sink->why_not();
  if (why.empty() && outcome.how != RunOutcome::How::finished) why = "ended: " + outcome.reason;
  std::printf("%-12s %s (%llu steps)\n", mutation.name,
      why.empty() ? "passes the gate" : ("fails: " + why).c_str(),
      static_cast<unsigned long long>(sink->steps()));
  std::fflush(stdout);
  return why;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: mutation_gate examples/gate.yaml [NAME ...]\n", stderr);
    return 2;
  }
  auto with = [](void (*change)(Sequences&)) {
    return [change](const Job&) { return Falsify(change); };
  };
  const Mutation mutations[] = {
      {"none", "", nullptr},
      {"mask", "loss differs", with(shift_mask)},
      {"positions", "log-probability gap", with(shift_positions)},
      {"stale", "log-probability gap", stale_log_probs},
      {"skip_swap", "1 swaps failed", nullptr, true},
      {"temperature", "log-probability gap", nullptr, false,
          [](LossOptions& loss) { loss.temperature = 0.8; }},
      {"top_p", "log-probability gap", with(renormalise)},
      {"normaliser", "loss differs", nullptr, false,
          [](LossOptions& loss) { loss.normaliser = Normaliser::batch_tokens; }},
      {"advantages", "loss differs", with(shift_advantages)},
      {"end_token", "correct reached only", nullptr, false, nullptr,
          [](Job& job) { job.model.ends = {job.model.pad}; }},
      {"form", "correct reached only", nullptr, false, nullptr,
          [](Job& job) {
            // As if reinforcement put problems without what demonstrations end them with.
            for (auto* problems : {&job.prompts, &job.heldout})
              for (Problem& problem : *problems) problem.prompt.tokens.pop_back();
          }},
  };
  TempFolder folder;
  int failures = 0;
  for (const Mutation& mutation : mutations) {
    bool chosen = argc == 2 || std::strcmp(mutation.name, "none") == 0;
    for (int i = 2; i < argc; ++i) chosen = chosen || std::strcmp(argv[i], mutation.name) == 0;
    if (!chosen) continue;
    // The trainer compares log-probs of what was written under the very version it trains: all of
    // it where the run is synchronous.
    bool synchronous = std::strncmp(mutation.expected, "lo", 2) == 0;
    std::vector<std::string> sets;
    if (synchronous) sets.push_back("stages.reinforce.max_lag=0");
    Job job = load_job(argv[1], sets);
    if (mutation.change_job != nullptr) mutation.change_job(job);
    std::string why = run_gate(job, folder, mutation);
    bool wanted = std::strcmp(mutation.name, "none") == 0
                      ? why.empty()
                      : !why.empty() && why.starts_with(mutation.expected);
    if (!wanted) {
      std::printf("FAILED: %s: %s\n", mutation.name,
          why.empty() ? "the gate did not notice" : "the gate failed for another reason");
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}
