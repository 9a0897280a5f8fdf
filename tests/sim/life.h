#pragma once
// A SimLife is one process of a SimWorld, with its workers where it has any: from its start on what
// the disk holds to the end of the job, or to its death.

#include "runtime/actor/sim_system.h"
#include "tests/sim/life_plan.h"
#include "tests/sim/sim_host.h"
#include "tests/sim/world.h"
#include "tests/support/faulty_files.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class SimLife {
 public:
  SimLife(SimWorld& world, LifePlan plan, std::uint64_t seed);
  ~SimLife();

  SimWorld::End live(RunOutcome& outcome);

 private:
  class Sink;

  // The checkpoints, as one process opens them.
  struct Stores {
    Stores(Files& files, const Job& job)
        : warm(files, "run/warm_start", {.keep_last = 1}),
          checkpoints(files, "run/checkpoints", {.keep_last = job.trainer.keep_checkpoints}) {}

    CheckpointStore warm;
    CheckpointStore checkpoints;
  };

  Fate fate(const Passage& passage);
  Duration turn(const std::string& pool);
  PipelineParts parts(Stores& stores);
  void start();
  void gave_up(const ExitRecord& record);
  bool due(const std::optional<Duration>& at);
  void disturb();
  void trouble(const LifePlan::Trouble& trouble);
  bool crashed();
  void look_at(System& system);
  void look();
  bool drive();
  void die();
  void stop_workers();
  void end_all();
  SimWorld::End end(RunOutcome& outcome);
  std::string who_waits();
  Duration age();

  SimWorld& world_;
  LifePlan plan_;
  Random random_;
  FaultyFiles files_;
  Stores stores_;
  const Kinds kinds_;
  WeightLink link_;
  std::optional<SimSystem> sim_;
  std::optional<SimHost> host_;
  std::unique_ptr<Pipeline> pipeline_;
  std::optional<RunOutcome> outcome_;
  std::string escalated_;  // the actor that failed for good, and why
  bool files_crashed_ = false;
  std::size_t next_kill_ = 0;
  std::size_t next_trouble_ = 0;
  bool told_to_finish_ = false;
  Time began_{};
  Time last_fault_{};
  std::uint64_t steps_ = 0;
};

}  // namespace tramontane
