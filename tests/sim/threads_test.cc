// The whole loop on real threads, actors dying all the while: for ThreadSanitizer above all.

#include "actors/run/pipeline.h"
#include "runtime/base/check.h"
#include "storage/file.h"
#include "tests/runtime/actors.h"
#include "tests/sim/memory_files.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include <future>

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// What a run does around a pipeline (actors/run/run.cc), on the stand-in's weights.
class ThreadedRun {
 public:
  explicit ThreadedRun(Job of) : job_(std::move(of)) {
    SystemOptions options;
    options.pools = Pipeline::pools(job_);
    options.clock = &clock_;
    options.log = &log_;
    options.on_exit = [this](const ExitRecord& record) {
      ++exits_;
      report_event(*system_, {{"event", "exit"}, {"actor", record.name}});
    };
    options.on_escalation = [this](const ExitRecord& record) {
      done({RunOutcome::How::failed, record.text});
    };
    system_.emplace(std::move(options));
    PipelineParts parts;
    parts.ledger = store_.get();
    parts.warm_checkpoints = &warm_;
    parts.checkpoints = &checkpoints_;
    parts.link = choose_transport(job_.transport);
    parts.reporter.totals = std::make_shared<RunTotals>();
    parts.make_policy = [](const ModelConfig& config) {
      return std::make_unique<StandIn>(config, StandIn::Hooks{});
    };
    parts.done = [this](RunOutcome outcome) { done(std::move(outcome)); };
    pipeline_.emplace(*system_, job_, std::move(parts));
  }

  ~ThreadedRun() { system_->stop(60s); }

  System& system() { return *system_; }

  Pipeline& pipeline() { return *pipeline_; }

  bool ended() { return ended_.wait_for(0s) == std::future_status::ready; }

  RunOutcome outcome() { return ended_.get(); }

  int exits() const { return exits_; }

 private:
  void done(RunOutcome outcome) {
    if (!over_.exchange(true)) promise_.set_value(std::move(outcome));
  }

  Job job_;
  RealClock clock_;
  Log log_{clock_, {.terminal = Level::off}};
  std::unique_ptr<KvStore> store_ = open_memory();
  MemoryFiles files_;
  CheckpointStore warm_{files_, "warm", {.keep_last = 1}};
  CheckpointStore checkpoints_{files_, "checkpoints", {.keep_last = 2}};
  std::atomic<bool> over_ = false;
  std::atomic<int> exits_ = 0;
  std::promise<RunOutcome> promise_;
  std::future<RunOutcome> ended_ = promise_.get_future();
  std::optional<System> system_;
  std::optional<Pipeline> pipeline_;
};

Job job_of(std::uint64_t steps) {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.generators = 2;
  job.verifiers = 2;
  job.reinforce->steps = job.reinforce->ledger.steps = steps;
  return job;
}

}  // namespace

TEST_CASE("the loop on threads reaches its end although its actors are killed all the while") {
  ThreadedRun run(job_of(12));
  const std::vector<std::string> victims = {
      "generator/0", "verifier/1", "weight_receiver", "evaluator", "reporter", "generator/1"};
  // At most four of each: one more within a minute ends the run.
  for (std::size_t i = 0; i < 4 * victims.size() && !run.ended(); ++i) {
    std::this_thread::sleep_for(5ms);
    if (auto victim = run.system().find(victims[i % victims.size()])) run.system().kill(*victim);
    for (const ActorStatus& actor : run.system().actors()) CHECK(!actor.name.empty());
  }
  REQUIRE(soon([&] { return run.ended(); }));
  RunOutcome outcome = run.outcome();
  CHECK_MESSAGE(outcome.how == RunOutcome::How::finished, outcome.reason);
  CHECK(outcome.version == 12);
  CHECK(run.exits() > 0);
}

TEST_CASE("the loop on threads passes its weights through shared memory just as well") {
  Job job = job_of(12);
  job.transport = "shm";
  ThreadedRun run(std::move(job));
  REQUIRE(soon([&] { return run.ended(); }));
  RunOutcome outcome = run.outcome();
  CHECK_MESSAGE(outcome.how == RunOutcome::How::finished, outcome.reason);
  CHECK(outcome.version == 12);
}

TEST_CASE("the loop on threads finishes its step when it is asked to") {
  ThreadedRun run(job_of(1'000'000));
  REQUIRE(soon([&] {
    auto trainer = run.system().find("trainer");
    return trainer && run.system().status(*trainer)->handled > 0;
  }));
  run.pipeline().finish("Ctrl-C");
  REQUIRE(soon([&] { return run.ended(); }));
  CHECK(run.outcome().how == RunOutcome::How::interrupted);
}

}  // namespace tramontane
