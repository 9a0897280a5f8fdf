#include "scheduler/cluster.h"

#include "runtime/base/result.h"
#include "tests/scheduler/world.h"

#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

Cluster good_cluster() {
  Cluster cluster{{node(0, 4, 8, 2), node(1, 4, 8)}};
  occupy(cluster.nodes[0], {.cpu_milli = 1000, .gpu_milli = 500});
  return cluster;
}

// What is said of the cluster after the change.
std::string said_of(void (*change)(Cluster&)) {
  Cluster cluster = good_cluster();
  check(cluster);
  change(cluster);
  try {
    check(cluster);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
  return "";
}

}  // namespace

TEST_CASE("a cluster that makes no sense is refused, and the node is named") {
  CHECK(
      said_of([](Cluster& c) { c.nodes[1].id = 0; }) == "two nodes have the id 0: ids are unique");
  CHECK(said_of([](Cluster& c) { c.nodes[1].name = "a"; }) ==
        "two nodes are called a: names are unique");
  CHECK(said_of([](Cluster& c) { c.nodes[1].name = ""; }) == "node 1 has no name: give it one");
  CHECK(said_of([](Cluster& c) { c.nodes[1].name.assign(257, 'x'); }) ==
        "node 1 has a name of 257 bytes: 256 at most");
  CHECK(said_of([](Cluster& c) { c.nodes[1].labels["k"].assign(257, 'x'); }) ==
        "node b: a label of more than 256 bytes");
  CHECK(said_of([](Cluster& c) { c.nodes[1].labels[std::string(257, 'x')] = ""; }) ==
        "node b: a label of more than 256 bytes");
  CHECK(said_of([](Cluster& c) { c.nodes[1].cpu_milli = -1; }) ==
        "node b: -1 thousandths of a CPU: 0 to 1099511627776");
  CHECK(said_of([](Cluster& c) { c.nodes[1].cpu_milli = most; }).starts_with("node b: "));
  CHECK(said_of([](Cluster& c) { c.nodes[1].memory_bytes = -1; }).starts_with("node b: -1 bytes"));
  CHECK(said_of([](Cluster& c) { c.nodes[1].memory_bytes = most; }).starts_with("node b: "));
  CHECK(said_of([](Cluster& c) { c.nodes[1].gpus_milli.assign(1025, 1); }) ==
        "node b: 1025 GPUs: 1024 at most");
  CHECK(said_of([](Cluster& c) { c.nodes[1].gpus_milli = {-1}; }) ==
        "node b: offers -1 thousandths of a GPU: 0 to 1000");
  CHECK(said_of([](Cluster& c) { c.nodes[1].gpus_milli = {1001}; }) ==
        "node b: offers 1001 thousandths of a GPU: 0 to 1000");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].need.cpu_milli = -1; }) ==
        "node a: actor other/0 takes what no actor can");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].need.cpu_milli = most; }) ==
        "node a: actor other/0 takes what no actor can");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].need.memory_bytes = -1; }) ==
        "node a: actor other/0 takes what no actor can");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].need.memory_bytes = most; }) ==
        "node a: actor other/0 takes what no actor can");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].devices[0].device = 2; }) ==
        "node a: actor other/0 is on GPU 2, and there are 2");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].devices[0].milli = -1; }) ==
        "node a: actor other/0 takes -1 thousandths of a GPU: 0 to 1000");
  CHECK(said_of([](Cluster& c) { c.nodes[0].placed[0].devices[0].milli = 1001; }) ==
        "node a: actor other/0 takes 1001 thousandths of a GPU: 0 to 1000");
  CHECK(said_of([](Cluster& c) { c.nodes.resize(20'001); }) == "20001 nodes: 20000 at most");
}

TEST_CASE("bounds themselves are allowed, and a cluster without nodes") {
  check(Cluster{});
  Cluster cluster = good_cluster();
  Node& one = cluster.nodes[1];
  one.cpu_milli = cpu_milli_max;
  one.memory_bytes = memory_bytes_max;
  one.gpus_milli.assign(devices_max, whole_gpu_milli);
  one.name.assign(name_length_max, 'x');
  one.labels[std::string(name_length_max, 'k')] = std::string(name_length_max, 'v');
  one.placed.push_back(
      {.need = {cpu_milli_max, memory_bytes_max, 1000}, .devices = {{1023, 1000}}});
  one.placed.push_back(one.placed[0]);
  check(cluster);
  CHECK(free_room(one).cpu_milli() == 0);
  CHECK(free_room(one).gpus_milli()[1023] == 0);
}

TEST_CASE("instruction sets and states have the names that users see") {
  CHECK(std::string(name(InstructionSet::portable)) == "portable");
  CHECK(std::string(name(InstructionSet::avx2)) == "avx2");
  CHECK(std::string(name(InstructionSet::avx512)) == "avx512");
  CHECK(std::string(name(NodeState::ready)) == "ready");
  CHECK(std::string(name(NodeState::draining)) == "draining");
  CHECK(std::string(name(NodeState::lost)) == "lost");
}

TEST_CASE("room for so many is room for each of them, one after the other") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed, 7);
    Cluster cluster = random_cluster(random, {1, 1, 1});
    Room room = free_room(cluster.nodes[0]);
    Need need = random_job(random, {1, 1, 1}, cluster).groups[0].need;
    INFO("seed ", seed);
    std::int64_t count = room.holds(need, 50);
    Room left = room;
    std::vector<std::vector<DeviceShare>> taken;
    while (std::ssize(taken) < 50 && left.fits(need)) taken.push_back(left.take(need));
    CHECK(std::ssize(taken) == count);
    if (count < 50) CHECK_THROWS_AS(left.take(need), Bug);
    for (const auto& devices : taken) left.give_back(need, devices);
    CHECK(left.cpu_milli() == room.cpu_milli());
    CHECK(left.memory_bytes() == room.memory_bytes());
    CHECK(left.gpus_milli() == room.gpus_milli());
    CHECK(left.whole_gpus() == room.whole_gpus());
    CHECK(left.largest_gpu_milli() == room.largest_gpu_milli());
  }
}

TEST_CASE("a share is taken where it leaves least, and whole GPUs from the first that are free") {
  Room room(0, 0, {1000, 700, 600, 1000, 600});
  CHECK(room.take({.gpu_milli = 600}) == std::vector<DeviceShare>{{2, 600}});
  CHECK(room.take({.gpu_milli = 650}) == std::vector<DeviceShare>{{1, 650}});
  CHECK(room.take({.gpu_milli = 2000}) == std::vector<DeviceShare>{{0, 1000}, {3, 1000}});
  CHECK(room.whole_gpus() == 0);
  CHECK(room.largest_gpu_milli() == 600);
  CHECK(room.gpu_milli() == 650);
  CHECK_THROWS_AS(room.take({.gpu_milli = 100}, {{0, 100}}), Bug);
  CHECK_THROWS_AS(room.take({.cpu_milli = 1}, {}), Bug);
  CHECK_THROWS_AS(room.take({.memory_bytes = 1}, {}), Bug);
  room.reserve({.cpu_milli = 5, .memory_bytes = 5, .gpu_milli = 800}, {{4, 800}});
  CHECK(room.cpu_milli() == 0);
  CHECK(room.memory_bytes() == 0);
  CHECK(room.largest_gpu_milli() == 50);
}
