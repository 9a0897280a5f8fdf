#include "scheduler/relations.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace tramontane {
namespace {

using GroupIndex = std::unordered_map<std::string_view, std::uint32_t>;

// Smaller comes first.
auto hardness(const JobGroup& group) {
  int strict = group.strategy == Strategy::strict_pack     ? 0
               : group.strategy == Strategy::strict_spread ? 1
                                                           : 2;
  auto labels = static_cast<std::int64_t>(group.needs_labels.size() + group.apart.size());
  return std::make_tuple(!group.required, !group.at_run_directory, strict, -group.need.gpu_milli,
      -labels, -group.need.memory_bytes, -group.need.cpu_milli, std::string_view(group.name));
}

GroupIndex index_of(const JobRequest& job) {
  GroupIndex index;
  index.reserve(job.groups.size());
  for (std::uint32_t g = 0; g < job.groups.size(); ++g) {
    if (!index.emplace(job.groups[g].name, g).second)
      throw Error(Errc::bad_input, str("two groups of job ", job.name, " are called ",
                                       job.groups[g].name, ": names are unique"));
  }
  return index;
}

std::uint32_t find(const JobRequest& job, const GroupIndex& index, const JobGroup& from,
    const std::string& wanted, std::string_view key) {
  auto at = index.find(wanted);
  if (at == index.end()) {
    std::vector<std::string> names;
    for (const auto& group : job.groups)
      if (names.size() < 32) names.push_back(group.name);
    throw Error(Errc::bad_input,
        str("group ", from.name, ", ", key, ": ", unknown_name("group", wanted, names)));
  }
  if (&job.groups[at->second] == &from)
    throw Error(Errc::bad_input,
        str("group ", from.name, " is ", key, " itself: say strict_pack or strict_spread"));
  return at->second;
}

void sort_unique(std::vector<std::uint32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// As sorted, of those whose groups nearby are there already; less than all where there is
// a circle.
std::vector<std::uint32_t> order_by_rank(
    const Relations& relations, const std::vector<std::uint32_t>& sorted) {
  auto count = static_cast<std::uint32_t>(sorted.size());
  std::vector<std::uint32_t> rank(count);
  for (std::uint32_t i = 0; i < count; ++i) rank[sorted[i]] = i;
  std::vector<std::size_t> waits(count);
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> next;
  for (std::uint32_t g = 0; g < count; ++g) {
    waits[g] = relations.near[g].size();
    if (waits[g] == 0) next.push(rank[g]);
  }
  std::vector<std::uint32_t> order;
  order.reserve(count);
  while (!next.empty()) {
    std::uint32_t g = sorted[next.top()];
    next.pop();
    order.push_back(g);
    for (std::uint32_t follower : relations.followers[g])
      if (--waits[follower] == 0) next.push(rank[follower]);
  }
  return order;
}

std::vector<std::uint32_t> sorted_groups(const JobRequest& job, const auto& is_before) {
  std::vector<std::uint32_t> sorted(job.groups.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(), is_before);
  return sorted;
}

// The first by name of the groups that no order has.
[[noreturn]] void refuse_circle(const JobRequest& job, const std::vector<std::uint32_t>& order) {
  std::vector<std::uint8_t> is_there(job.groups.size());
  for (std::uint32_t g : order) is_there[g] = 1;
  const JobGroup* first = nullptr;
  for (std::uint32_t g = 0; g < job.groups.size(); ++g)
    if (is_there[g] == 0 && (first == nullptr || job.groups[g].name < first->name))
      first = &job.groups[g];
  throw Error(Errc::bad_input,
      str("group ", first->name,
          " is near a circle of groups that are near each other: leave one of them out"));
}

}  // namespace

Relations relations_of(const JobRequest& job) {
  GroupIndex index = index_of(job);
  Relations relations;
  relations.near.resize(job.groups.size());
  relations.followers.resize(job.groups.size());
  relations.apart.resize(job.groups.size());
  for (std::uint32_t g = 0; g < job.groups.size(); ++g) {
    const JobGroup& group = job.groups[g];
    for (const auto& wanted : group.near) {
      std::uint32_t other = find(job, index, group, wanted, "near");
      if (group.required && !job.groups[other].required)
        throw Error(Errc::bad_input, str("group ", group.name, " is required, and near ", wanted,
                                         ", which is optional: make that required, too"));
      relations.near[g].push_back(other);
    }
    sort_unique(relations.near[g]);
    for (std::uint32_t other : relations.near[g]) relations.followers[other].push_back(g);
    for (const auto& wanted : group.apart) {
      std::uint32_t other = find(job, index, group, wanted, "apart from");
      relations.apart[g].push_back(other);
      relations.apart[other].push_back(g);
    }
  }
  for (auto& others : relations.apart) sort_unique(others);
  auto sorted = sorted_groups(job, [&](std::uint32_t a, std::uint32_t b) {
    return hardness(job.groups[a]) < hardness(job.groups[b]);
  });
  relations.order = order_by_rank(relations, sorted);
  if (relations.order.size() < job.groups.size()) refuse_circle(job, relations.order);
  return relations;
}

std::vector<std::uint32_t> order_by_size(
    const JobRequest& job, const Relations& relations, const std::vector<double>& size) {
  auto rank = [&](std::uint32_t g) {
    const JobGroup& group = job.groups[g];
    return std::make_tuple(
        !group.required, !group.at_run_directory, -size[g], std::string_view(group.name));
  };
  auto sorted =
      sorted_groups(job, [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); });
  return order_by_rank(relations, sorted);
}

}  // namespace tramontane
