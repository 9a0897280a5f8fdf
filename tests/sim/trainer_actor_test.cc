// The trainer's ends and beginnings, in the whole loop without faults.

#include "actors/ledger/format.h"
#include "tests/sim/loop_bench.h"

#include <algorithm>

#include "tests/support/test.h"

namespace tramontane {

using namespace std::chrono_literals;

TEST_CASE("the trainer ends the run after too many steps that are not finite, and says why") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.trainer.non_finite_max = 1;
  job.reinforce->steps = job.reinforce->ledger.steps = 6;
  LoopBench bench(std::move(job));
  bench.start(1);
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::failed);
  CHECK(bench.outcome->reason ==
        "2 steps in a row were not finite (the loss was not finite); lower "
        "optimizer.learning_rate");
  CHECK(bench.outcome->version == 2);
}

TEST_CASE("whichever way the weights go, the run comes to the same") {
  std::optional<RunOutcome> before;
  for (const char* transport : {"local", "shm", "auto"}) {
    Job job = sim_job(1);
    job.transport = transport;
    LoopBench bench(std::move(job));
    bench.start();
    REQUIRE(bench.ends());
    CHECK_MESSAGE(bench.outcome->how == RunOutcome::How::finished, bench.outcome->reason);
    auto swaps = bench.told("swap");
    REQUIRE(!swaps.empty());
    CHECK(swaps.back().at("transport").as_string() ==
          (std::string(transport) == "shm" ? "shm" : "local"));
    if (before) CHECK(bench.outcome->fingerprint == before->fingerprint);
    before = *bench.outcome;
  }
}

TEST_CASE("a run asked to finish writes a checkpoint, ends, and goes on from there") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.trainer.checkpoint_every = 1000;
  job.reinforce->steps = job.reinforce->ledger.steps = 12;
  LoopBench bench(std::move(job));
  bench.start();
  bench.sim->run_until([&] { return bench.sim->system().find("trainer").has_value(); }, 1s);
  bench.sim->run_for(300ms);
  REQUIRE_FALSE(bench.outcome);
  bench.pipeline->finish("Ctrl-C");
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::interrupted);
  CHECK(bench.outcome->reason == "Ctrl-C");
  Version stopped_at = bench.outcome->version;
  CHECK(stopped_at > 0);
  CHECK(stopped_at < 12);
  auto checkpoint = bench.checkpoints.newest_valid();
  REQUIRE(checkpoint);
  CHECK(checkpoint->version == stopped_at);
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : bench.checkpoints.load(checkpoint->folder).files)
    bytes += content.size();
  REQUIRE(bytes > 0);
  CHECK(bench.told("checkpoint").back().at("bytes").to_number<std::uint64_t>() == bytes);
  CHECK(bench.sim->system().stop(20s));
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  CHECK(bench.outcome->version == 12);
}

TEST_CASE("a checkpoint that is not what the ledger recorded is refused") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.trainer.checkpoint_every = 1;
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  bench.sim->system().stop(20s);
  auto last = *bench.checkpoints.newest_valid();
  auto files = last.files;
  files["model.safetensors"].back() ^= std::byte{1};
  bench.checkpoints.save(last.version, files, last.about);
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::mismatch);
  CHECK(bench.outcome->reason.find("the ledger recorded") != std::string::npos);
}

TEST_CASE("a run whose checkpoints are all damaged says so, and comes to the same versions again") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.trainer.checkpoint_every = 1;
  LoopBench bench(std::move(job));
  auto spoil = [&] {
    for (const auto& info : bench.checkpoints.list())
      bench.files.write(info.folder + "/model.safetensors", as_bytes("spoiled"));
  };
  bench.start();
  REQUIRE(bench.ends());
  auto first = *bench.outcome;
  bench.sim->system().stop(20s);
  spoil();
  auto damaged = static_cast<std::ptrdiff_t>(bench.checkpoints.list().size());
  bench.events.clear();
  SUBCASE("the ledger has every batch") {
    bench.start();
    REQUIRE(bench.ends());
    CHECK(bench.outcome->how == RunOutcome::How::finished);
    CHECK(bench.outcome->version == first.version);
    CHECK(bench.outcome->fingerprint == first.fingerprint);
    auto told = [&](const std::string& text) {
      auto alarms = bench.alarms();
      return std::count_if(alarms.begin(), alarms.end(),
          [&](const std::string& alarm) { return alarm.find(text) != std::string::npos; });
    };
    CHECK(told("model.safetensors: it has 7 bytes instead of") == damaged);
    CHECK(told("no checkpoint of this run is whole: it begins again at its beginning") == 1);
  }
  SUBCASE("the first batches were removed") {
    WriteBatch batch;
    batch.remove(ledger_key::batch(0));
    bench.store->write(batch);
    bench.start();
    REQUIRE(bench.ends());
    CHECK(bench.outcome->how == RunOutcome::How::failed);
    CHECK(bench.outcome->code == Errc::not_found);
    CHECK(bench.outcome->reason.find("batches before 1 were removed") != std::string::npos);
    CHECK(bench.outcome->reason.find("; damaged are: ") != std::string::npos);
  }
}

TEST_CASE("a ledger that lost its end is no checkpoint of another run") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  LoopBench bench(std::move(job));
  bench.start();
  REQUIRE(bench.ends());
  bench.sim->system().stop(20s);
  bench.store = open_memory();
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::failed);
  CHECK(bench.outcome->code == Errc::corrupt);
  CHECK(bench.outcome->reason.find("it has lost those of steps 0 to") != std::string::npos);
}

TEST_CASE("a run whose ledger is gone for good fails, and nobody hears of it any more") {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.heldout.clear();
  LoopBench bench(std::move(job));
  bench.start();
  bench.sim->on_message([&](const Passage& passage) {
    ++bench.passed[passage.type];
    return passage.type == "TaskList" ? Fate::drop() : Fate::deliver();  // so no batch comes
  });
  bench.sim->run_for(10s);
  REQUIRE_FALSE(bench.outcome);
  // The broadcaster is reminded every two seconds: the next time would be due.
  int reminded = bench.passed["Publish"];
  CHECK(reminded > 1);
  REQUIRE(bench.sim->run_until([&] { return bench.passed["Publish"] > reminded; }, 5s));
  bench.sim->run_for(1900ms);
  reminded = bench.passed["Publish"];
  CHECK(bench.sim->system().stop(*bench.sim->system().find("ledger"), 1s));
  REQUIRE(bench.ends());
  CHECK(bench.outcome->how == RunOutcome::How::failed);
  CHECK(bench.outcome->code == Errc::closed);
  CHECK(bench.outcome->reason.starts_with("the ledger: "));
  bench.sim->run_for(10s);
  CHECK(bench.passed["Publish"] == reminded);
  CHECK(bench.alarms() == std::vector<std::string>{bench.outcome->reason});
}

}  // namespace tramontane
