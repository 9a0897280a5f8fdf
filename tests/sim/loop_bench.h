#pragma once
// A LoopBench is the whole loop of a job in a simulated system, over a disk in memory, with the
// stand-in's weights, and without faults unless the test brings them.
//
//   LoopBench bench(std::move(job));
//   bench.start();
//   REQUIRE(bench.ends());                  // within a minute of simulated time
//   CHECK(bench.outcome->version == 12);
//
// start() again is the next process of the run.

#include "actors/run/pipeline.h"
#include "runtime/actor/sim_system.h"
#include "tests/sim/memory_files.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/stand_in.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class LoopBench {
 public:
  explicit LoopBench(Job of) : job(std::move(of)) {}

  LoopBench(const LoopBench&) = delete;
  LoopBench& operator=(const LoopBench&) = delete;

  ~LoopBench() {
    if (sim) sim->system().stop(std::chrono::seconds(20));
  }

  void start(std::uint32_t skip_one_in = 0) {
    outcome.reset();
    passed.clear();
    sim = std::make_unique<SimSystem>(SimOptions{.seed = 5, .pools = Pipeline::pools(job)});
    sim->on_turn([this](const std::string& pool) {
      // Not every turn of a generator computes: most take mail.
      bool computes = pool.starts_with("decode") && ++decode_turns % 5 == 0;
      return computes ? generator_step : Duration(std::chrono::milliseconds(1));
    });
    sim->on_message([this](const Passage& passage) {
      ++passed[passage.type];
      return Fate::deliver();
    });
    StandIn::Hooks hooks{.reinforced = {}, .skip_one_in = skip_one_in};
    PipelineParts parts;
    parts.ledger = store.get();
    parts.warm_checkpoints = &warm;
    parts.checkpoints = &checkpoints;
    parts.link = choose_transport(job.transport);
    parts.reporter.totals = std::make_shared<RunTotals>();
    parts.reporter.sinks = {std::make_shared<Events>(*this)};
    parts.make_policy = [hooks](const ModelConfig& config) {
      return std::make_unique<StandIn>(config, hooks);
    };
    parts.done = [this](RunOutcome how) {
      passed_at_end = passed;
      outcome = std::move(how);
    };
    pipeline = std::make_unique<Pipeline>(sim->system(), job, std::move(parts));
  }

  bool ends(Duration within = std::chrono::seconds(60)) {
    return sim->run_until([&] { return outcome.has_value(); }, within);
  }

  // What the reporter has told so far, over all processes.
  std::vector<RunEvent> told(const char* kind) const {
    std::vector<RunEvent> found;
    for (const auto& event : events)
      if (event.at("event").as_string() == kind) found.push_back(event);
    return found;
  }

  std::vector<std::string> alarms() const {
    std::vector<std::string> texts;
    for (const auto& event : told("alarm")) texts.emplace_back(event.at("text").as_string());
    return texts;
  }

  Job job;
  Duration generator_step = std::chrono::milliseconds(1);
  std::uint64_t decode_turns = 0;
  std::unique_ptr<KvStore> store = open_memory();
  MemoryFiles files;
  CheckpointStore warm{files, "warm", {.keep_last = 100}};
  CheckpointStore checkpoints{files, "checkpoints", {.keep_last = 2}};
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<SimSystem> sim;  // ends before what it runs on
  std::optional<RunOutcome> outcome;
  std::vector<RunEvent> events;
  std::map<std::string, int> passed;         // messages of this process, by type
  std::map<std::string, int> passed_at_end;  // as the trainer said that the run is over

 private:
  class Events final : public EventSink {
   public:
    explicit Events(LoopBench& bench) : bench_(bench) {}

    void event(const RunEvent& event) override { bench_.events.push_back(event); }

   private:
    LoopBench& bench_;
  };
};

}  // namespace tramontane
