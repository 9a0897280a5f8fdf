#pragma once
// A text of a template's code without its escapes, which are Python's.
//
//   string_literal(R"(a\n\x41)", source, at)     // "a", a line end, "A"
//
// Pure functions: any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace tramontane::jinja {

// `text`, between the quotes, lies at `at` of `source`. Error(bad_input) for an escape that Python
// refuses, Error(unsupported) for a name of a character and for half a surrogate pair.
std::string string_literal(std::string_view text, std::string_view source, std::size_t at);

}  // namespace tramontane::jinja
