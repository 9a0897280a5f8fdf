// What the roles of a job want of a cluster, and what that makes of its workers.
#include "actors/job/places.h"

#include "actors/cluster/workers.h"
#include "actors/job/job.h"
#include "runtime/base/check.h"
#include "tests/job/bench.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

const JobWorker& worker_named(const std::vector<JobWorker>& workers, const std::string& name) {
  return *std::find_if(
      workers.begin(), workers.end(), [&](const JobWorker& worker) { return worker.name == name; });
}

}  // namespace

TEST_CASE("a job that says nothing of places has workers as their roles have them") {
  Job job = JobBench().load(full_graph);
  CHECK(job.places.empty());
  CHECK(place_of(job.places, "generator") == nullptr);
  auto workers = workers_of(job);
  // Driver, ledger, trainer, evaluator, two generators, three verifiers.
  CHECK(workers.size() == 9);
  CHECK(worker_named(workers, "generator/1").need.cpu_milli == 500);
  CHECK(worker_named(workers, "generator/1").work == Work::generates);
  CHECK(worker_named(workers, "verifier/2").need.cpu_milli == 100);
  for (const char* name : {"driver", "ledger", "trainer"})
    CHECK(worker_named(workers, name).at_run_directory);
  for (const JobWorker& worker : workers) {
    CHECK(worker.need.memory_bytes > 0);
    CHECK(worker.need.gpu_milli == 0);
  }
}

TEST_CASE("what a job says of a role's place is what each of its workers wants") {
  Job job = JobBench().load(full_graph,
      {"actors.generator.place.cpus=1.5", "actors.generator.place.memory_gigabytes=4",
          "actors.generator.place.gpus=2", "actors.generator.place.needs={zone: west, disk: ssd}",
          "actors.generator.place.prefers.rack=7", "actors.generator.place.strategy=strict_spread",
          "actors.verifier.place.near=ledger", "actors.verifier.place.apart=[generator, trainer]",
          "actors.evaluator.place.gpus=0.25"});
  REQUIRE(job.places.size() == 3);
  auto workers = workers_of(job);
  for (const char* name : {"generator/0", "generator/1"}) {
    const JobWorker& worker = worker_named(workers, name);
    CHECK(worker.need == Need{1'500, 4'000'000'000, 2'000});
    CHECK(worker.needs_labels == std::vector<Label>{{"zone", "west"}, {"disk", "ssd"}});
    CHECK(worker.prefers_labels == std::vector<Label>{{"rack", "7"}});
    CHECK(worker.strategy == Strategy::strict_spread);
    CHECK(worker.near.empty());
  }
  const JobWorker& verifier = worker_named(workers, "verifier/0");
  CHECK(verifier.near == std::vector<std::string>{"ledger"});
  CHECK(verifier.apart == std::vector<std::string>{"generator", "trainer"});
  CHECK(verifier.need.cpu_milli == 100);
  CHECK(worker_named(workers, "evaluator").need.gpu_milli == 250);
  CHECK(worker_named(workers, "trainer").strategy == Strategy::by_work);
  job = JobBench().load(full_graph, {"actors.generator.threads=3", "actors.trainer.threads=2"});
  workers = workers_of(job);
  CHECK(worker_named(workers, "generator/0").need.cpu_milli == 1'500);
  CHECK(worker_named(workers, "trainer").need.cpu_milli == 1'000);
}

TEST_CASE("a place that makes no sense is refused by name") {
  JobBench bench;
  auto refusal = [&](const std::string& set) { return bench.refused(full_graph, {set}); };
  for (const char* share : {"1.5", "0.0001"})
    CHECK(refusal(str("actors.generator.place.gpus=", share))
              .find("actors.generator.place.gpus: expected whole GPUs, or a share") !=
          std::string::npos);
  CHECK(refusal("actors.verifier.place.near=ledgr").find("did you mean 'ledger'?") !=
        std::string::npos);
  CHECK(refusal("actors.verifier.place.near=verifier").find("expected other roles") !=
        std::string::npos);
  CHECK(refusal("actors.trainer.place.strategy=wide").find("strict_pack") != std::string::npos);
  CHECK(refusal("actors.ledger.place.cpus=-1").find("cpus") != std::string::npos);
  CHECK(refusal("actors.generator.place.cpu=1").find("did you mean") != std::string::npos);
}
