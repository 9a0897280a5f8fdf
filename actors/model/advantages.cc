#include "actors/model/advantages.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tramontane {

namespace {

constexpr double std_floor = 1e-6;
constexpr double contrast_min = 1e-9;

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments(std::span<const double> values) {
  Moments m;
  for (double v : values) m.mean += v;
  m.mean /= static_cast<double>(values.size());
  if (values.size() < 2) return m;
  for (double v : values) m.deviation += (v - m.mean) * (v - m.mean);
  m.deviation = std::sqrt(m.deviation / static_cast<double>(values.size() - 1));
  return m;
}

}  // namespace

bool has_contrast(std::span<const double> scores) {
  if (scores.empty()) return false;
  auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  return *most - *least > contrast_min;
}

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
    if (rule == AdvantageRule::group_normalised) result[i] /= group.deviation + std_floor;
  }
  if (rule != AdvantageRule::minibatch_normalised || result.empty()) return result;
  Moments all = moments(result);
  for (double& advantage : result) advantage = (advantage - all.mean) / (all.deviation + std_floor);
  return result;
}

}  // namespace tramontane
