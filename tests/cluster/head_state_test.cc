// Each rule of a head by hand: where drivers run, what a lost node means, when a job is over.
#include "actors/cluster/head_state.h"

#include "tests/cluster/head_bench.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

std::optional<Errc> refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.errc();
  }
  return std::nullopt;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

// ---- where drivers run -------------------------------------------------------------------------

TEST_CASE("a driver runs on a node that shares the head's home and host, its workers anywhere") {
  Head head;
  head.state().submit(job_of_test(3, 3'000), head.now);
  head.join(far_node("far", 101, 64));
  CHECK(head.decide().empty());
  CHECK(head.job().state == JobState::queued);
  CHECK(has(head.job().reason, "no node where run directories are"));
  JoinCluster half = near_node("half", 102);
  half.host = "there";
  head.join(half);
  CHECK(head.decide().empty());
  head.join(near_node("near", 103));
  auto orders = head.decide();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].node == 103);
  CHECK(orders[0].start.attempt == 1);
  CHECK(orders[0].start.folder == "/home/tram/runs/1-test");
  CHECK(orders[0].start.graph == "graph: 1");
  CHECK(orders[0].start.seats.size() == 3);
  for (const WorkerSeat& seat : orders[0].start.seats)
    CHECK(has(seat.address, str(seat.node, ":10")));
  CHECK(head.job().state == JobState::placing);
  CHECK(head.job().driver_node == "near");
  CHECK(head.job().seats.size() == 4);
  head.state().driver_started(1, 1, 77, head.now);
  CHECK(head.job().state == JobState::running);
  CHECK(head.job().pid == 77);
}

TEST_CASE("a driver is started again on its node and no other; until then the job says for whom") {
  Head head;
  head.join(near_node("a", 101));
  head.run(job_of_test(1));
  head.join(near_node("b", 102));
  head.state().disconnected(101, head.now);
  CHECK(head.decide(7'999).empty());
  CHECK(head.job().state == JobState::running);
  CHECK(head.decide(1).empty());
  CHECK(head.job().state == JobState::waiting);
  CHECK(head.job().reason == "node a is lost, where its driver runs");
  CHECK(head.job().pid == 0);
  CHECK(head.decide(500).empty());
  CHECK(head.job().reason == "for node a, where its run directory is");
  CHECK(head.decide(100'000).empty());
  head.join(near_node("a", 103));
  auto orders = head.decide();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].node == 103);
  CHECK(orders[0].start.attempt == 2);
  CHECK(head.job().state == JobState::placing);
  CHECK(head.job().seats.size() == 2);
}

TEST_CASE("a driver that was alive behind a lost connection goes on, in the same attempt") {
  Head head;
  head.join(near_node("a", 101));
  head.run(job_of_test(1));
  head.state().disconnected(101, head.now);
  head.decide(9'000);
  CHECK(head.job().state == JobState::waiting);
  JoinCluster back = near_node("a", 101);
  back.drivers = {{.job = 1, .attempt = 1, .pid = 4711}};
  head.join(back);
  auto orders = head.decide(10'000);
  REQUIRE(orders.size() == 1);  // it may not have heard of its seats
  CHECK(orders[0].kind == Order::Kind::seat);
  CHECK(head.job().state == JobState::running);
  CHECK(head.job().attempt == 1);
}

TEST_CASE("a driver that was replaced, or whose job is over, is stopped at once") {
  Head head;
  head.join(near_node("a", 101));
  head.run(job_of_test(1));
  head.state().disconnected(101, head.now);
  JoinCluster back = near_node("a", 101);
  back.drivers = {{.job = 1, .attempt = 7}, {.job = 9, .attempt = 1}, {.job = 8, .ended = true}};
  head.join(back);
  auto orders = head.decide();
  REQUIRE(orders.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(orders[i].kind == Order::Kind::stop);
    CHECK(orders[i].node == 101);
    CHECK(orders[i].stop.patience == Duration::zero());
  }
  CHECK(orders[0].stop.attempt == 7);
  CHECK(orders[1].stop.job == 9);
}

TEST_CASE("a node of another home or host does not pass for the one that has a job's driver") {
  Head head;
  head.join(near_node("a", 101));
  head.run(job_of_test(1));
  head.state().disconnected(101, head.now);
  head.decide(9'000);
  CHECK(refusal([&] { head.join(far_node("a", 102)); }) == Errc::refused);
  CHECK(head.decide(10'000).empty());
  CHECK(head.job().state == JobState::waiting);
  head.begin_anew();
  CHECK(refusal([&] { head.join(far_node("a", 102)); }) == Errc::refused);
  head.join(near_node("a", 103));
  CHECK(head.decide(500).size() == 1);
  head.state().driver_started(1, 2, 5, head.now);
  head.state().driver_ended(1, 2, exited(0), head.now);
  head.state().disconnected(103, head.now);
  head.join(far_node("a", 104));  // nobody's driver is at stake
}

// ---- lost and slow nodes -----------------------------------------------------------------------

TEST_CASE("what a slow node has stays there; of a lost one it is placed elsewhere") {
  Head head;
  head.join(near_node("a", 101, 1));
  head.join(far_node("b", 102, 4));
  head.run(job_of_test(1, 4'000));
  CHECK(node_of(head.job(), "generator/0") == "b");
  head.join(far_node("c", 103, 4));
  head.state().disconnected(102, head.now);
  head.now += 7'999;
  FoundSeat slow = head.find("generator/0");
  CHECK(slow.waiting_for == "node b, which is not heard of");
  CHECK(slow.address.empty());
  head.now += 1;
  FoundSeat moved = head.find("generator/0");
  CHECK(moved.waiting_for.empty());
  CHECK(moved.node == "c");
  CHECK(moved.address == "c:103");
  CHECK(node_of(head.job(), "generator/0") == "c");
  CHECK(node_of(head.job(), "driver") == "a");
  CHECK(head.state().changed() == std::vector<std::uint64_t>{1});
}

TEST_CASE("a worker that finds no other place waits, and hears for what") {
  Head head;
  head.join(near_node("a", 101, 1));
  head.join(far_node("b", 102, 4));
  head.run(job_of_test(1, 4'000));
  head.state().disconnected(102, head.now);
  head.now += 8'000;
  FoundSeat none = head.find("generator/0");
  CHECK(has(none.waiting_for, "generator"));
  CHECK(node_of(head.job(), "generator/0") == "b");
  head.join(far_node("b", 104, 4));
  CHECK(head.find("generator/0").address == "b:104");
}

TEST_CASE("of several nodes that are away only what is on the one asked about moves") {
  Head head;
  head.join(near_node("a", 101, 1));
  for (const char* name : {"b", "c", "d"})
    head.join(far_node(name, static_cast<ProcessId>(100 + name[0]), 4));
  head.run(job_of_test(3, 4'000));
  head.join(far_node("e", 300, 4));
  std::map<std::string, std::string> before;
  for (const SeatOfWorker& seat : head.job().seats) before[seat.worker] = seat.node;
  auto process = [&](const std::string& node) {
    return head.state().nodes().at(node).offer.process;
  };
  head.state().disconnected(process(before["generator/0"]), head.now);
  SUBCASE("one is lost, another slow") {
    head.now += 8'000;
    head.state().disconnected(process(before["generator/1"]), head.now);
  }
  SUBCASE("one is lost, another drains") {
    head.now += 8'000;
    head.state().drain(before["generator/1"], true);
  }
  SUBCASE("one is lost, the driver's drains") {
    head.now += 8'000;
    head.state().drain("a", true);
  }
  SUBCASE("both are lost") {
    head.state().disconnected(process(before["generator/1"]), head.now);
    head.now += 8'000;
  }
  CHECK(head.find("generator/0").node == "e");
  CHECK(node_of(head.job(), "generator/0") == "e");
  for (const char* other : {"driver", "generator/1", "generator/2"})
    CHECK(node_of(head.job(), other) == before[other]);
}

TEST_CASE("a head that began anew counts the lease from its own start") {
  Head head;
  head.join(near_node("a", 101, 1));
  head.join(far_node("b", 102, 4));
  head.run(job_of_test(1, 4'000));
  head.now += 100'000;
  head.begin_anew();
  CHECK(head.decide(7'999).empty());
  CHECK(head.job().state == JobState::running);
  head.decide(1);
  CHECK(head.job().state == JobState::waiting);
  head.join(near_node("a", 101, 1));
  CHECK(head.job().reason == "its driver ended with node a");
  CHECK(head.decide(500).size() == 1);
}

TEST_CASE("a head that began anew hears of what ran on, and of what ended meanwhile") {
  Head head;
  head.join(near_node("a", 101));
  head.run(job_of_test(1));
  head.run(job_of_test(1));
  head.begin_anew();
  JoinCluster back = near_node("a", 101);
  back.drivers = {{.job = 1, .attempt = 1, .pid = 9},
      {.job = 2, .attempt = 1, .ended = true, .end = exited(0)}};
  head.join(back);
  auto orders = head.decide(10'000);
  REQUIRE(orders.size() == 1);  // the head may have died before it told the driver of seats
  CHECK(orders[0].kind == Order::Kind::seat);
  CHECK(orders[0].seat.job == 1);
  CHECK(head.job(1).state == JobState::running);
  CHECK(head.job(1).pid == 9);
  CHECK(head.job(2).state == JobState::finished);
  CHECK(head.state().submit(job_of_test(1), head.now) == 3);
}

TEST_CASE("a head knows of GPUs that are taken on nodes which are not there yet, or have fewer") {
  Head head;
  JoinCluster b = far_node("b", 102, 8);
  b.gpus = 2;
  head.join(near_node("a", 101));
  head.join(b);
  head.run(job_of_test(2, 1'000, 1'000));
  head.begin_anew();
  head.state().submit(job_of_test(1, 1'000, 1'000), head.now);
  head.join(near_node("a", 101));
  CHECK(head.decide(500).size() == 1);
  b.gpus = 1;
  head.join(b);
  CHECK(head.decide().empty());
  CHECK(has(head.job(2).reason, "GPU"));
}

TEST_CASE("nothing new goes to a node that drains, and what is there stays") {
  Head head;
  head.join(near_node("a", 101));
  CHECK(!head.state().drain("nobody", true));
  CHECK(head.state().drain("a", true));
  head.state().submit(job_of_test(1), head.now);
  CHECK(head.decide().empty());
  CHECK(head.job().state == JobState::queued);
  CHECK(head.state().drain("a", false));
  CHECK(head.decide().size() == 1);
  head.state().driver_started(1, 1, 5, head.now);
  CHECK(head.state().drain("a", true));
  CHECK(head.decide(20'000).empty());
  CHECK(head.job().state == JobState::running);
  CHECK(head.find("generator/0").node == "a");
  head.state().driver_ended(1, 1, killed(), head.now);
  CHECK(head.decide(500).size() == 1);  // where else?
}
