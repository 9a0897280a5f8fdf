#pragma once
// Curves are the figures of a run as they grew: of each metric (metric_table.h) and label, points
// (x, y), bounded and thinned for whoever draws them.
//
//   curves.add(row, "", 12, 0.71);
//   Thinned some = thin(curve.points, 1000);
//
// Thread rule: one at a time.

#include "actors/dashboard/metric_table.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

using Points = std::vector<std::pair<double, double>>;

struct Thinned {
  Points points;
  bool thinned = false;
};

// At most about so many, first and last among them: of each stretch the least and the greatest, so
// that no peak is lost.
Thinned thin(const Points& points, std::size_t most);

class Curves {
 public:
  // Of one metric, by label: a generator's name; "" where there is only one.
  using Labelled = std::map<std::string, Points>;

  // x rises; what goes back (a step trained again) replaces what came after it. Not finite:
  // nothing.
  void add(const MetricRow& row, const std::string& label, double x, double y);

  // Null if there are none.
  const Labelled* find(const MetricRow& row) const;

 private:
  std::map<std::string, Labelled> by_name_;
};

}  // namespace tramontane
