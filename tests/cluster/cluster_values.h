#pragma once
// Nodes and jobs of a cluster in few words, for tests of its head.

#include "actors/cluster/head_state.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <string>
#include <utility>
#include <vector>

namespace tramontane {

constexpr std::int64_t gib = std::int64_t{1} << 30;

inline HeadRules rules_of_test() {
  return {.home = "/home/tram", .host = "here", .lease_ms = 8'000, .deaths_most = 2};
}

// Shares the head's home and host: run directories are there.
inline JoinCluster near_node(const std::string& name, ProcessId process, std::int64_t cpus = 4) {
  return {.name = name,
      .process = process,
      .address = str(name, ":", process),
      .cpu_milli = cpus * 1000,
      .memory = 64 * gib,
      .home = "/home/tram",
      .host = "here"};
}

inline JoinCluster far_node(const std::string& name, ProcessId process, std::int64_t cpus = 4) {
  JoinCluster offer = near_node(name, process, cpus);
  offer.home = "/elsewhere";
  offer.host = "there";
  return offer;
}

inline JobWorker driver_of_test(std::int64_t cpu_milli = 100) {
  return {.name = "driver",
      .group = "driver",
      .need = {.cpu_milli = cpu_milli, .memory_bytes = gib},
      .at_run_directory = true};
}

inline JobWorker generator_of_test(int number, std::int64_t cpu_milli, int gpu_milli = 0) {
  return {.name = str("generator/", number),
      .group = "generator",
      .work = Work::generates,
      .need = {.cpu_milli = cpu_milli, .memory_bytes = gib, .gpu_milli = gpu_milli}};
}

// A driver and so many generators.
inline HeadJob job_of_test(int generators, std::int64_t cpu_milli = 1'000, int gpu_milli = 0) {
  HeadJob job{.name = "test", .graph = "graph: 1", .workers = {driver_of_test()}};
  for (int i = 0; i < generators; ++i)
    job.workers.push_back(generator_of_test(i, cpu_milli, gpu_milli));
  return job;
}

inline ProcessEnd exited(int code, std::vector<std::string> lines = {}) {
  return {{.exit_code = code}, std::move(lines)};
}

inline ProcessEnd killed(int signal = 9) {
  return {{.signalled = true, .signal = signal}, {}};
}

inline std::string node_of(const HeadJob& job, const std::string& worker) {
  for (const SeatOfWorker& seat : job.seats)
    if (seat.worker == worker) return seat.node;
  return "";
}

}  // namespace tramontane
