#include "actors/model/advantages.h"

#include "runtime/base/check.h"

#include <cmath>
#include <map>

namespace tramontane {

namespace {

constexpr double std_floor = 1e-6;

struct Moments {
  double count = 0;
  double mean = 0;
  double deviation = 0;
};

Moments moments(std::span<const double> values) {
  Moments m;
  m.count = static_cast<double>(values.size());
  for (double v : values) m.mean += v;
  m.mean /= m.count;
  if (values.size() < 2) return m;
  for (double v : values) m.deviation += (v - m.mean) * (v - m.mean);
  m.deviation = std::sqrt(m.deviation / (m.count - 1));
  return m;
}

}  // namespace

std::vector<double> advantages(
    std::span<const double> scores, std::span<const std::uint64_t> groups, AdvantageRule rule) {
  TRAM_CHECK(scores.size() == groups.size(), "a group for each score", scores.size());
  std::map<std::uint64_t, std::vector<double>> members;
  for (std::size_t i = 0; i < scores.size(); ++i) members[groups[i]].push_back(scores[i]);
  std::map<std::uint64_t, Moments> by_group;
  for (const auto& [group, values] : members) by_group[group] = moments(values);

  std::vector<double> result(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const Moments& group = by_group[groups[i]];
    result[i] = scores[i] - group.mean;
    if (rule == AdvantageRule::group_std) result[i] /= group.deviation + std_floor;
    // r - (sum - r) / (n - 1) = (r - mean) n / (n - 1)
    if (rule == AdvantageRule::leave_one_out && group.count > 1)
      result[i] *= group.count / (group.count - 1);
  }
  if (rule != AdvantageRule::minibatch_std || result.empty()) return result;
  Moments all = moments(result);
  for (double& advantage : result) advantage = (advantage - all.mean) / (all.deviation + std_floor);
  return result;
}

}  // namespace tramontane
