// A model so slow that a step takes longer than any deadline was thought for.
#include "tests/sim/loop_bench.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Job slow_job() {
  Job job = sim_job(1);
  job.warm_starts.clear();
  job.heldout.clear();
  job.generators = 2;
  job.generator.slots = 8;
  job.generator.max_tokens = 6;
  ReinforcePlan& plan = *job.reinforce;
  plan.steps = 4;
  plan.minibatch = 0;
  plan.ledger.steps = 4;
  plan.ledger.group_size = 2;
  plan.ledger.batch = 8;
  plan.ledger.max_lag = 1;
  plan.ledger.overdue = Overdue::wait;
  plan.ledger.generate_lease = LedgerOptions().generate_lease;
  return job;
}

}  // namespace

TEST_CASE(
    "steps of 31 seconds, longer than a lease and a swap are given at first, only take long") {
  LoopBench bench(slow_job());
  bench.generator_step = std::chrono::seconds(31);
  bench.start();
  REQUIRE(bench.ends(std::chrono::hours(2)));
  CHECK(bench.outcome->how == RunOutcome::How::finished);
  CHECK(bench.outcome->version == 4);
  // Each generator may be taken for dead, or a swap for failed, once or twice: it is learnt from.
  CHECK(bench.told("swap_failed").size() <= 6);
  for (const auto& event : bench.told("step"))
    CHECK(event.at("log_prob_gap_max").to_number<double>() == 0);
}

TEST_CASE("a generator that is quick loses no swap to patience") {
  LoopBench bench(slow_job());
  bench.start();
  REQUIRE(bench.ends());
  CHECK(bench.told("swap_failed").empty());
}
