#include "runtime/base/names.h"

#include "runtime/base/check.h"

#include <algorithm>

namespace tramontane {

std::string nearest_name(std::string_view wrong, const std::vector<std::string>& names) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 2);
  for (const auto& candidate : names) {
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= wrong.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j < row.size(); ++j) {
        std::size_t above = row[j];
        row[j] = std::min(
            {above + 1, row[j - 1] + 1, diagonal + (wrong[i - 1] == candidate[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string unknown_name(
    std::string_view kind, std::string_view wrong, const std::vector<std::string>& names) {
  std::string listed;
  for (const auto& n : names) listed += (listed.empty() ? "" : ", ") + n;
  std::string near = nearest_name(wrong, names);
  std::string hint = near.empty() ? "." : str("; did you mean '", near, "'?");
  return str("unknown ", kind, " '", wrong, "'", hint, " There are: ", listed);
}

}  // namespace tramontane
