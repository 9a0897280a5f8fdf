// Workers that leave a node which is drained, or is about to end.
#include "tests/cluster/head_bench.h"

#include <string>

using namespace tramontane;

namespace {

// Its driver and generators 0 on a, b, c: a generator takes most of a node.
struct Spread : Head {
  Spread() {
    join(near_node("a", 101, 1));
    for (const char* name : {"b", "c"}) join(far_node(name, static_cast<ProcessId>(100 + name[0])));
    run(job_of_test(2, 4'000));
    from = node_of(job(), "generator/0");
    other = node_of(job(), "generator/1");
  }

  // The one order that there is.
  Order order(std::int64_t later_ms = 0) {
    auto orders = decide(later_ms);
    REQUIRE(orders.size() == 1);
    return orders[0];
  }

  std::string seat_of(const Order& order, const std::string& worker) {
    for (const WorkerSeat& seat : order.seat.seats)
      if (seat.worker == worker) return seat.node + " " + seat.address;
    return "";
  }

  std::string from;
  std::string other;
};

}  // namespace

TEST_CASE("workers leave a node that is drained for seats that there are, and their driver hears") {
  Spread head;
  head.join(far_node("d", 300));
  CHECK(head.decide().empty());
  head.state().drain(head.from, true);
  Order order = head.order();
  CHECK(order.kind == Order::Kind::seat);
  CHECK(order.node == 101);
  CHECK(order.seat.job == 1);
  CHECK(order.seat.attempt == 1);
  CHECK(order.seat.seats.size() == 2);
  CHECK(head.seat_of(order, "generator/0") == "d d:300");
  CHECK(head.seat_of(order, "generator/1").starts_with(head.other + " "));
  CHECK(node_of(head.job(), "generator/0") == "d");
  CHECK(head.state().changed() == std::vector<std::uint64_t>{1});  // to be stored first
  CHECK(head.state().moving(head.from));
  CHECK(head.decide(999).empty());
  CHECK(head.order(1).seat.number == order.seat.number);  // nobody has answered
  head.state().seated({1, 1, order.seat.number});
  CHECK(!head.state().moving(head.from));
  CHECK(head.decide(10'000).empty());
}

TEST_CASE("workers leave a node that is about to end, and it has room again when it comes back") {
  Spread head;
  head.join(far_node("d", 300));
  head.state().leaves(static_cast<ProcessId>(100 + head.from[0]));
  CHECK(head.seat_of(head.order(), "generator/0") == "d d:300");
  head.state().submit(job_of_test(1, 4'000), head.now);
  CHECK(head.decide().empty());
  head.state().disconnected(static_cast<ProcessId>(100 + head.from[0]), head.now);
  CHECK(
      head.state().lost(head.state().nodes().at(head.from), head.now));  // and nobody waits for it
  head.join(far_node(head.from, 400));
  CHECK(head.decide().size() == 1);
  CHECK(node_of(head.job(2), "generator/0") == head.from);
}

TEST_CASE("an order to move is repeated until that decision is carried out, and no earlier one") {
  Spread head;
  head.join(far_node("d", 300));
  head.state().drain(head.from, true);
  std::uint64_t first = head.order().seat.number;
  // Another decision meanwhile: what is answered is the order before.
  head.join(far_node("e", 301));
  head.state().drain("d", true);
  Order later = head.order();
  CHECK(head.seat_of(later, "generator/0") == "e e:301");
  head.state().seated({1, 1, first});
  CHECK(head.state().moving(head.from));
  head.state().seated({1, 7, later.seat.number});  // another attempt
  CHECK(head.state().moving("d"));
  CHECK(head.order(1'000).seat.number == later.seat.number);
  head.state().disconnected(101, head.now);
  CHECK(head.decide(1'000).empty());  // whom to tell?
  JoinCluster back = near_node("a", 101, 1);
  back.drivers = {{.job = 1, .attempt = 1, .pid = 4711}};
  head.join(back);
  later = head.order();
  CHECK(head.seat_of(later, "generator/0") == "e e:301");
  head.state().seated({1, 1, later.seat.number});
  CHECK(head.decide(10'000).empty());
}

TEST_CASE("what has no other seat stays, says why, and goes when there is room") {
  Spread head;
  head.state().drain(head.from, true);
  CHECK(head.decide().empty());
  CHECK(head.job().state == JobState::running);
  CHECK(head.job().reason.starts_with("it cannot leave node " + head.from + ":\n"));
  CHECK(head.job().reason.find(head.other) != std::string::npos);
  CHECK(node_of(head.job(), "generator/0") == head.from);
  head.join(far_node("d", 300));
  CHECK(head.decide(500).empty());  // not at every look
  CHECK(head.seat_of(head.order(500), "generator/0") == "d d:300");
  CHECK(head.job().reason == "");
}

TEST_CASE("a node that is let back keeps what could not leave it, and nothing is said any more") {
  Spread head;
  head.state().drain(head.from, true);
  head.decide();
  CHECK(head.job().reason != "");
  head.state().drain(head.from, false);
  CHECK(head.decide(1'000).empty());
  CHECK(head.job().reason == "");
}

TEST_CASE("a clock that is set back makes nobody wait for a room that is there") {
  Spread head;
  head.state().drain(head.from, true);
  head.decide();
  head.join(far_node("d", 300));
  CHECK(head.decide(-3'600'000).size() == 1);
}

TEST_CASE(
    "what is beside the driver stays while it runs, and a job that is to stop moves nothing") {
  Spread head;
  head.join(far_node("d", 300));
  head.join(near_node("n", 301));
  head.state().drain("a", true);
  CHECK(head.decide().empty());
  CHECK(head.job().reason == "");
  CHECK(head.state().stop(1, std::chrono::seconds(1), head.now));
  head.state().drain(head.from, true);
  CHECK(head.order().kind == Order::Kind::stop);
}

TEST_CASE("a node that is drained is so for a head that begins anew, whether it is there or not") {
  Head head;
  head.join(near_node("a", 101));
  head.join(far_node("b", 102));
  head.state().drain("b", true);
  head.begin_anew();
  CHECK(head.state().draining() == std::set<std::string>{"b"});
  head.join(near_node("a", 101));
  head.join(far_node("b", 102));
  CHECK(head.state().nodes().at("b").draining);
  head.run(job_of_test(1));
  CHECK(node_of(head.job(), "generator/0") == "a");
  head.state().drain("b", false);
  CHECK(head.state().draining().empty());
}

TEST_CASE("where a job would go is told without giving it anything") {
  Head head;
  head.join(near_node("a", 101));
  CHECK(head.state().plan(job_of_test(1), head.now).seats.size() == 2);
  auto crowded = head.state().plan(job_of_test(9), head.now);
  CHECK(crowded.seats.empty());
  REQUIRE(!crowded.obstacles.empty());
  CHECK(crowded.obstacles[0].find("generator") != std::string::npos);
  CHECK(head.state().jobs().empty());
  CHECK(head.state().changed().empty());
  head.state().disconnected(101, head.now);
  CHECK(head.state().plan(job_of_test(0), head.now).obstacles.size() == 1);
}

TEST_CASE("seats say which of a node's GPUs are the worker's") {
  Head head;
  JoinCluster b = far_node("b", 102, 8);
  b.gpus = 2;
  head.join(near_node("a", 101));
  head.join(b);
  head.state().submit(job_of_test(2, 1'000, 1'000), head.now);
  auto orders = head.decide();
  REQUIRE(orders.size() == 1);
  std::set<std::uint32_t> devices;
  for (const WorkerSeat& seat : orders[0].start.seats) {
    REQUIRE(seat.devices.size() == 1);
    devices.insert(seat.devices[0]);
  }
  CHECK(devices == std::set<std::uint32_t>{0, 1});
  head.state().driver_started(1, 1, 4711, head.now);
  CHECK(head.find("generator/0").devices == orders[0].start.seats[0].devices);
}
