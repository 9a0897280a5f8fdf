#include "scheduler/placement.h"

#include "runtime/base/result.h"
#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

JobGroup group(std::string name, std::uint32_t count, std::int64_t cpus) {
  JobGroup made{.name = std::move(name), .count = count};
  made.need.cpu_milli = cpus * 1000;
  return made;
}

// Places it, or fails the test with the obstacles.
Placement must_place(const Cluster& cluster, const JobRequest& job) {
  Placing placing = place(cluster, job);
  INFO(text_of(placing));
  REQUIRE(placed(placing) != nullptr);
  CHECK(fault_of(cluster, job, *placed(placing)) == "");
  return *placed(placing);
}

}  // namespace

TEST_CASE("generators are spread, the others are on the run directory's node") {
  Cluster cluster{{node(0, 8, 8), node(1, 8, 8), node(2, 8, 8)}};
  JobRequest job{.id = 1, .run_node = 2};
  job.groups = {group("ledger", 1, 1), group("generator", 3, 2), group("verifier", 4, 1)};
  job.groups[1].work = Work::generates;
  Placement placement = must_place(cluster, job);
  CHECK(nodes_of(placement, 0) == std::vector<NodeId>{2});
  CHECK(distinct(nodes_of(placement, 1)) == 3);
  CHECK(nodes_of(placement, 2) == std::vector<NodeId>{2, 2, 2, 2});
  CHECK(placement.instruction_set == InstructionSet::portable);
}

TEST_CASE("what finds no room at the run directory goes to the fullest node that has some") {
  Cluster cluster{{node(0, 8, 8), node(1, 8, 8), node(2, 2, 8)}};
  occupy(cluster.nodes[1], {.cpu_milli = 4000});
  JobRequest job{.id = 1, .run_node = 2};
  job.groups = {group("verifier", 4, 1)};
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{2, 2, 1, 1});
}

TEST_CASE("pack fills one node before the next, spread takes the emptiest") {
  Cluster cluster{{node(0, 4, 8), node(1, 4, 8), node(2, 4, 8)}};
  occupy(cluster.nodes[0], {.cpu_milli = 2000});
  JobRequest job{.id = 1};
  job.groups = {group("g", 3, 1)};
  job.groups[0].strategy = Strategy::pack;
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{0, 0, 1});
  job.groups[0].strategy = Strategy::spread;
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{1, 2, 0});
}

TEST_CASE("all of a gang is placed, or nothing of it") {
  Cluster cluster{{node(0, 4, 8), node(1, 4, 8)}};
  JobRequest job{.id = 1};
  job.groups = {group("g", 4, 2), group("h", 1, 1)};
  CHECK(placed(place(cluster, job)) == nullptr);
  job.groups[1].required = false;
  Placement placement = must_place(cluster, job);
  CHECK(placement.seats.size() == 4);
  CHECK(placement.left_out == std::vector<LeftOut>{{1, 1}});
}

TEST_CASE("of an optional group as many are placed as fit, after all that is required") {
  Cluster cluster{{node(0, 4, 8)}};
  JobRequest job{.id = 1};
  job.groups = {group("b", 9, 1), group("a", 1, 2)};
  job.groups[0].required = false;
  Placement placement = must_place(cluster, job);
  CHECK(nodes_of(placement, 0).size() == 2);
  CHECK(placement.left_out == std::vector<LeftOut>{{0, 7}});
  // Also where they must be together: what one node holds.
  cluster.nodes.push_back(node(1, 3, 8));
  job.groups[0].strategy = Strategy::strict_pack;
  placement = must_place(cluster, job);
  CHECK(nodes_of(placement, 0) == std::vector<NodeId>{1, 1, 1});
}

TEST_CASE("a share of a GPU comes from one device, whole GPUs from free ones") {
  Cluster cluster{{node(0, 8, 8, 2)}};
  JobRequest job{.id = 1};
  job.groups = {group("share", 3, 0), group("whole", 1, 0)};
  job.groups[0].need.gpu_milli = 300;
  job.groups[1].need.gpu_milli = 1000;
  Placement placement = must_place(cluster, job);
  CHECK(placement.seats[3].devices == std::vector<DeviceShare>{{0, 1000}});
  for (int i = 0; i < 3; ++i) CHECK(placement.seats[i].devices[0].device == 1);
  job.groups[0].count = 4;  // a fourth share would be of two devices
  CHECK(placed(place(cluster, job)) == nullptr);
}

TEST_CASE("who needs no GPU leaves the nodes that have some to the others") {
  Cluster cluster{{node(0, 8, 8, 1), node(1, 8, 8)}};
  JobRequest job{.id = 1};
  job.groups = {group("g", 2, 2)};
  for (auto strategy : {Strategy::by_work, Strategy::pack, Strategy::spread}) {
    job.groups[0].strategy = strategy;
    CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{1, 1});
  }
  job.run_node = 0;
  job.groups[0].strategy = Strategy::by_work;
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{0, 0});
}

TEST_CASE("strict strategies hold, or there is no placement") {
  Cluster cluster{{node(0, 4, 8), node(1, 6, 8)}};
  JobRequest job{.id = 1};
  job.groups = {group("g", 3, 2)};
  job.groups[0].strategy = Strategy::strict_pack;
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{1, 1, 1});
  job.groups[0].strategy = Strategy::strict_spread;
  CHECK(placed(place(cluster, job)) == nullptr);
  job.groups[0].count = 2;
  CHECK(distinct(nodes_of(must_place(cluster, job), 0)) == 2);
}

TEST_CASE("groups are near and apart as they say") {
  Cluster cluster{{node(0, 8, 8), node(1, 2, 8), node(2, 8, 8)}};
  JobRequest job{.id = 1};
  job.groups = {group("base", 1, 2), group("near", 3, 2), group("away", 2, 1)};
  job.groups[1].near = {"base"};
  job.groups[2].apart = {"near"};
  Placement placement = must_place(cluster, job);
  NodeId at = nodes_of(placement, 0).front();
  CHECK(at != 1);  // where those that must be near would find no room
  CHECK(nodes_of(placement, 1) == std::vector<NodeId>{at, at, at});
  for (NodeId id : nodes_of(placement, 2)) CHECK(id != at);
}

TEST_CASE("labels that are needed hold, those that are preferred come before strategies") {
  Cluster cluster{{node(0, 8, 8), node(1, 8, 8), node(2, 8, 8)}};
  cluster.nodes[1].labels = {{"zone", "a"}, {"disk", "fast"}};
  cluster.nodes[2].labels = {{"zone", "a"}};
  JobRequest job{.id = 1};
  job.groups = {group("g", 4, 2)};
  job.groups[0].strategy = Strategy::spread;
  job.groups[0].needs_labels = {{"zone", "a"}};
  CHECK(distinct(nodes_of(must_place(cluster, job), 0)) == 2);
  job.groups[0].prefers_labels = {{"disk", "fast"}};
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{1, 1, 1, 1});
  job.groups[0].count = 5;  // the fifth goes where it can
  CHECK(nodes_of(must_place(cluster, job), 0) == std::vector<NodeId>{1, 1, 1, 1, 2});
}

TEST_CASE("computing actors are on one instruction set, the best that there is room on") {
  Cluster cluster{{node(0, 8, 8), node(1, 4, 8), node(2, 4, 8)}};
  cluster.nodes[1].instruction_set = InstructionSet::avx2;
  cluster.nodes[2].instruction_set = InstructionSet::avx512;
  JobRequest job{.id = 1, .run_node = 0};
  job.groups = {group("generator", 2, 2), group("ledger", 1, 1)};
  job.groups[0].work = Work::generates;
  Placement placement = must_place(cluster, job);
  CHECK(placement.instruction_set == InstructionSet::avx512);
  CHECK(nodes_of(placement, 0) == std::vector<NodeId>{2, 2});
  CHECK(nodes_of(placement, 1) == std::vector<NodeId>{0});

  job.groups[0].count = 4;
  placement = must_place(cluster, job);
  CHECK(placement.instruction_set == InstructionSet::avx2);

  job.groups[0].count = 5;
  CHECK(must_place(cluster, job).instruction_set == InstructionSet::portable);

  job.groups[0].count = 1;  // what the job says counts, and better nodes have it, too
  job.kernels = InstructionSet::avx2;
  CHECK(must_place(cluster, job).instruction_set == InstructionSet::avx2);
  job.groups[0].count = 5;
  CHECK(placed(place(cluster, job)) == nullptr);
}

TEST_CASE("nothing is placed on nodes that are not ready, nor beyond what a shrunken node has") {
  Cluster cluster{{node(0, 8, 8), node(1, 8, 8), node(2, 8, 8)}};
  cluster.nodes[0].state = NodeState::draining;
  cluster.nodes[1].state = NodeState::lost;
  occupy(cluster.nodes[2], {.cpu_milli = 6000});
  cluster.nodes[2].cpu_milli = 4000;
  JobRequest job{.id = 1};
  job.groups = {group("g", 1, 1)};
  CHECK(placed(place(cluster, job)) == nullptr);
  job.groups[0].need.cpu_milli = 0;
  Placing placing = place(cluster, job);
  REQUIRE(placed(placing) != nullptr);
  CHECK(nodes_of(*placed(placing), 0) == std::vector<NodeId>{2});
}

TEST_CASE("a placement is what it takes of the cluster until it is vacated") {
  Cluster cluster{{node(0, 4, 8, 1)}};
  JobRequest job{.id = 1};
  job.groups = {group("g", 2, 2)};
  job.groups[0].need.gpu_milli = 500;
  Placement placement = must_place(cluster, job);
  CHECK(has_room(cluster, job, placement));
  settle(cluster, job, placement);
  CHECK(free_room(cluster.nodes[0]).cpu_milli() == 0);
  CHECK(free_room(cluster.nodes[0]).largest_gpu_milli() == 0);
  CHECK_FALSE(has_room(cluster, job, placement));
  vacate(cluster, 2);
  CHECK(cluster.nodes[0].placed.size() == 2);
  vacate(cluster, 1);
  CHECK(cluster.nodes[0].placed.empty());
  cluster.nodes[0].state = NodeState::draining;
  CHECK_FALSE(has_room(cluster, job, placement));
  placement.seats[0].node = 9;
  CHECK_THROWS_AS(settle(cluster, job, placement), Bug);
}
