#pragma once
// The keys of a store that begin with a prefix, in order.

#include "storage/kv_store.h"

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

inline std::vector<std::string> keys(const KvStore& store, std::string_view prefix) {
  std::vector<std::string> found;
  store.scan(prefix, [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return true;
  });
  return found;
}

}  // namespace tramontane
