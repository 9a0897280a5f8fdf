#pragma once
// Relations are a job's groups by index instead of by name, and the order in which they are placed:
// required before optional ones, groups before those that are near them, and of those that could
// come next the hardest first. The order does not depend on that of the request.
//
//   Relations relations = relations_of(job);  // of a job that check() let pass, or throws as it
//   does for (auto group : relations.order) seat(group);
//
// A value: any thread.

#include "scheduler/job_request.h"

#include <cstdint>
#include <vector>

namespace tramontane {

struct Relations {
  std::vector<std::uint32_t> order;
  // By group.
  std::vector<std::vector<std::uint32_t>> near;
  std::vector<std::vector<std::uint32_t>> followers;  // those that are near it
  std::vector<std::vector<std::uint32_t>> apart;      // either of them said so
};

// Another order of the same groups: among those that could come next the largest by `size` first.
std::vector<std::uint32_t> order_by_size(
    const JobRequest& job, const Relations& relations, const std::vector<double>& size);

// Throws Error(bad_input): a name that is not there, a circle.
Relations relations_of(const JobRequest& job);

}  // namespace tramontane
