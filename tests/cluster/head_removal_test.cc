// When a job of a cluster may be removed, and what stays of it.
#include "actors/cluster/head_state.h"
#include "tests/cluster/cluster_values.h"

#include <chrono>
#include <functional>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

// One node, and a job that runs there.
struct Head {
  Head() {
    state.joined(near_node("a", 101, 8), now);
    state.submit(job_of_test(1), now);
    REQUIRE(state.decide(now).size() == 1);
    state.driver_started(1, 1, 4711, now);
  }

  const HeadJob& job() const { return state.jobs().at(1); }

  void end(const ProcessEnd& how) { state.driver_ended(1, job().attempt, how, now); }

  std::string refusal(std::uint64_t id, bool keep_run) const {
    try {
      state.removable(id, keep_run);
    } catch (const Error& error) {
      return str(name(error.errc()), ": ", error.text());
    }
    return "";
  }

  bool refused_as(std::uint64_t id, bool keep_run, const std::string& text) const {
    return refusal(id, keep_run).find(text) != std::string::npos;
  }

  std::int64_t now = 1'000'000;
  HeadState state{rules_of_test(), {}, now};
};

}  // namespace

TEST_CASE("a job is removed once it is over and nobody writes its run directory") {
  Head head;
  CHECK(head.refused_as(2, false, "not_found: there is no job 2"));
  CHECK(head.refused_as(1, false, "is running: end it by tram stop 1"));
  CHECK(head.refused_as(1, true, "refused"));
  head.end(exited(0));
  CHECK(head.refusal(1, false).empty());
  head.state.disconnected(101, head.now);  // its end was heard of
  CHECK(head.refusal(1, false).empty());
  head.state.forget(1);
  CHECK(head.state.jobs().empty());
  CHECK(head.state.submit(job_of_test(1), head.now) == 2);
}

TEST_CASE("a job whose driver may still write is removed without its run directory alone") {
  Head head;
  head.state.disconnected(101, head.now);
  head.state.decide(head.now + 8'000);
  CHECK(head.job().state == JobState::waiting);
  head.state.stop(1, 1s, head.now + 8'000);
  CHECK(head.job().state == JobState::stopped);
  CHECK(head.refused_as(1, false, "may still write its run directory"));
  CHECK(head.refusal(1, true).empty());
  // Back, it is told to end that driver, and tells that it has.
  JoinCluster offer = near_node("a", 101, 8);
  offer.drivers.push_back({.job = 1, .attempt = 1, .pid = 4711});
  head.state.joined(offer, head.now);
  REQUIRE(head.state.decide(head.now).size() == 1);
  head.end(killed());
  CHECK(head.job().ended == 1);
  CHECK(head.job().state == JobState::stopped);
  head.state.disconnected(101, head.now);
  CHECK(head.refusal(1, false).empty());
}

TEST_CASE("the number of a job that was removed is given to no other, by the next head either") {
  HeadState state(rules_of_test(), {}, 1'000, {}, 7);
  CHECK(state.last_job() == 7);
  CHECK(state.submit(job_of_test(1), 1'000) == 8);
  HeadJob later = job_of_test(1);
  later.id = 9;
  CHECK(HeadState(rules_of_test(), {later}, 1'000, {}, 7).last_job() == 9);
}
