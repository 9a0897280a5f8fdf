#pragma once
// The parser makes a syntax tree of a chat template, as Jinja2's with the tags of its loop controls
// and of transformers (`generation`).
//
//   Template tree = parse_template(source);
//
// Pure functions: any thread. What Jinja2 refuses is Error(bad_input); a tag, filter, test,
// function or method that Jinja2 has and this interpreter has not is Error(unsupported), by name.
// Both tell line and column. The source's size and the depth of the tree are bounded.

#include "actors/model/chat_template/syntax.h"

#include <string_view>

namespace tramontane::jinja {

Template parse_template(std::string_view source);

}  // namespace tramontane::jinja
