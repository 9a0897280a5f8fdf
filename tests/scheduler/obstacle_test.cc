#include "scheduler/obstacle.h"

#include "runtime/base/result.h"
#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

JobRequest job_of(JobGroup group) {
  return {.id = 1, .name = "job", .groups = {std::move(group)}};
}

std::vector<std::string> lines_of(const Cluster& cluster, const JobRequest& job) {
  Placing placing = place(cluster, job);
  REQUIRE(std::holds_alternative<Obstacles>(placing));
  return std::get<Obstacles>(placing).lines();
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("an obstacle says of each node what is free and what is wanted") {
  Cluster cluster{{node(0, 8, 8, 2), node(1, 8, 16, 4), node(2, 8, 16, 4)}};
  occupy(cluster.nodes[1], {.gpu_milli = 2000});
  cluster.nodes[2].state = NodeState::draining;
  JobRequest job = job_of({.name = "generator"});
  job.groups[0].need = {.cpu_milli = 1500, .memory_bytes = 12 * gib, .gpu_milli = 4000};
  CHECK(
      lines_of(cluster, job) ==
      Lines{
          "generator: 1 of 1 actors find no place, each wants 1.5 CPUs, 12 GiB of memory, 4 GPUs; "
          "fits when something ends",
          "  node b: 2 of 4 GPUs free, generator wants 4", "  node c: draining",
          "  node a: 8 of 8 GiB of memory free, generator wants 12; 2 of 2 GPUs free, generator "
          "wants 4"});
}

TEST_CASE("what ends, what comes back and what never fits are told apart") {
  Cluster cluster{{node(0, 8, 8), node(1, 16, 8)}};
  occupy(cluster.nodes[0], {.cpu_milli = 1000});
  cluster.nodes[1].state = NodeState::lost;
  JobRequest job = job_of({.name = "g"});
  auto prospect = [&](std::int64_t cpus) {
    job.groups[0].need.cpu_milli = cpus * 1000;
    return std::get<Obstacles>(place(cluster, job)).prospect;
  };
  CHECK(prospect(8) == Prospect::when_something_ends);
  CHECK(prospect(9) == Prospect::when_a_node_is_ready);
  CHECK(prospect(16) == Prospect::when_a_node_is_ready);
  CHECK(prospect(17) == Prospect::never);
  // What never fits is measured by all that there is.
  CHECK(lines_of(cluster, job) ==
        Lines{"g: 1 of 1 actors find no place, each wants 17 CPUs; never fits on this cluster",
            "  node a: 8 of 8 CPUs free, g wants 17", "  node b: 16 of 16 CPUs free, g wants 17"});
  job.groups[0].need.cpu_milli = 9000;
  CHECK(lines_of(cluster, job) ==
        Lines{"g: 1 of 1 actors find no place, each wants 9 CPUs; fits when a node is ready again",
            "  node a: 7 of 8 CPUs free, g wants 9", "  node b: lost"});
}

TEST_CASE("what the job's own actors take is told beside what is free") {
  Cluster cluster{{node(0, 4, 8), node(1, 3, 8)}};
  JobRequest job = job_of({.name = "g", .count = 4});
  job.groups[0].need.cpu_milli = 2000;
  job.groups[0].strategy = Strategy::pack;
  Lines lines = lines_of(cluster, job);
  REQUIRE(lines.size() == 3);
  CHECK(
      lines[0] == "g: 1 of 4 actors find no place, each wants 2 CPUs; never fits on this cluster");
  CHECK(lines[1] == "  node a: 0 of 4 CPUs free (this job's others take 4), g wants 2");
}

TEST_CASE("a label that no node has is told with what comes nearest") {
  Cluster cluster{{node(0, 8, 8), node(1, 8, 8)}};
  cluster.nodes[1].labels = {{"zone", "west"}};
  JobRequest job = job_of({.name = "g", .needs_labels = {{"zone", "vest"}}});
  Lines lines = lines_of(cluster, job);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "  no node has the label zone=vest; nearest: zone=west (node b)");
  CHECK(lines[2] == "  nodes a, b: no label zone=vest");
  job.groups[0].needs_labels = {{"zones", "west"}};
  CHECK(lines_of(cluster, job)[1] == "  no node has the label zones=west; nearest: zone=west");
  job.groups[0].needs_labels = {{"disk", "fast"}};
  CHECK(lines_of(cluster, job)[1] == "  no node has the label disk=fast");
  job.groups[0].needs_labels = {{"zone", "west"}};
  CHECK(placed(place(cluster, job)) != nullptr);
}

TEST_CASE("every kind of obstacle has its words") {
  Cluster cluster{{node(0, 4, 8, 1), node(1, 4, 8)}};
  cluster.nodes[0].instruction_set = InstructionSet::avx2;
  JobRequest job{.id = 1, .name = "job", .run_node = 0};
  JobGroup base{.name = "base", .need = {.cpu_milli = 4000}, .at_run_directory = true};
  auto second = [&](JobGroup group) {
    job.groups = {base, std::move(group)};
    std::string all;
    for (const auto& line : lines_of(cluster, job)) all += line + "\n";
    return all;
  };
  auto has = [](const std::string& all, const std::string& part) {
    INFO(all);
    CHECK(all.find(part) != std::string::npos);
  };
  has(second({.name = "g", .need = {.cpu_milli = 1000}, .near = {"base"}}),
      "node b: no actor of base, which g must be near");
  has(second({.name = "g", .count = 5, .need = {.cpu_milli = 1000}, .apart = {"base"}}),
      "has an actor of base, which g must be apart from");
  has(second({.name = "g", .need = {.cpu_milli = 1000}, .at_run_directory = true}),
      "node b: not the run directory's node");
  has(second({.name = "g",
          .count = 5,
          .need = {.cpu_milli = 1000},
          .strategy = Strategy::strict_pack}),
      "nodes a, b: room for 4 of the 5 that must be together");
  has(second({.name = "g", .count = 3, .strategy = Strategy::strict_spread}),
      "nodes a, b: has an actor of g, of which each wants a node of its own");
  has(second({.name = "g", .count = 3, .need = {.gpu_milli = 600}}),
      "node a: 0.4 of one GPU free, g wants 0.6");
  has(second({.name = "g", .count = 3, .need = {.gpu_milli = 600}}),
      "node b: no GPU, g wants a share of one");
  job.kernels = InstructionSet::avx512;
  has(second({.name = "g", .work = Work::computes}),
      "node a: has avx2, the job's actors want avx512");
  job.kernels.reset();
  job.run_node = 9;
  has(second({.name = "g"}), "the run directory's node is not there, or not ready");
  cluster.nodes.clear();
  has(second({.name = "g"}), "no node is ready");
}

TEST_CASE("what is free is rounded down and what is wanted up") {
  Cluster cluster{{node(0, 8, 1)}};
  JobRequest job = job_of({.name = "g"});
  job.groups[0].need.memory_bytes = gib + 1;
  CHECK(lines_of(cluster, job)[1] == "  node a: 1 of 1 GiB of memory free, g wants 1.01");
  job.groups[0].need.memory_bytes = 2 * gib - 1;
  CHECK(lines_of(cluster, job)[1] == "  node a: 1 of 1 GiB of memory free, g wants 2");
  occupy(cluster.nodes[0], {.memory_bytes = 1});
  job.groups[0].need.memory_bytes = gib;
  CHECK(lines_of(cluster, job)[1] == "  node a: 0.99 of 1 GiB of memory free, g wants 1");
}

TEST_CASE("a thousand nodes fit one screen, those that lack least first") {
  Cluster cluster;
  for (NodeId id = 0; id < 1000; ++id) cluster.nodes.push_back(node(id, 8, 64, 8));
  for (auto& one : cluster.nodes) occupy(one, {.gpu_milli = one.id == 7 ? 5000 : 8000});
  JobRequest job = job_of({.name = "generator", .need = {.gpu_milli = 4000}});
  Lines lines = lines_of(cluster, job);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "  node h: 3 of 8 GPUs free, generator wants 4");
  CHECK(lines[2] == "  999 nodes: 0 of 8 GPUs free, generator wants 4");

  // Where each has another amount free, and each another name for its zone.
  for (auto& one : cluster.nodes) {
    occupy(one, {.memory_bytes = static_cast<std::int64_t>(one.id + 1) << 20});
    one.labels["zone"] = str(one.id);
  }
  job.groups[0].need.memory_bytes = 64 * gib;
  job.groups[0].need.cpu_milli = 1;
  lines = lines_of(cluster, job);
  CHECK(lines.size() <= 24);
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find(
               "1000 nodes: at most 63.99 GiB of memory free, generator wants 64; at most 3 "
               "GPUs free, generator wants 4") != std::string::npos;
  }) == 1);
}

TEST_CASE("lines are few, and none of them says nothing, whatever stands in the way") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed, 2);
    Sizes sizes{1 + seed % 40, 5, 6};
    Cluster cluster = random_cluster(random, sizes);
    JobRequest job = random_job(random, sizes, cluster);
    Placing placing = place(cluster, job);
    const auto* obstacles = std::get_if<Obstacles>(&placing);
    if (obstacles == nullptr) continue;
    INFO("seed ", seed, "\n", text_of(placing));
    CHECK(obstacles->lines().size() <= 32);
    CHECK(obstacles->groups.size() >= 1);
    for (const auto& group : obstacles->groups) {
      CHECK(group.missing > 0);
      CHECK(group.nodes.size() == cluster.nodes.size());
      for (const auto& one : group.nodes) CHECK_FALSE(one.reasons.empty());
    }
  }
}

TEST_CASE("who does away with all that is said of one node has a place there") {
  int tried = 0;
  std::set<Reason::Kind> seen;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed, 3);
    Sizes sizes{5, 1, 1};
    Cluster cluster = random_cluster(random, sizes);
    JobRequest job = random_job(random, sizes, cluster);
    job.groups[0].required = true;
    Placing placing = place(cluster, job);
    if (placed(placing)) continue;
    const auto& obstacle = std::get<Obstacles>(placing).groups.at(0);
    for (const auto& said : obstacle.nodes) {
      Cluster better = cluster;
      JobRequest asked = job;
      auto& one = *std::find_if(better.nodes.begin(), better.nodes.end(),
          [&](const Node& n) { return n.id == said.node; });
      // Of one that is not ready its state is all that is said, so that it may have others.
      if (said.reasons.at(0).kind == Reason::Kind::state) continue;
      bool is_emptied = std::get<Obstacles>(placing).prospect == Prospect::never;
      if (is_emptied) one.placed.clear();
      one.state = NodeState::ready;
      for (const auto& reason : said.reasons) {
        seen.insert(reason.kind);
        if (reason.kind == Reason::Kind::cpu) one.cpu_milli += reason.wants - reason.has;
        if (reason.kind == Reason::Kind::memory) one.memory_bytes += reason.wants - reason.has;
        for (auto i = reason.has; reason.kind == Reason::Kind::whole_gpus && i < reason.wants; ++i)
          one.gpus_milli.push_back(1000);
        if (reason.kind == Reason::Kind::gpu_share)
          one.gpus_milli.push_back(static_cast<std::int32_t>(reason.wants));
        if (reason.kind == Reason::Kind::label)
          one.labels[reason.text.substr(0, reason.text.find('='))] =
              reason.text.substr(reason.text.find('=') + 1);
        if (reason.kind == Reason::Kind::run_directory) asked.run_node = one.id;
        if (reason.kind == Reason::Kind::instruction_set)
          one.instruction_set = static_cast<InstructionSet>(reason.wants);
      }
      Placing again = place(better, asked);
      INFO("seed ", seed, ", node ", said.name, "\n", text_of(placing), "\n", text_of(again));
      CHECK(placed(again) != nullptr);
      ++tried;
    }
  }
  CHECK(tried > 1000);
  CHECK(seen.size() >= 7);
}
