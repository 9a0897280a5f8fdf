#pragma once
// Text made by a pattern: Python's `pattern % values` and pattern.format(values), and HTML escapes.
//
//   percent_format("%s: %.2f", Value::tuple({name, share}), work);
//
// Pure but for the work that they spend. What Python can and these cannot is Error(unsupported).

#include "actors/model/chat_template/arguments.h"
#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <string>
#include <string_view>

namespace tramontane::jinja {

std::string percent_format(std::string_view pattern, const Value& values, Work& work);
std::string brace_format(std::string_view pattern, const Arguments& values, Work& work);

// & < > " ' as MarkupSafe writes them.
std::string escape_html(std::string_view text);

}  // namespace tramontane::jinja
