// When a job of a cluster is over, by hand; and what a head refuses.
#include "actors/cluster/head_state.h"
#include "tests/cluster/cluster_values.h"

#include <chrono>
#include <functional>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

struct Head {
  Head() { state.joined(near_node("a", 101, 8), now); }

  std::vector<Order> decide(std::int64_t later_ms = 0) {
    now += later_ms;
    return state.decide(now);
  }

  const HeadJob& job() const { return state.jobs().at(1); }

  void place() {
    state.submit(job_of_test(1), now);
    REQUIRE(decide().size() == 1);
  }

  void run() {
    place();
    start();
  }

  void start() { state.driver_started(1, job().attempt, 4711, now); }

  void end(const ProcessEnd& how) { state.driver_ended(1, job().attempt, how, now); }

  // The next attempt, after its pause.
  void start_again() {
    CHECK(job().state == JobState::waiting);
    CHECK(decide(499).empty());
    REQUIRE(decide(1).size() == 1);
    start();
  }

  std::int64_t now = 1'000'000;
  HeadState state{rules_of_test(), {}, now};
};

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return str(name(error.errc()), ": ", error.text());
  }
  return "";
}

bool refuses_input(const std::function<void()>& act) {
  return refusal(act).starts_with(str(name(Errc::bad_input), ": "));
}

}  // namespace

TEST_CASE("a driver that was killed is started again as often as the rules say") {
  Head head;
  head.run();
  for (std::uint32_t attempt : {2U, 3U}) {
    head.end(killed());
    CHECK(head.job().reason == "its driver was killed by signal 9 (SIGKILL)");
    head.start_again();
    CHECK(head.job().attempt == attempt);
    CHECK(head.job().reason == str("start ", attempt, " of its driver"));
  }
  head.end(killed());
  CHECK(head.job().state == JobState::failed);
  CHECK(head.job().reason.find("killed by signal 9") != std::string::npos);
  CHECK(head.job().seats.empty());
  CHECK(head.decide(100'000).empty());
}

TEST_CASE("a death that is told again, until the head is known to have heard, counts once") {
  Head head;
  head.run();
  for (std::uint32_t attempt : {1U, 2U}) {
    head.end(killed());
    for (int i = 0; i < 3; ++i) head.end(killed());
    CHECK(head.job().deaths == attempt);
    JoinCluster back = near_node("a", 101, 8);
    back.drivers = {{.job = 1, .attempt = attempt, .ended = true, .end = killed()}};
    head.state.joined(back, head.now);
    CHECK(head.job().deaths == attempt);
    head.start_again();
  }
  CHECK(head.job().state == JobState::running);
}

TEST_CASE("a driver that was lost with its node is started again however often") {
  Head head;
  head.run();
  for (ProcessId process = 101; process < 121; ++process) {
    head.state.disconnected(process, head.now);
    head.state.joined(near_node("a", process + 1, 8), head.now);
    CHECK(head.job().reason == "its driver ended with node a");
    head.start_again();
  }
  CHECK(head.job().attempt == 21);
  CHECK(head.job().deaths == 0);
}

TEST_CASE("a driver that ends by itself has ended the job") {
  Head head;
  head.run();
  SUBCASE("well") {
    head.end(exited(0));
    CHECK(head.job().state == JobState::finished);
  }
  SUBCASE("with a reason") {
    head.end(exited(6, {"step 3", "tram: no such model", ""}));
    CHECK(head.job().state == JobState::failed);
    CHECK(head.job().reason == "no such model");
    CHECK(head.job().exit_code == 6);
  }
  SUBCASE("without a word") {
    head.end(exited(4));
    CHECK(head.job().state == JobState::failed);
    CHECK(head.job().reason == exited(4).end.text());
  }
  CHECK(head.job().pid == 0);
  CHECK(head.job().seats.empty());
  CHECK(head.decide(100'000).empty());
  CHECK(head.state.stop(1, 1s, head.now));
  CHECK(!head.job().stop_wanted);
}

TEST_CASE("a driver that was interrupted is started again, unless somebody wanted it to end") {
  Head head;
  head.run();
  head.end(exited(130));
  head.start_again();
  CHECK(head.state.stop(1, 5s, head.now));
  head.end(exited(130));
  CHECK(head.job().state == JobState::stopped);
  CHECK(head.job().reason == "as wanted");
}

TEST_CASE("the end of a driver is heard before the answer to its start, and counts") {
  Head head;
  head.place();
  head.end(killed());
  head.start();
  CHECK(head.job().state == JobState::waiting);
  CHECK(head.job().pid == 0);
  CHECK(head.decide(500).size() == 1);
}

TEST_CASE("what is told of an earlier attempt changes nothing") {
  Head head;
  head.run();
  head.end(killed());
  head.start_again();
  head.state.driver_ended(1, 1, exited(0), head.now);
  head.state.driver_not_started(1, 1, "late", head.now);
  head.state.driver_started(1, 1, 5, head.now);
  CHECK(head.job().state == JobState::running);
  CHECK(head.job().pid == 4711);
  head.state.driver_started(7, 1, 5, head.now);
  head.state.driver_ended(7, 1, exited(0), head.now);
  CHECK(refusal([&] { head.state.find_seat({1, 1, "generator/0", ""}, head.now); }) != "");
  CHECK(refusal([&] { head.state.find_seat({1, 2, "nobody", ""}, head.now); }) != "");
}

TEST_CASE("nobody can speak for a job that was not started") {
  Head head;
  head.state.submit(job_of_test(1, 100'000), head.now);
  head.decide();
  head.state.driver_started(1, 0, 5, head.now);
  head.state.driver_ended(1, 0, exited(0), head.now);
  CHECK(head.job().state == JobState::queued);
  JoinCluster offer = near_node("b", 102);
  offer.drivers = {{.job = 1, .attempt = 0, .pid = 5}};
  head.state.joined(offer, head.now);
  CHECK(head.job().state == JobState::queued);
  CHECK(refusal([&] { head.state.find_seat({1, 0, "generator/0", ""}, head.now); }) != "");
}

TEST_CASE("a driver that could not be started is tried again, with the reason") {
  Head head;
  head.place();
  head.state.driver_not_started(1, 1, "no memory", head.now);
  CHECK(head.job().state == JobState::waiting);
  CHECK(head.job().reason == "its driver could not be started on node a: no memory");
  head.start_again();
  head.state.driver_not_started(1, 2, "late", head.now);
  CHECK(head.job().state == JobState::running);
}

// ---- stopping ----------------------------------------------------------------------------------

TEST_CASE("a job that runs is told to stop once, and again when somebody asks again") {
  Head head;
  head.run();
  CHECK(!head.state.stop(7, 5s, head.now));
  for (Duration patience : {Duration(5s), Duration(0s)}) {
    CHECK(head.state.stop(1, patience, head.now));
    auto orders = head.decide();
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].kind == Order::Kind::stop);
    CHECK(orders[0].node == 101);
    CHECK(orders[0].stop.attempt == 1);
    CHECK(orders[0].stop.patience == patience);
    CHECK(head.decide(1'000).empty());
  }
  head.state.disconnected(101, head.now);
  JoinCluster back = near_node("a", 101, 8);
  back.drivers = {{.job = 1, .attempt = 1, .pid = 4711}};
  head.state.joined(back, head.now);
  CHECK(head.decide().size() == 1);  // it may not have heard
  head.end(killed());
  CHECK(head.job().state == JobState::stopped);
  CHECK(head.decide(100'000).empty());
}

TEST_CASE("a job that waits for anything is stopped at once") {
  Head head;
  SUBCASE("for room") {
    head.state.submit(job_of_test(1), head.now);
  }
  SUBCASE("for its next start") {
    head.run();
    head.end(killed());
  }
  SUBCASE("for its node") {
    head.run();
    head.state.disconnected(101, head.now);
    head.decide(9'000);
    head.decide(1'000);
    CHECK(head.job().reason == "for node a, where its run directory is");
  }
  CHECK(head.state.stop(1, 5s, head.now));
  CHECK(head.job().state == JobState::stopped);
  CHECK(head.job().reason != "");
  CHECK(head.job().seats.empty());
  CHECK(head.decide(100'000).empty());
}

TEST_CASE("a driver of which nobody knows whether it began is told to end with its job") {
  Head head;
  head.place();
  head.state.driver_not_started(1, 1, "no answer", head.now);
  CHECK(head.state.stop(1, 5s, head.now));
  CHECK(head.job().state == JobState::stopped);
  auto orders = head.decide();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].kind == Order::Kind::stop);
  CHECK(orders[0].stop.attempt == 1);
}

TEST_CASE("a job whose driver is being started is stopped when it has, or has not") {
  Head head;
  head.place();
  CHECK(head.state.stop(1, 5s, head.now));
  CHECK(head.decide().empty());
  CHECK(head.job().state == JobState::placing);
  SUBCASE("it has") {
    head.start();
    auto orders = head.decide();
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].kind == Order::Kind::stop);
  }
  SUBCASE("nobody knows whether it has") {
    head.state.driver_not_started(1, 1, "no answer", head.now);
    CHECK(head.job().state == JobState::stopped);
    auto orders = head.decide();
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].kind == Order::Kind::stop);
    CHECK(orders[0].node == 101);
    CHECK(orders[0].stop.attempt == 1);
  }
  SUBCASE("its node is lost") {
    head.state.disconnected(101, head.now);
    head.decide(8'000);
    CHECK(head.job().state == JobState::stopped);
  }
}

// ---- time --------------------------------------------------------------------------------------

TEST_CASE("a clock that is set back holds up nobody") {
  Head head;
  head.run();
  head.state.disconnected(101, head.now);
  head.decide(-3'600'000);
  head.decide(8'000);
  CHECK(head.job().state == JobState::waiting);
  head.state.joined(near_node("a", 102, 8), head.now);
  head.decide(-3'600'000);
  CHECK(head.decide(500).size() == 1);
}

// ---- refusals ----------------------------------------------------------------------------------

TEST_CASE("a second node of a name is refused while the first is connected, and changes nothing") {
  Head head;
  std::string why = refusal([&] { head.state.joined(near_node("a", 102), head.now); });
  CHECK(why.find("there is a node \"a\" already, at a:101") != std::string::npos);
  CHECK(head.state.nodes().at("a").offer.process == 101);
  NodeId first = head.state.nodes().at("a").id;
  CHECK(head.state.joined(near_node("a", 101), head.now) == first);
  head.state.disconnected(101, head.now);
  CHECK(head.state.joined(near_node("a", 102), head.now) == first);
  CHECK(head.state.joined(near_node("b", 103), head.now) != first);
}

TEST_CASE("a node that offers what no node has is refused") {
  Head head;
  auto offer_with = [&](const std::function<void(JoinCluster&)>& change) {
    JoinCluster offer = near_node("b", 102);
    change(offer);
    return [&head, offer] { head.state.joined(offer, head.now); };
  };
  CHECK(refuses_input(offer_with([](auto& o) { o.name = ""; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.name = std::string(257, 'n'); })));
  CHECK(refuses_input(offer_with([](auto& o) { o.cpu_milli = -1; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.cpu_milli = cpu_milli_max + 1; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.memory = -1; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.memory = memory_bytes_max + 1; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.gpus = devices_max + 1; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.gpus = 4'000'000'000; })));
  CHECK(refuses_input(offer_with([](auto& o) { o.labels = {{std::string(257, 'k'), "v"}}; })));
  CHECK(head.state.nodes().size() == 1);
  JoinCluster newer = near_node("b", 102);
  newer.instruction_set = 200;
  head.state.joined(newer, head.now);
  CHECK(head.state.cluster(head.now).nodes.back().instruction_set == InstructionSet::avx512);
  head.run();
}

TEST_CASE("a job that makes no sense is refused when it is submitted") {
  Head head;
  auto job_with = [&](const std::function<void(HeadJob&)>& change) {
    HeadJob job = job_of_test(2);
    change(job);
    return [&head, job] { head.state.submit(job, head.now); };
  };
  CHECK(refuses_input(job_with([](auto& j) { j.workers.clear(); })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers.erase(j.workers.begin()); })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[0].at_run_directory = false; })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[0].name = "conductor"; })));
  CHECK(refuses_input(job_with([](auto& j) {
    j.workers.push_back(driver_of_test());
    j.workers.back().name = "driver/2";
  })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[2].name = j.workers[1].name; })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[1].name = ""; })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[1].group = ""; })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[2].need.cpu_milli = 7; })));
  CHECK(refuses_input(job_with([](auto& j) { j.workers[2].work = Work::passes; })));
  CHECK(refuses_input(job_with([](auto& j) {
    for (auto& worker : j.workers) worker.need.memory_bytes = -1;
  })));
  CHECK(refuses_input(job_with([](auto& j) {
    for (auto& worker : j.workers) worker.need.gpu_milli = 1'500;
  })));
  CHECK(head.state.jobs().empty());
  CHECK(head.state.changed().empty());
  CHECK(head.state.submit(job_of_test(2), head.now) == 1);
  CHECK(head.state.changed() == std::vector<std::uint64_t>{1});
  CHECK(head.state.changed().empty());
}
