#pragma once
// A SimLife is one process of a SimWorld: from its start on what the disk holds to the end of the
// job, or to its death.

#include "runtime/actor/sim_system.h"
#include "tests/sim/world.h"
#include "tests/support/faulty_files.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// What goes wrong in one life, drawn beforehand.
struct LifePlan {
  Duration faulty_for{};  // the network and the transfers are sound afterwards
  double lost = 0;        // shares of messages
  double duplicated = 0;
  double late = 0;
  Duration late_max{};
  double bad_transfer = 0;
  std::map<std::string, Duration> turn_max;  // by pool

  struct Kill {
    Duration at{};
    std::string actor;
  };

  std::vector<Kill> kills;         // in order
  std::optional<Duration> dies;    // the process
  bool power_cut = false;          // … and its host
  std::optional<Duration> finish;  // it is asked to finish early
  DiskFaults disk;
  FaultPlan files;
};

LifePlan draw_life(Random& random, const Job& job, std::uint32_t life);
std::string describe(const LifePlan& plan);

class SimLife {
 public:
  SimLife(SimWorld& world, LifePlan plan, std::uint64_t seed);
  ~SimLife();

  SimWorld::End live(RunOutcome& outcome);

 private:
  class Sink;

  Fate fate(const Passage& passage);
  Duration turn(const std::string& pool);
  void start();
  bool due(const std::optional<Duration>& at);
  void disturb();
  bool crashed();
  void look();
  bool drive();
  void die();
  SimWorld::End end(RunOutcome& outcome);
  std::string who_waits();
  Duration age();

  SimWorld& world_;
  LifePlan plan_;
  Random random_;
  FaultyFiles files_;
  CheckpointStore warm_;
  CheckpointStore checkpoints_;
  std::optional<SimSystem> sim_;
  std::unique_ptr<Pipeline> pipeline_;
  std::optional<RunOutcome> outcome_;
  std::string escalated_;  // the actor that failed for good, and why
  bool files_crashed_ = false;
  std::size_t next_kill_ = 0;
  bool told_to_finish_ = false;
  Time began_{};
  Time last_fault_{};
  std::uint64_t steps_ = 0;
};

}  // namespace tramontane
