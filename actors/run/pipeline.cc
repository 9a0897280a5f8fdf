#include "actors/run/pipeline.h"

#include "actors/evaluator/evaluator.h"
#include "actors/ledger/actor.h"
#include "actors/messages/codecs.h"
#include "actors/weights/broadcaster.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Actors that hold nothing a successor could not fetch again are started anew, one by one.
constexpr RestartPolicy one_by_one{.when = RestartPolicy::When::on_failure,
    .max_restarts = 5,
    .within = 60s,
    .backoff = 50ms,
    .backoff_max = 2s};
constexpr RestartPolicy never_restart{};

std::string generator_name(std::uint32_t index) {
  return str("generator/", index);
}

}  // namespace

std::vector<PoolOptions> Pipeline::pools(const Job& job) {
  std::vector<PoolOptions> pools = {{"main", 1}, {"storage", 1}, {"train", 1}, {"weights", 1},
      {"evaluate", 1}, {"verify", static_cast<int>(std::min(job.verifiers, 64U))}};
  for (std::uint32_t i = 0; i < job.generators; ++i) pools.push_back({str("decode/", i), 1});
  return pools;
}

Pipeline::Pipeline(System& system, const Job& job, PipelineParts parts) : system_(system) {
  parts.reporter.began = system.clock().now();
  ActorRef reporter = system.spawn({.name = "reporter",
                                       .kind = "reporter",
                                       .mailbox = {.messages = 1024},
                                       .restart = one_by_one},
      [options = parts.reporter] { return std::make_unique<Reporter>(options); });
  Trainer::Options trainer{.job = &job,
      .warm_checkpoints = parts.warm_checkpoints,
      .checkpoints = parts.checkpoints,
      .ready = &ready_,
      .link = parts.link,
      .reporter = reporter,
      .make_policy = parts.make_policy,
      .done = parts.done};
  if (job.reinforce) spawn_loop(job, parts, trainer);
  system.spawn({.name = "trainer", .kind = "trainer", .pool = "train", .restart = never_restart},
      [trainer] { return std::make_unique<Trainer>(trainer); });
}

void Pipeline::spawn_loop(const Job& job, const PipelineParts& parts, Trainer::Options& trainer) {
  ActorRef reporter = trainer.reporter;
  ActorRef ledger = system_.spawn({.name = "ledger",
                                      .kind = "ledger",
                                      .pool = "storage",
                                      .mailbox = {.messages = 256},
                                      .restart = one_by_one},
      [&job, store = parts.ledger, reporter] {
        return std::make_unique<LedgerActor>(
            *store, [&job](GroupId group) { return job.prompt_of(group); }, job.reinforce->ledger,
            reporter);
      });
  std::vector<std::string> generators;
  for (std::uint32_t i = 0; i < job.generators; ++i) {
    generators.push_back(generator_name(i));
    system_.spawn({.name = generator_name(i),
                      .kind = "generator",
                      .pool = str("decode/", i),
                      .restart = one_by_one},
        [this, &job, ledger] {
          return std::make_unique<Generator>(
              job.model, Generator::Options{.batch = job.generator}, ledger, ready_);
        });
  }
  for (std::uint32_t i = 0; i < job.verifiers; ++i) {
    system_.spawn(
        {.name = str("verifier/", i), .kind = "verifier", .pool = "verify", .restart = one_by_one},
        [&job, ledger] {
          return std::make_unique<Verifier>(
              job.reward_table(), job.tokenizer, Verifier::Options{}, ledger);
        });
  }
  ActorRef evaluator = system_.spawn({.name = "evaluator",
                                         .kind = "evaluator",
                                         .pool = "evaluate",
                                         .mailbox = {.messages = 8},
                                         .restart = one_by_one},
      [&job, link = parts.link, reporter] {
        return std::make_unique<Evaluator>(job, link, reporter);
      });
  std::uint32_t versions = job.reinforce->ledger.max_lag + 2;
  ActorRef receiver = system_.spawn({.name = "weight_receiver",
                                        .kind = "weight_receiver",
                                        .pool = "weights",
                                        .restart = one_by_one},
      [this, &job, link = parts.link, versions, generators, reporter] {
        return std::make_unique<WeightReceiverActor>(
            job.model, link, ready_, versions, generators, reporter);
      });
  ActorRef broadcaster = system_.spawn({.name = "weight_broadcaster",
                                           .kind = "weight_broadcaster",
                                           .pool = "main",
                                           .restart = one_by_one},
      [receiver, reporter] {
        return std::make_unique<WeightBroadcaster>(std::vector<ActorRef>{receiver}, reporter);
      });
  trainer.ledger = ledger;
  trainer.broadcaster = broadcaster;
  trainer.evaluator = evaluator;
}

void Pipeline::finish(const std::string& reason) {
  if (auto trainer = system_.find("trainer"))
    static_cast<void>(system_.try_send(*trainer, FinishRun{reason}));
  report_event(system_,
      {{"event", "alarm"},
          {"text", reason +
                       ": finishing this step and writing a checkpoint; Ctrl-C again stops at once "
                       "(nothing is lost)"}});
}

void report_event(System& system, const RunEvent& event) {
  if (auto reporter = system.find("reporter"))
    static_cast<void>(system.try_send(*reporter, Report{json_text(event)}));
}

}  // namespace tramontane
