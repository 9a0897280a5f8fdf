#include "actors/commands/replay.h"

#include "actors/job/job.h"
#include "actors/ledger/ledger.h"
#include "actors/model/hf_folder.h"
#include "actors/model/policy.h"
#include "actors/trainer/step_event.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/cli/cli.h"
#include "storage/checkpoint.h"

#include <cstdio>
#include <cstring>
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
        decoder_(job.model, {.kv_blocks = job.model.context / kernels::kv_block + 2,
                                .rows_max = job.model.context}) {}

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
          rows.push_back({sequence, fed[in_cache], in_cache + 1 == fed.size()});
        auto logits = decoder_.forward(rows, *weights);
        float u = uniform({.seed = rollout.seed, .stream = rollout.id, .position = at, .lane = 0});
        auto sampled = kernels::sample(logits.data(), job_.model.vocabulary,
            {job_.generator.temperature, job_.generator.top_p}, u);
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
  auto files = system_files();
  CheckpointStore warm(*files, run + "/warm_start", {});
  if (auto checkpoint = warm.newest_valid()) {
    policy->import(*load_hf_folder(checkpoint->folder).arena);
  } else if (!job.warm_starts.empty()) {
    throw Error(Errc::not_found, run + "/warm_start has no checkpoint to begin from");
  } else if (job.initial) {
    policy->import(*job.initial);
  } else {
    Arena arena(std::make_shared<const Manifest>(model_manifest(job.model)));
    initialise(arena, job.model, job.seed);
    policy->import(arena);
  }
  return policy;
}

}  // namespace

int replay_run(const std::string& run, std::uint64_t steps, bool rewrite_rollouts) {
  Job job = load_job(run + "/job.yaml", {});
  if (!job.reinforce) throw Error(Errc::bad_input, run + " has no reinforcement to replay");
  LedgerReader ledger(run + "/ledger");
  auto policy = policy_at_start(job, run);
  auto manifest = std::make_shared<const Manifest>(model_manifest(job.model));
  std::map<Version, std::shared_ptr<const ReadyWeights>> versions;
  auto keep = [&](Version version) {
    auto arena = std::make_shared<Arena>(manifest);
    policy->export_to(*arena);
    arena->seal(version);
    versions[version] = ReadyWeights::prepare(job.model, arena);
    while (versions.size() > job.reinforce->ledger.max_lag + 2U) versions.erase(versions.begin());
    return versions[version]->fingerprint();
  };
  WeightsOf weights_of = [&](Version version) {
    auto found = versions.find(version);
    return found == versions.end() ? nullptr : found->second;
  };
  keep(0);
  Rewriter rewriter(job);
  std::uint64_t rollouts = 0;
  std::uint64_t spanning = 0;
  std::uint64_t done = 0;
  for (std::uint64_t step = 0; steps == 0 || step < steps; ++step) {
    auto recorded = ledger.recorded_fingerprint(step + 1);
    if (!recorded) break;
    auto batch = ledger.batch(step);
    if (!batch) throw Error(Errc::not_found, str("the batch of step ", step, " is no longer kept"));
    for (const auto& group : batch->groups) {
      for (const auto& judged : group.rollouts) {
        if (!rewrite_rollouts) continue;
        ++rollouts;
        spanning +=
            judged.rollout.spans.front().version != judged.rollout.spans.back().version ? 1 : 0;
        if (auto difference = rewriter.differs(group.prompt, judged.rollout, weights_of)) {
          std::fprintf(stderr, "tram: step %llu, rollout %llu: %s\n",
              static_cast<unsigned long long>(step),
              static_cast<unsigned long long>(judged.rollout.id), difference->c_str());
          return static_cast<int>(ExitStatus::mismatch);
        }
      }
    }
    auto sequences = training_sequences(job, *batch);
    if (!sequences.empty())
      policy->reinforce_step(sequences, job.reinforce->loss,
          job.reinforce->optimizer.at(step, job.reinforce->steps), job.trainer.microbatch_rows);
    Fingerprint found = keep(step + 1);
    std::printf("version %llu  %016llx  %s\n", static_cast<unsigned long long>(step + 1),
        static_cast<unsigned long long>(found), found == *recorded ? "equal" : "DIFFERS");
    if (found != *recorded) {
      std::fprintf(stderr, "tram: version %llu was recorded as %016llx\n",
          static_cast<unsigned long long>(step + 1), static_cast<unsigned long long>(*recorded));
      return static_cast<int>(ExitStatus::mismatch);
    }
    ++done;
  }
  std::printf("%llu steps, %llu rollouts (%llu across a swap): all equal\n",
      static_cast<unsigned long long>(done), static_cast<unsigned long long>(rollouts),
      static_cast<unsigned long long>(spanning));
  return 0;
}

}  // namespace tramontane
