#include "actors/dashboard/curves.h"

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

constexpr std::size_t points_most = 16'384;
constexpr std::size_t labels_most = 256;

}  // namespace

Thinned thin(const Points& points, std::size_t most) {
  if (points.size() <= std::max<std::size_t>(most, 2)) return {points, false};
  Thinned out{{}, true};
  std::size_t stretches = std::max<std::size_t>(most / 2, 1);
  for (std::size_t i = 0; i < stretches; ++i) {
    auto begin = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
    auto end = points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
    auto by_y = [](const auto& a, const auto& b) { return a.second < b.second; };
    auto [least, greatest] = std::minmax_element(begin, end, by_y);
    if (i == 0) least = begin;
    if (i + 1 == stretches) greatest = end - 1;
    out.points.push_back(*std::min(least, greatest));
    if (least != greatest) out.points.push_back(*std::max(least, greatest));
  }
  return out;
}

void Curves::add(const MetricRow& row, const std::string& label, double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  Labelled& labelled = by_name_[row.name];
  if (labelled.size() >= labels_most && !labelled.contains(label)) return;
  Points& points = labelled[label];
  while (!points.empty() && points.back().first >= x) points.pop_back();
  if (points.size() >= points_most) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < points.size(); i += 2) points[kept++] = points[i];
    points.resize(kept);
  }
  points.emplace_back(x, y);
}

const Curves::Labelled* Curves::find(const MetricRow& row) const {
  auto found = by_name_.find(row.name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace tramontane
