#include "actors/commands/replay.h"

#include "actors/job/job.h"
#include "actors/ledger/ledger.h"
#include "actors/model/hf_folder.h"
#include "actors/model/policy.h"
#include "actors/trainer/train_batch.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/cli/cli.h"
#include "storage/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

namespace tramontane {
namespace {

using WeightsOf = std::function<std::shared_ptr<const ReadyWeights>(Version)>;

// Writes one rollout again, token by token; says what differs from the record, if anything.
class Rewriter {
 public:
  explicit Rewriter(const Job& job)
      : job_(job),
        decoder_(job.model,
            {.kv_blocks = job.model.context / kernels::kv_block + 2, .rows_max = job.model.context},
            *job.generator.device) {}

  std::optional<std::string> differs(
      const Prompt& prompt, const Rollout& rollout, const WeightsOf& weights_of) {
    auto sequence = decoder_.open(job_.model.context);
    TRAM_CHECK(sequence.has_value(), "no room for one sequence");
    auto result = write(*sequence, prompt, rollout, weights_of);
    decoder_.close(*sequence);
    return result;
  }

 private:
  std::optional<std::string> write(SequenceId sequence, const Prompt& prompt,
      const Rollout& rollout, const WeightsOf& weights_of) {
    std::vector<Token> fed = prompt.tokens;
    std::size_t in_cache = 0;
    for (const Span& span : rollout.spans) {
      auto weights = weights_of(span.version);
      if (!weights) return str("version ", span.version, " is not at hand");
      if (weights->fingerprint() != span.fingerprint)
        return str("version ", span.version, " has another fingerprint than tokens ", span.begin,
            "-", span.end - 1, " were written under");
      if (span.fresh_cache) {
        decoder_.rewind(sequence);
        in_cache = 0;
      }
      for (std::uint32_t at = span.begin; at < span.end; ++at) {
        std::vector<Decoder::Row> rows;
        for (; in_cache < fed.size(); ++in_cache)
          rows.push_back({sequence, fed[in_cache], in_cache + 1 == fed.size(),
              {.seed = rollout.seed, .stream = rollout.id, .position = at, .lane = 0}});
        kernels::Sampled sampled =
            decoder_.step(rows, *weights, {job_.generator.temperature, job_.generator.top_p})[0];
        if (sampled.token != rollout.tokens[at])
          return str("token ", at, " is ", sampled.token, ", recorded ", rollout.tokens[at]);
        if (std::memcmp(&sampled.log_prob, &rollout.log_probs[at], sizeof(float)) != 0)
          return str("log-probability of token ", at, " is ", sampled.log_prob, ", recorded ",
              rollout.log_probs[at]);
        fed.push_back(sampled.token);
      }
    }
    return std::nullopt;
  }

  const Job& job_;
  Decoder decoder_;
};

std::unique_ptr<PolicyTrainer> policy_at_start(const Job& job, const std::string& run) {
  auto policy = load_policy_trainer(job.model);
  policy->set_threads(job.trainer.threads);
  policy->set_recompute(job.trainer.recompute);
  auto files = system_files();
  CheckpointStore warm(*files, run + "/warm_start", {});
  // An older one than the last is not where reinforcement began.
  for (const auto& info : warm.list())
    if (!info.valid())
      throw Error(Errc::corrupt,
          str("the checkpoint that reinforcement began from is damaged: ", info.problem));
  if (auto checkpoint = warm.newest_valid()) {
    policy->import(*load_hf_files(checkpoint->folder, checkpoint->files).arena);
  } else if (!job.warm_starts.empty()) {
    throw Error(Errc::not_found, run + "/warm_start has no checkpoint to begin from");
  } else if (job.initial) {
    policy->import(*job.initial->get());
    job.initial->release();
  } else {
    Arena arena(std::make_shared<const Manifest>(model_manifest(job.model)));
    initialise(arena, job.model, job.seed_of(Job::Purpose::weights));
    policy->import(arena);
  }
  return policy;
}

class Replay {
 public:
  Replay(const std::string& run, const Job& job)
      : job_(job),
        ledger_(run + "/ledger"),
        policy_(policy_at_start(job, run)),
        manifest_(std::make_shared<const Manifest>(serving_manifest(job.model))),
        rewriter_(job) {
    trained_ = ledger_.trained();
    if (trained_ == 0)
      throw Error(Errc::not_found,
          run + ": nothing to replay: its ledger has no trained step yet; `tram resume` trains on");
    keep(0);
  }

  int go(std::uint64_t steps, bool rewrite_rollouts) {
    std::uint64_t wanted = steps == 0 ? trained_ : std::min(steps, trained_);
    for (; done_ < wanted; ++done_) {
      Fingerprint recorded = recorded_fingerprint(done_ + 1);
      auto batch = ledger_.batch(done_);
      if (!batch)
        throw Error(Errc::not_found,
            str("the batch of step ", done_,
                " is not there any more (keep_batches and keep_bytes "
                "remove old ones, `tram rollouts` lists what is left): a replay begins at step 0"));
      if (rewrite_rollouts && !rewrites(*batch)) return static_cast<int>(ExitStatus::mismatch);
      if (!trains(*batch, recorded)) return static_cast<int>(ExitStatus::mismatch);
    }
    std::printf("%s\n", summary(rewrite_rollouts).c_str());
    return 0;
  }

 private:
  std::shared_ptr<const ReadyWeights> weights_of(Version version) const {
    auto found = versions_.find(version);
    return found == versions_.end() ? nullptr : found->second;
  }

  Fingerprint keep(Version version) {
    auto arena = std::make_shared<Arena>(manifest_);
    policy_->export_to(*arena);
    arena->seal(version);
    versions_[version] = job_.generator.device->prepare(job_.model, arena);
    while (versions_.size() > job_.reinforce->ledger.max_lag + 2U)
      versions_.erase(versions_.begin());
    return versions_[version]->fingerprint();
  }

  Fingerprint recorded_fingerprint(Version version) const {
    if (auto recorded = ledger_.recorded_fingerprint(version)) return *recorded;
    throw Error(Errc::corrupt, str("the ledger has lost the fingerprint of version ", version,
                                   ", although it has that of version ", trained_));
  }

  bool rewrites(const Batch& batch) {
    for (const auto& group : batch.groups) {
      for (const auto& judged : group.rollouts) {
        const Rollout& rollout = judged.rollout;
        ++rollouts_;
        spanning_ += rollout.spans.front().version != rollout.spans.back().version ? 1 : 0;
        auto difference = rewriter_.differs(
            group.prompt, rollout, [this](Version version) { return weights_of(version); });
        if (!difference) continue;
        print_error("tram", str("step ", done_, ", rollout ", rollout.id, ": ", *difference));
        return false;
      }
    }
    return true;
  }

  bool trains(const Batch& batch, Fingerprint recorded) {
    train_batch(*policy_, *job_.reinforce, batch, job_.trainer.microbatch_rows);
    Fingerprint found = keep(done_ + 1);
    std::printf("version %llu  %016llx  %s\n", static_cast<unsigned long long>(done_ + 1),
        static_cast<unsigned long long>(found), found == recorded ? "equal" : "DIFFERS");
    if (found == recorded) return true;
    std::fprintf(stderr, "tram: version %llu was recorded as %016llx\n",
        static_cast<unsigned long long>(done_ + 1), static_cast<unsigned long long>(recorded));
    return false;
  }

  // How many of how many, and what became of the others.
  std::string summary(bool rewrite_rollouts) const {
    std::uint64_t finished = 0;
    std::map<std::string, std::uint64_t> others;
    ledger_.list(std::numeric_limits<std::uint64_t>::max(), [&](const RolloutSummary& rollout) {
      if (rollout.finish == Finish::running) return false;
      ++finished;
      bool in_batch = rollout.state == "trained" || rollout.state == "sealed";
      if (!in_batch)
        ++others[rollout.step ? rollout.state : "in no batch yet"];
      else if (*rollout.step >= done_)
        ++others["of later steps"];
      return false;
    });
    std::string text = str(done_, " of ", trained_, " steps, ", rollouts_, " of ", finished,
        " finished rollouts (", spanning_, " across a swap)");
    std::string separator = "; not compared: ";
    if (!rewrite_rollouts) {
      text += separator + "rollouts, as asked by --train-only";
      separator = ", ";
    }
    for (const auto& [why, count] : others) {
      text += str(separator, count, " ", why);
      separator = ", ";
    }
    return text + "; all equal";
  }

  const Job& job_;
  LedgerReader ledger_;
  std::unique_ptr<PolicyTrainer> policy_;
  std::shared_ptr<const Manifest> manifest_;
  Rewriter rewriter_;
  std::map<Version, std::shared_ptr<const ReadyWeights>> versions_;
  Version trained_ = 0;
  std::uint64_t done_ = 0;  // steps
  std::uint64_t rollouts_ = 0;
  std::uint64_t spanning_ = 0;
};

}  // namespace

int replay_run(const std::string& run, std::uint64_t steps, bool rewrite_rollouts) {
  Job job = load_job(run + "/job.yaml", {});
  if (!job.reinforce) throw Error(Errc::bad_input, run + " has no reinforcement to replay");
  return Replay(run, job).go(steps, rewrite_rollouts);
}

}  // namespace tramontane
