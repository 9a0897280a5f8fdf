#pragma once
// Renders a template over one small conversation.
//
//   check({{"{{ n + 1 }}", "8"}});

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

// With messages of a user and a tool, and the names s, n, l and d of rendering.cc.
std::string rendered(std::string_view source);

// The text of the Error that parsing or rendering ends with, with its code: "bad_input: …"; what
// was rendered where there is none.
std::string error_of(std::string_view source);

// Each template renders as the text beside it.
void check(const std::vector<std::pair<std::string, std::string>>& cases);

}  // namespace tramontane
