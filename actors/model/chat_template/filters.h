#pragma once
// The filters of Jinja2, and `tojson` as transformers defines it.
//
//   Value joined = apply_filter("join", list, arguments, work);
//
// Pure but for the work that they spend.

#include "actors/model/chat_template/arguments.h"
#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <string>
#include <string_view>

namespace tramontane::jinja {

bool is_filter(const std::string& name);

// Error(unsupported), with the place, for a filter of Jinja2's that is not here.
void check_filter(const std::string& name, std::string_view source, std::size_t at);

Value apply_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work);

// Those that make texts and numbers, and those that take lists; missing where there is none.
Value apply_text_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work);
Value apply_list_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work);

// What `attribute: "a.b"` of a filter reads of an item.
Value path_of(const Value& item, const Value& path, const Value& otherwise, Work& work);

}  // namespace tramontane::jinja
