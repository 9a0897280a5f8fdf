#include "actors/dashboard/page_of.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tramontane {

boost::json::object page_of(const char* name, boost::json::array all, const Query& query) {
  std::size_t begin = std::min<std::uint64_t>(query.whole("after").value_or(0), all.size());
  std::size_t end = begin + std::min(query.limit(), all.size() - begin);
  boost::json::array page;
  for (std::size_t i = begin; i < end; ++i) page.push_back(std::move(all[i]));
  boost::json::object out{{name, std::move(page)}, {"next", nullptr}};
  if (end < all.size()) out["next"] = std::to_string(end);
  return out;
}

}  // namespace tramontane
