// What the trainer gives out of each version: to its broadcaster, and to itself.

#include "actors/trainer/trainer.h"
#include "tests/sim/fakes.h"
#include "tests/sim/memory_files.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// A ledger whose batches are all there, and empty.
class EmptyBatches final : public Actor {
 public:
  EmptyBatches() {
    handle(&EmptyBatches::restart);
    handle(&EmptyBatches::take);
    handle(&EmptyBatches::trained);
    handle(&EmptyBatches::checkpointed);
  }

 private:
  TrainedAnswer restart(RestartFrom) { return {}; }

  BatchAnswer take(TakeBatch request) {
    Batch batch;
    batch.step = request.step;
    return {std::move(batch), ""};
  }

  TrainedAnswer trained(Trained) { return {}; }

  void checkpointed(Checkpointed) {}
};

class PublishBook final : public Actor {
 public:
  explicit PublishBook(std::shared_ptr<std::vector<Publish>> told) : told_(std::move(told)) {
    handle(&PublishBook::publish);
  }

 private:
  void publish(Publish request) { told_->push_back(std::move(request)); }

  std::shared_ptr<std::vector<Publish>> told_;
};

struct TrainerBench {
  explicit TrainerBench(const std::string& transport, bool prepares_own)
      : link(choose_transport(transport)) {
    job.warm_starts.clear();
    job.heldout.clear();
    job.reinforce->steps = job.reinforce->ledger.steps = 7;
    job.reinforce->ledger.max_lag = 1;
    Trainer::Options options{.job = &job,
        .warm_checkpoints = &warm,
        .checkpoints = &checkpoints,
        .ready = &ready,
        .prepares_own = prepares_own,
        .link = link};
    System& system = sim.system();
    options.ledger = system.spawn<EmptyBatches>({.name = "ledger"});
    options.broadcaster = system.spawn<PublishBook>({.name = "broadcaster"}, told);
    options.reporter = system.spawn<FakeReporter>({.name = "reporter"}, events);
    options.make_policy = [](const ModelConfig& config) {
      return std::make_unique<StandIn>(config, StandIn::Hooks{});
    };
    options.done = [this](RunOutcome how) { outcome = std::move(how); };
    system.spawn<Trainer>({.name = "trainer"}, options);
    sim.run_until([&] { return outcome.has_value(); }, 60s);
  }

  Job job = sim_job(1);
  WeightLink link;
  MemoryFiles files;
  CheckpointStore warm{files, "warm", {.keep_last = 1}};
  CheckpointStore checkpoints{files, "checkpoints", {.keep_last = 2}};
  ReadyStore ready;
  std::shared_ptr<std::vector<Publish>> told = std::make_shared<std::vector<Publish>>();
  std::shared_ptr<std::vector<RunEvent>> events = std::make_shared<std::vector<RunEvent>>();
  std::optional<RunOutcome> outcome;
  SimSystem sim{{.seed = 1}};
};

}  // namespace

TEST_CASE("a trainer that prepares its own weights has the newest for the audit, and no others") {
  TrainerBench bench("local", true);
  REQUIRE(bench.outcome);
  CHECK_MESSAGE(bench.outcome->how == RunOutcome::How::finished, bench.outcome->reason);
  for (Version version = 0; version <= 7; ++version)
    CHECK((bench.ready.get(version) != nullptr) == (version >= 6));  // max_lag 1, and one
  CHECK(bench.ready.newest()->fingerprint() == bench.outcome->fingerprint);
}

TEST_CASE("a trainer whose weights others prepare prepares none") {
  TrainerBench bench("local", false);
  REQUIRE(bench.outcome);
  CHECK(bench.ready.newest() == nullptr);
}

TEST_CASE("with shared memory each version that is announced comes with it") {
  TrainerBench bench("shm", false);
  REQUIRE(bench.outcome);
  REQUIRE(bench.told->size() == 8);
  auto manifest = std::make_shared<const Manifest>(model_manifest(bench.job.model));
  auto receiver = bench.link.receiver(manifest);
  for (Version version = 0; version < 8; ++version) {
    const Publish& told = bench.told->at(version);
    CHECK(told.version == version);
    CHECK(receiver->fetch(version, told.fingerprint, told.weights)->version() == version);
  }
  TrainerBench local("local", false);
  REQUIRE(local.told->size() == 8);
  CHECK_FALSE(local.told->back().weights);
  CHECK(local.told->back().fingerprint == bench.told->back().fingerprint);
}

}  // namespace tramontane
