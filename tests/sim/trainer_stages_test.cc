// The trainer's stages: warm start, reinforcement, evaluations; and what it tells of them.

#include "actors/trainer/step_event.h"
#include "runtime/base/check.h"
#include "tests/sim/loop_bench.h"

#include <cmath>

#include "tests/support/test.h"

namespace tramontane {

using namespace std::chrono_literals;

namespace {

// A job with so many steps of a warm start, and held-out problems.
Job job_of(std::uint64_t warm_steps, std::uint64_t steps) {
  std::uint64_t seed = 1;
  while (sim_job(seed).warm_starts.empty() || sim_job(seed).heldout.empty()) ++seed;
  Job job = sim_job(seed);
  job.warm_starts[0].steps = warm_steps;
  if (warm_steps == 0) job.warm_starts.clear();
  job.reinforce->steps = job.reinforce->ledger.steps = steps;
  job.trainer.checkpoint_every = 2;
  job.evaluator.every = 1000;
  return job;
}

std::vector<std::uint64_t> versions(const CheckpointStore& store) {
  std::vector<std::uint64_t> found;
  for (const auto& info : store.list()) found.push_back(info.version);
  return found;
}

std::uint64_t integer(const RunEvent& event, const char* key) {
  return event.at(key).to_number<std::uint64_t>();
}

}  // namespace

TEST_CASE("a warm start leaves a checkpoint every 500 steps and at its end, and no other") {
  LoopBench bench(job_of(501, 1));
  bench.start();
  REQUIRE(bench.sim->run_until([&] { return bench.warm.list().size() == 2; }, 600s));
  CHECK(versions(bench.warm) == std::vector<std::uint64_t>{500, 501});
  REQUIRE(bench.ends());
  CHECK(versions(bench.warm) == std::vector<std::uint64_t>{500, 501});
  CHECK(bench.outcome->how == RunOutcome::How::finished);
}

TEST_CASE("a stage that begins after an interruption in another tells its own time left") {
  Job job = job_of(6, 1);
  job.warm_starts.push_back(job.warm_starts[0]);
  LoopBench bench(job);
  bench.start();
  REQUIRE(bench.sim->run_until([&] { return bench.told("step").size() == 3; }, 60s));
  bench.pipeline->finish("Ctrl-C");
  REQUIRE(bench.ends());
  CHECK(bench.sim->system().stop(20s));
  bench.events.clear();
  bench.start();
  REQUIRE(bench.ends());
  std::size_t of_second = 0;
  for (const auto& event : bench.told("step")) {
    if (event.at("kind").as_string() != "warm_start") continue;
    CAPTURE(integer(event, "stage"));
    CAPTURE(integer(event, "step"));
    REQUIRE(event.at("eta_seconds").is_number());
    CHECK(!std::signbit(event.at("eta_seconds").to_number<double>()));
    of_second += integer(event, "stage") == 1 ? 1 : 0;
  }
  CHECK(of_second == 6);
}

TEST_CASE("a warm start that is interrupted goes on where it left off, and comes to the same") {
  Job job = job_of(20, 2);
  job.reinforce->ledger.max_lag = 0;  // else who wrote what depends on the moment
  LoopBench whole(job);
  whole.start();
  REQUIRE(whole.ends());
  LoopBench bench(job);
  bench.start();
  REQUIRE(bench.sim->run_until([&] { return bench.told("step").size() == 3; }, 60s));
  bench.pipeline->finish("Ctrl-C");
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::interrupted);
  CHECK(bench.outcome->reason == "Ctrl-C");
  REQUIRE(bench.warm.list().size() == 1);
  auto at = bench.warm.list()[0].version;
  CHECK(at >= 3);
  CHECK(at < 20);
  CHECK(bench.sim->system().stop(20s));
  bench.events.clear();
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  CHECK(bench.outcome->fingerprint == whole.outcome->fingerprint);
  CHECK(versions(bench.warm) == std::vector<std::uint64_t>{at, 20});
  std::vector<std::uint64_t> steps;
  for (const auto& event : bench.told("step"))
    if (event.at("kind").as_string() == "warm_start") steps.push_back(integer(event, "step"));
  REQUIRE(steps.size() == 20 - at);
  CHECK(steps.front() == at + 1);
  // What is left is told by the pace of this process, from its first step on.
  auto pace = [](const RunEvent& event) {
    auto left = event.at("steps").to_number<double>() - event.at("step").to_number<double>();
    return event.at("eta_seconds").to_number<double>() / left;
  };
  auto warm = bench.told("step");
  double expected = pace(whole.told("step")[18]);
  CHECK(expected > 0);
  for (std::size_t i = 0; i + 1 < 20 - at; ++i) {
    CAPTURE(i);
    CHECK(pace(warm[i]) > 0.8 * expected);
    CHECK(pace(warm[i]) < 2.1 * expected);
  }
  CHECK(steps.back() == 20);
  // The stage is told where it begins, not where it goes on.
  auto stages = bench.told("stage");
  REQUIRE(stages.size() == 1);
  CHECK(stages[0].at("kind").as_string() == "reinforce");
  CHECK(integer(stages[0], "stage") == 1);
  CHECK(integer(stages[0], "steps") == 2);
}

TEST_CASE("a warm start of two stages goes through one after the other, each from its step 1") {
  Job job = job_of(3, 1);
  job.warm_starts.push_back(job.warm_starts[0]);
  job.warm_starts[1].steps = 2;
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->run_for(1s);
  auto list = [&](const char* kind) {
    std::vector<std::string> found;
    for (const auto& event : bench.told(kind)) {
      std::string step = kind == std::string("step") ? str(" ", integer(event, "step")) : "";
      found.push_back(str(integer(event, "stage"), " ", std::string(event.at("kind").as_string()),
          step, " of ", integer(event, "steps")));
    }
    return found;
  };
  CHECK(list("stage") ==
        std::vector<std::string>{"0 warm_start of 3", "1 warm_start of 2", "2 reinforce of 1"});
  CHECK(list("step") == std::vector<std::string>{"0 warm_start 1 of 3", "0 warm_start 2 of 3",
                            "0 warm_start 3 of 3", "1 warm_start 1 of 2", "1 warm_start 2 of 2",
                            "2 reinforce 1 of 1"});
  CHECK(versions(bench.warm) == std::vector<std::uint64_t>{5});
}

TEST_CASE("a job that only imitates leaves what it learnt, and misses no ledger") {
  Job job = job_of(3, 1);
  job.reinforce.reset();
  job.heldout.clear();
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  CHECK(bench.outcome->reason == "all stages done");
  bench.sim->run_for(1s);
  CHECK(bench.told("step").size() == 3);
  CHECK(bench.told("checkpoint").size() == 1);
  CHECK(bench.alarms().empty());
  auto learnt = bench.warm.newest_valid();
  auto saved = bench.checkpoints.newest_valid();
  REQUIRE(learnt);
  REQUIRE(saved);
  CHECK(saved->version == 0);
  CHECK(saved->files.at("model.safetensors") == learnt->files.at("model.safetensors"));
  CHECK(saved->files.at("optimizer.bin") == learnt->files.at("optimizer.bin"));
}

TEST_CASE("the run is over only when its last evaluation is") {
  LoopBench bench(job_of(0, 3));
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.passed_at_end["EvaluationResult"] == 2);
  bench.sim->run_for(1s);
  auto told = bench.told("evaluation");
  REQUIRE(told.size() == 2);
  CHECK(told[0].at("label").as_string() == "before");
  CHECK(integer(told[0], "version") == 0);
  CHECK(told[1].at("label").as_string() == "after");
  CHECK(integer(told[1], "version") == 3);
  CHECK(integer(told[1], "step") == 3);
  CHECK(integer(told[1], "stage") == 0);
}

TEST_CASE("evaluations come so often during the training as they are to, and none at its end") {
  Job job = job_of(3, 6);  // so that the stage's number is not 0
  job.evaluator.every = 2;
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->run_for(10s);
  std::vector<std::uint64_t> during;
  for (const auto& event : bench.told("evaluation")) {
    CHECK(integer(event, "stage") == 1);
    CHECK(integer(event, "step") == integer(event, "version"));
    if (event.at("label").as_string() == "during") during.push_back(integer(event, "version"));
  }
  CHECK(during == std::vector<std::uint64_t>{2, 4});
}

TEST_CASE("checkpoints come as often as they are to, and the last version has one") {
  LoopBench bench(job_of(0, 5));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->run_for(1s);
  std::vector<std::uint64_t> saved;
  for (const auto& event : bench.told("checkpoint")) saved.push_back(integer(event, "version"));
  CHECK(saved == std::vector<std::uint64_t>{0, 2, 4, 5});
  CHECK(bench.checkpoints.newest_valid()->version == 5);
}

TEST_CASE("each step is told once, with what is left of the run") {
  LoopBench bench(job_of(3, 4));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->run_for(1s);
  auto steps = bench.told("step");
  REQUIRE(steps.size() == 3 + 4);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    bool warm = i < 3;
    const RunEvent& event = steps[i];
    CHECK(event.at("kind").as_string() == (warm ? "warm_start" : "reinforce"));
    CHECK(integer(event, "stage") == (warm ? 0 : 1));
    CHECK(integer(event, "step") == (warm ? i + 1 : i - 2));
    CHECK(integer(event, "steps") == (warm ? 3 : 4));
    bool last = i == 2 || i == 6;
    auto left = event.at("eta_seconds").to_number<double>();
    CHECK((last ? left == 0 : warm ? left >= 0 : left > 0));
    CHECK(event.at("train_seconds").to_number<double>() >= 0);
    if (warm) continue;
    CHECK(integer(event, "version") == i - 2);
    CHECK(event.at("wait_seconds").to_number<double>() >= 0);
    CHECK(event.at("log_prob_gap_max").to_number<double>() == 0);
  }
  CHECK(bench.alarms().empty());
}

TEST_CASE("a step's event names the batch that was sealed and the weights that were recorded") {
  LoopBench bench(job_of(2, 4));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->run_for(1s);
  bench.sim->system().stop(20s);
  auto prompt_of = [&](GroupId group) {
    return bench.job.prompts[group % bench.job.prompts.size()].prompt;
  };
  Ledger ledger(*bench.store, prompt_of, bench.job.reinforce->ledger);
  auto steps = bench.told("step");
  REQUIRE(steps.size() == 2 + 4);
  double average = -1;
  for (std::uint64_t step = 0; step < 4; ++step) {
    const RunEvent& event = steps[2 + step];
    auto batch = ledger.batch(step);
    REQUIRE(batch);
    CHECK(event.at("batch").as_string() == hex(batch_hash(*batch)));
    CHECK(integer(event, "rollouts") == batch->rollouts_seen);
    CHECK(event.at("fingerprint").as_string() == hex(*ledger.recorded_fingerprint(step + 1)));
    average = average < 0 ? batch->mean_correct : 0.8 * average + 0.2 * batch->mean_correct;
    CHECK(event.at("correct_average").to_number<double>() == doctest::Approx(average));
  }
}

TEST_CASE("a run whose answers are right often enough ends before its last step") {
  Job job = job_of(0, 50);
  job.reinforce->stop_at_correct = 1e-9;
  // One digit each, and any of the completions may be right, which the heaviest reward decides.
  job.rewards[0].weight = 2;
  job.model.ends.clear();
  job.generator.max_tokens = 1;
  for (auto& problem : job.prompts) problem.prompt.answer = "1";
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  CHECK(bench.outcome->reason.find("correct reached") == 0);
  CHECK(bench.outcome->version < 50);
  CHECK(bench.checkpoints.newest_valid()->version == bench.outcome->version);
  CHECK(bench.passed_at_end["EvaluationResult"] == 2);
}

}  // namespace tramontane
