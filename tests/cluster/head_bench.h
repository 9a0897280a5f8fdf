#pragma once
// A head's state with a clock that tests set, and what they do to it over and over.

#include "actors/cluster/head_state.h"
#include "tests/cluster/cluster_values.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test.h"

namespace tramontane {

struct Head {
  HeadState& state() { return *life; }

  const HeadState& state() const { return *life; }

  std::vector<Order> decide(std::int64_t later_ms = 0) {
    now += later_ms;
    return state().decide(now);
  }

  const HeadJob& job(std::uint64_t id = 1) const { return state().jobs().at(id); }

  void join(const JoinCluster& offer) { state().joined(offer, now); }

  // Its driver is being started.
  void place(HeadJob submitted) {
    std::uint64_t id = state().submit(std::move(submitted), now);
    auto orders = decide();
    REQUIRE(orders.size() == 1);
    REQUIRE(orders[0].kind == Order::Kind::start);
    REQUIRE(orders[0].start.job == id);
  }

  void run(HeadJob submitted) {
    place(std::move(submitted));
    state().driver_started(state().jobs().rbegin()->first, 1, 4711, now);
  }

  void begin_anew() {
    std::vector<HeadJob> jobs;
    for (const auto& [id, each] : state().jobs())
      jobs.push_back(parse_job_record(job_record(each)));
    life = std::make_unique<HeadState>(rules, std::move(jobs), now, state().draining());
  }

  FoundSeat find(const std::string& worker) {
    return state().find_seat({1, job().attempt, worker, ""}, now);
  }

  std::int64_t now = 1'000'000;
  HeadRules rules = rules_of_test();
  std::unique_ptr<HeadState> life = std::make_unique<HeadState>(rules, std::vector<HeadJob>(), now);
};

}  // namespace tramontane
