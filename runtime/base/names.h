#pragma once
// Helps with names that a user misspelt.

#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// The nearest of `names` by edit distance; empty if none is near.
std::string nearest_name(std::string_view wrong, const std::vector<std::string>& names);

// "unknown reward 'mathe'; did you mean 'math'? There are: format, math, length".
std::string unknown_name(
    std::string_view kind, std::string_view wrong, const std::vector<std::string>& names);

}  // namespace tramontane
