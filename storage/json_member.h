#pragma once
// The very text of a value in a JSON object, where a parser would make another of it: 0.50 stays
// 0.50, and a number of 30 digits keeps them.
//
//   json_member("{\"a\": {\"b\": 0.50}}", {"a", "b"});   // "0.50"
//   json_items("[0.50, \"x\"]");                           // 0.50, "x"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The value at a path of keys; of equal keys the last. Nothing if it is not there, or a key on the
// way is written with escapes. `object` must be valid JSON.
std::optional<std::string_view> json_member(
    std::string_view object, std::span<const std::string> path);

// The values of a JSON list, in order. `list` must be valid JSON.
std::vector<std::string_view> json_items(std::string_view list);

}  // namespace tramontane
