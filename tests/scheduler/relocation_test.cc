#include "scheduler/relocation.h"

#include "runtime/base/result.h"
#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Running {
  Cluster cluster;
  JobRequest job;
  Placement placement;
};

// Places and settles it; false: no room.
bool start(Running& running) {
  Placing placing = place(running.cluster, running.job);
  if (!placed(placing)) return false;
  running.placement = *placed(placing);
  settle(running.cluster, running.job, running.placement);
  return true;
}

Running spread_over_three() {
  Running running{{{node(0, 4, 8), node(1, 4, 8), node(2, 4, 8)}}, {.id = 1, .name = "job"}, {}};
  running.job.groups = {{.name = "g", .count = 3, .need = {.cpu_milli = 2000}}};
  running.job.groups[0].work = Work::generates;
  REQUIRE(start(running));
  return running;
}

}  // namespace

TEST_CASE("only what was on the lost node moves") {
  Running running = spread_over_three();
  running.cluster.nodes[1].state = NodeState::lost;
  auto answer = relocate(running.cluster, running.job, running.placement);
  auto* relocation = std::get_if<Relocation>(&answer);
  REQUIRE(relocation != nullptr);
  CHECK(relocation->moved == std::vector<std::uint32_t>{1});
  CHECK(nodes_of(relocation->placement, 0) == std::vector<NodeId>{0, 0, 2});
}

TEST_CASE("what was on a node that is no more moves, and nothing where all are ready") {
  Running running = spread_over_three();
  auto answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Relocation>(answer));
  CHECK(std::get<Relocation>(answer).moved.empty());
  CHECK(std::get<Relocation>(answer).placement == running.placement);
  running.cluster.nodes.erase(running.cluster.nodes.begin());
  answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Relocation>(answer));
  CHECK(std::get<Relocation>(answer).moved == std::vector<std::uint32_t>{0});
}

TEST_CASE("a job that grew gets places for its new actors alone") {
  Running running = spread_over_three();
  running.job.groups[0].count = 5;
  auto answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Relocation>(answer));
  CHECK(std::get<Relocation>(answer).moved == std::vector<std::uint32_t>{3, 4});
}

TEST_CASE("the instruction set of a running job stays, though better nodes have come") {
  Running running = spread_over_three();
  CHECK(running.placement.instruction_set == InstructionSet::portable);
  running.placement.instruction_set = InstructionSet::avx2;
  for (auto& one : running.cluster.nodes) one.instruction_set = InstructionSet::avx2;
  running.cluster.nodes[0].state = NodeState::lost;
  running.cluster.nodes.push_back(node(3, 32, 32));
  Node better = node(4, 2, 32);
  better.instruction_set = InstructionSet::avx512;
  running.cluster.nodes.push_back(better);
  auto answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Relocation>(answer));
  CHECK(std::get<Relocation>(answer).placement.instruction_set == InstructionSet::avx2);
  CHECK(nodes_of(std::get<Relocation>(answer).placement, 0) == std::vector<NodeId>{4, 1, 2});
}

TEST_CASE("a run directory whose node is lost is an obstacle that says so") {
  Running running{{{node(0, 4, 8), node(1, 4, 8)}}, {.id = 1, .name = "job", .run_node = 0}, {}};
  running.job.groups = {{.name = "ledger", .at_run_directory = true}, {.name = "g"}};
  REQUIRE(start(running));
  running.cluster.nodes[0].state = NodeState::lost;
  auto answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Obstacles>(answer));
  const auto& obstacles = std::get<Obstacles>(answer);
  CHECK(obstacles.prospect == Prospect::when_a_node_is_ready);
  CHECK(obstacles.lines().at(1) == "  the run directory's node is not there, or not ready");
}

TEST_CASE("actors that must be together move together, or to those that stay") {
  Running running{{{node(0, 4, 8), node(1, 6, 8)}}, {.id = 1, .name = "job"}, {}};
  running.job.groups = {
      {.name = "g", .count = 2, .need = {.cpu_milli = 2000}, .strategy = Strategy::strict_pack}};
  REQUIRE(start(running));
  CHECK(nodes_of(running.placement, 0) == std::vector<NodeId>{0, 0});
  running.job.groups[0].count = 3;
  auto answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Obstacles>(answer));
  CHECK(std::get<Obstacles>(answer).lines().back() ==
        "  node b: g's other actors are on a, and it must be together");
  running.cluster.nodes[0].state = NodeState::draining;
  answer = relocate(running.cluster, running.job, running.placement);
  REQUIRE(std::holds_alternative<Relocation>(answer));
  CHECK(nodes_of(std::get<Relocation>(answer).placement, 0) == std::vector<NodeId>{1, 1, 1});
}

TEST_CASE("a placement that is not the job's, or not in the books, is refused") {
  Running running = spread_over_three();
  auto refused = [&](auto change) {
    Running wrong = running;
    change(wrong);
    CHECK_THROWS_AS(relocate(wrong.cluster, wrong.job, wrong.placement), Error);
  };
  refused([](Running& r) { r.placement.seats[0].group = 1; });
  refused([](Running& r) { r.placement.seats[0].actor = 3; });
  refused([](Running& r) { r.placement.seats[0].actor = 1; });
  refused([](Running& r) { r.placement.seats[0].node = 1; });
  refused([](Running& r) { r.cluster.nodes[0].placed.clear(); });
  refused([](Running& r) { r.job.id = 2; });
  refused([](Running& r) { r.job.groups[0].count = 0; });
}

TEST_CASE("what stays stays, what moves keeps all promises, whatever is lost") {
  int moved = 0;
  int obstacles = 0;
  for (std::uint64_t seed = 0; seed < 12'000; ++seed) {
    Random random(seed, 4);
    Sizes sizes{8, 4, 4};
    Running running{random_cluster(random, sizes), {}, {}};
    running.job = random_job(random, sizes, running.cluster);
    if (!start(running)) continue;
    for (auto& one : running.cluster.nodes)
      if (random.below(4) == 0) one.state = static_cast<NodeState>(1 + random.below(2));
    INFO("seed ", seed);
    auto answer = relocate(running.cluster, running.job, running.placement);
    if (std::holds_alternative<Obstacles>(answer)) {
      ++obstacles;
      continue;
    }
    const auto& relocation = std::get<Relocation>(answer);
    moved += relocation.moved.empty() ? 0 : 1;
    std::map<NodeId, NodeState> states;
    for (const auto& one : running.cluster.nodes) states[one.id] = one.state;
    Cluster without = running.cluster;
    vacate(without, running.job.id);
    CHECK(fault_of(without, running.job, relocation.placement) == "");
    std::set<std::uint32_t> new_seats(relocation.moved.begin(), relocation.moved.end());
    const auto& seats = relocation.placement.seats;
    for (const auto& old : running.placement.seats) {
      if (states[old.node] != NodeState::ready) continue;
      auto at = std::find(seats.begin(), seats.end(), old);
      REQUIRE(at != seats.end());
      CHECK_FALSE(new_seats.contains(static_cast<std::uint32_t>(at - seats.begin())));
    }
    for (std::uint32_t i = 0; i < seats.size(); ++i) {
      auto was =
          std::find(running.placement.seats.begin(), running.placement.seats.end(), seats[i]);
      CHECK((was == running.placement.seats.end()) == new_seats.contains(i));
    }
  }
  MESSAGE(moved, " relocations, ", obstacles, " with obstacles");
  CHECK(moved > 300);
  CHECK(obstacles > 300);
}
