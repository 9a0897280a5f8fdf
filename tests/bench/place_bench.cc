// Placing 10,000 actors on 1,000 nodes.
//
//   build/release/tests/bench/place_bench
//
// Each job in turn, the quickest and the median of so many runs: other work on the machine only
// ever makes a run slower. The aim for each job that fits is 50 ms.

#include "runtime/base/check.h"
#include "scheduler/placement.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace tramontane;

namespace {

constexpr int runs = 15;
constexpr std::int64_t gib = std::int64_t{1} << 30;

Cluster thousand_nodes() {
  Cluster cluster;
  for (NodeId id = 0; id < 1000; ++id) {
    Node node{.id = id, .name = str("n", id), .cpu_milli = 64'000, .memory_bytes = 256 * gib};
    if (id % 4 == 0) node.gpus_milli.assign(8, whole_gpu_milli);
    node.labels = {{"zone", str(id % 10)}};
    node.instruction_set = id % 3 == 0 ? InstructionSet::avx512 : InstructionSet::avx2;
    cluster.nodes.push_back(std::move(node));
  }
  return cluster;
}

JobRequest job_of(std::uint32_t groups) {
  JobRequest job{.id = 1, .name = "job", .run_node = 1};
  for (std::uint32_t g = 0; g < groups; ++g) {
    JobGroup group{.name = str("g", g), .count = 10'000 / groups};
    group.need = {.cpu_milli = 4000, .memory_bytes = 8 * gib};
    job.groups.push_back(std::move(group));
  }
  return job;
}

// No two groups ask the same.
JobRequest varied(std::uint32_t groups) {
  JobRequest job = job_of(groups);
  for (std::uint32_t g = 0; g < groups; ++g) {
    JobGroup& group = job.groups[g];
    group.need.cpu_milli = 1000 + g % 5000;
    group.need.memory_bytes = gib + static_cast<std::int64_t>(g) * 1'000;
    group.work = static_cast<Work>(g % 3);
    group.strategy = g % 2 == 0 ? Strategy::by_work : Strategy::spread;
    if (g % 10 == 0 && group.count == 1) group.need.gpu_milli = 1000;
    if (g % 7 == 0) group.prefers_labels = {{"zone", str(g % 10)}};
  }
  return job;
}

void measure(const char* what, const Cluster& cluster, const JobRequest& job) {
  std::vector<double> times;
  bool fits = false;
  for (int i = 0; i < runs; ++i) {
    auto begin = std::chrono::steady_clock::now();
    Placing placing = place(cluster, job);
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    fits = std::holds_alternative<Placement>(placing);
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%-44s%10.1f%10.1f   %s\n", what, times.front(), times[runs / 2],
      fits ? "placed" : "obstacles");
}

}  // namespace

int main() {
  Cluster cluster = thousand_nodes();
  std::printf("%-44s%10s%10s\n", "10,000 actors on 1,000 nodes, ms", "best", "median");
  measure("10 groups of 1,000", cluster, job_of(10));
  measure("10 groups of 1,000, each another", cluster, varied(10));
  measure("10,000 groups of one", cluster, job_of(10'000));
  measure("10,000 groups of one, each another", cluster, varied(10'000));
  JobRequest spread = varied(10'000);
  for (auto& group : spread.groups) group.strategy = Strategy::spread;
  measure("10,000 groups of one, each another, spread", cluster, spread);
  JobRequest large = job_of(10);
  large.groups[3].need.cpu_milli = 65'000;
  measure("10 groups, one of which never fits", cluster, large);
  large = varied(10'000);
  large.groups[9999].need.memory_bytes = 257 * gib;
  measure("10,000 groups, one of which never fits", cluster, large);
}
