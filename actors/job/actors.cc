#include "actors/job/actors.h"

#include <algorithm>

namespace tramontane {
namespace {

// Whether a process of its own is wanted; nothing: as the run has it.
std::optional<bool> apart(schema::Isolation isolation) {
  if (isolation == schema::Isolation::OF_RUN) return std::nullopt;
  return isolation == schema::Isolation::PROCESS;
}

}  // namespace

void read_actors(schema::Actors::Reader actors, Job& job) {
  auto generator = actors.getGenerator();
  job.generators = generator.getCount();
  job.generator = {.slots = generator.getSlots(),
      .max_tokens = generator.getMaxTokens(),
      .cache_bytes = static_cast<std::int64_t>(generator.getCacheMegabytes()) << 20,
      .rows_max = std::max<std::int64_t>(256, generator.getSlots()),
      .temperature = generator.getTemperature(),
      .top_p = generator.getTopP(),
      .on_swap = static_cast<OnSwap>(generator.getOnSwap()),
      .device = cpu_device({.threads = generator.getThreads()})};
  job.generator_device = generator.getDevice().cStr();
  job.generator_threads = generator.getThreads();
  job.verifiers = actors.getVerifier().getCount();
  auto trainer = actors.getTrainer();
  job.trainer = {.microbatch_rows = trainer.getMicrobatchRows(),
      .checkpoint_every = trainer.getCheckpointEvery(),
      .keep_checkpoints = trainer.getKeepCheckpoints(),
      .non_finite_max = trainer.getNonFiniteMax(),
      .audit_rollouts = trainer.getAuditRollouts(),
      .device = trainer.getDevice().cStr(),
      .threads = trainer.getThreads(),
      .recompute = static_cast<Recompute>(trainer.getRecompute())};
  constexpr const char* transports[] = {"auto", "local", "shm"};
  job.transport = transports[static_cast<int>(actors.getBroadcaster().getTransport())];
  auto evaluator = actors.getEvaluator();
  job.evaluator = {.every = evaluator.getEvery(),
      .problems = evaluator.getProblems(),
      .majority = evaluator.getMajority(),
      .temperature = evaluator.getTemperature(),
      .top_p = evaluator.getTopP(),
      .max_tokens =
          evaluator.getMaxTokens() == 0 ? generator.getMaxTokens() : evaluator.getMaxTokens()};
  job.isolation = {.ledger = apart(actors.getLedger().getIsolation()),
      .generator = apart(generator.getIsolation()),
      .verifier = apart(actors.getVerifier().getIsolation()),
      .trainer = apart(trainer.getIsolation()),
      .evaluator = apart(evaluator.getIsolation())};
}

}  // namespace tramontane
