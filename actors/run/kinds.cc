#include "actors/run/kinds.h"

#include "actors/evaluator/evaluator.h"
#include "actors/generator/generator.h"
#include "actors/job/job.capnp.h"
#include "actors/ledger/actor.h"
#include "actors/run/job_process.h"
#include "actors/run/reporter.h"
#include "actors/run/run_keeper.h"
#include "actors/trainer/trainer.h"
#include "actors/verifier/verifier.h"
#include "actors/weights/broadcaster.h"
#include "runtime/base/check.h"

#include <map>
#include <utility>

namespace tramontane {
namespace {

using Made = std::unique_ptr<Actor>;
using Rewards = std::vector<RewardKind>;

// A kind whose make() is also given what the job's actors share in this process.
using MakeWith = Made (*)(const KindContext&, const std::shared_ptr<JobProcess>&);

Kind kind(const char* name, const char* doc, std::vector<Kind::Port> ports, const Rewards& rewards,
    MakeWith make) {
  return {.name = name,
      .doc = doc,
      .ports = std::move(ports),
      .make = [rewards, make](const KindContext& context) {
        auto process = context.process.shared<JobProcess>([&] {
          return JobProcess::of_worker(context.process.folder(), context.actor.kind, rewards);
        });
        return make(context, process);
      }};
}

ActorRef optional(const KindContext& context, const std::string& port) {
  auto refs = context.asks(port);
  return refs.empty() ? ActorRef() : refs.front();
}

Made make_run(const KindContext&, const std::shared_ptr<JobProcess>& process) {
  return std::make_unique<RunKeeper>(
      [process](RunOutcome outcome) { process->done(std::move(outcome)); }, std::string("trainer"));
}

Made make_reporter(const KindContext&, const std::shared_ptr<JobProcess>& process) {
  return std::make_unique<Reporter>(process->reporter);
}

Made make_ledger(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  const Job& job = *process->job;
  return std::make_unique<LedgerActor>(
      process->open_ledger(), [process](GroupId group) { return process->job->prompt_of(group); },
      job.reinforce->ledger, context.ask("reporter"));
}

Made make_generator(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  const Job& job = *process->job;
  return std::make_unique<Generator>(
      job.model, Generator::Options{.batch = job.generator}, context.ask("ledger"), process->ready);
}

Made make_receiver(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  const Job& job = *process->job;
  auto generators = context.actor.asks.find("generators");
  return std::make_unique<WeightReceiverActor>(job.model, process->link, process->ready,
      job.reinforce->ledger.max_lag + 1,
      generators == context.actor.asks.end() ? std::vector<std::string>() : generators->second,
      context.ask("reporter"),
      context.process.worker().empty() ? ActorRef() : context.ask("broadcaster"),
      job.generator.device);
}

Made make_broadcaster(const KindContext& context, const std::shared_ptr<JobProcess>&) {
  return std::make_unique<WeightBroadcaster>(context.asks("receivers"), context.ask("reporter"));
}

Made make_verifier(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  const Job& job = *process->job;
  return std::make_unique<Verifier>(
      job.reward_table(), job.tokenizer, Verifier::Options{}, context.ask("ledger"));
}

Made make_evaluator(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  return std::make_unique<Evaluator>(*process->job, process->link, context.ask("reporter"));
}

Made make_trainer(const KindContext& context, const std::shared_ptr<JobProcess>& process) {
  process->open_checkpoints();
  Trainer::Options options{.job = process->job,
      .warm_checkpoints = process->warm_checkpoints,
      .checkpoints = process->checkpoints,
      .ready = &process->ready,
      .prepares_own = !process->receives,
      .link = process->link,
      .ledger = optional(context, "ledger"),
      .broadcaster = optional(context, "broadcaster"),
      .evaluator = optional(context, "evaluator"),
      .reporter = context.ask("reporter"),
      .make_policy = process->make_policy,
      .done = process->done};
  if (ActorRef run = optional(context, "run")) {
    options.done = [run, &system = context.system](
                       RunOutcome outcome) { tell_end(system, run, outcome); };
  }
  return std::make_unique<Trainer>(std::move(options));
}

// They are made by job files alone, some with options there.
Kinds of_jobs(Kinds kinds) {
  const std::map<std::string, OptionsSchema> options = {
      {"generator", OptionsSchema::of<schema::Generator>()},
      {"verifier", OptionsSchema::of<schema::Verifier>()},
      {"trainer", OptionsSchema::of<schema::Trainer>()},
      {"evaluator", OptionsSchema::of<schema::Evaluator>()},
      {"ledger", OptionsSchema::of<schema::Ledger>()}};
  for (Kind& kind : kinds) {
    auto found = options.find(kind.name);
    kind.job_key = found == options.end() ? "" : "actors." + kind.name;
    if (found != options.end()) kind.options = found->second;
  }
  return kinds;
}

}  // namespace

Kinds reinforcement_kinds(const Rewards& rewards) {
  const Kind::Port reporter{.name = "reporter", .doc = "hears what happens"};
  const Kind::Port ledger{.name = "ledger", .doc = "keeps the rollouts"};
  const Kind::Port trainer_ledger{.name = "ledger", .doc = "keeps the rollouts", .optional = true};
  return of_jobs({
      kind("run", "hears how the run ends, and has it end early", {}, rewards, make_run),
      kind("reporter", "makes events of what it hears, for views and files", {}, rewards,
          make_reporter),
      kind("ledger", "keeps every rollout from its issue to its batch", {reporter}, rewards,
          make_ledger),
      kind("generator", "writes completions, one token of each sequence a turn", {ledger}, rewards,
          make_generator),
      kind("weight_receiver", "fetches and checks weights, then has its generators flip",
          {{.name = "generators", .doc = "those of its process", .optional = true, .many = true},
              {.name = "broadcaster", .doc = "offers the weights"}, reporter},
          rewards, make_receiver),
      kind("weight_broadcaster", "offers each new version to every receiver",
          {{.name = "receivers", .doc = "one for each process that generates", .many = true},
              reporter},
          rewards, make_broadcaster),
      kind("verifier", "judges finished completions by the job's rewards", {ledger}, rewards,
          make_verifier),
      kind("evaluator", "answers held-out problems with one version",
          {{.name = "trainer", .doc = "hears how good its versions are"}, reporter}, rewards,
          make_evaluator),
      kind("trainer", "goes through the job's stages and makes the versions",
          {trainer_ledger, {.name = "broadcaster", .doc = "spreads the weights", .optional = true},
              {.name = "evaluator", .doc = "evaluates versions", .optional = true},
              {.name = "run", .doc = "hears how the run ended", .optional = true}, reporter},
          rewards, make_trainer),
  });
}

Kinds all_kinds(const Kinds& own, const Rewards& rewards) {
  Kinds kinds = own;
  for (Kind& kind : reinforcement_kinds(rewards)) kinds.push_back(std::move(kind));
  check_kinds(kinds);
  return kinds;
}

}  // namespace tramontane
