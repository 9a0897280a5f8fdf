#pragma once
// The tests of Jinja2: what stands behind `is`.
//
//   passes_test("divisibleby", Value::integer(6), {{Value::integer(3)}, {}}, work);   // true
//
// Pure but for the work that they spend.

#include "actors/model/chat_template/arguments.h"
#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <string>
#include <string_view>

namespace tramontane::jinja {

bool is_test(const std::string& name);

// Error(unsupported), with the place, for a test of Jinja2's that is not here.
void check_test(const std::string& name, std::string_view source, std::size_t at);

bool passes_test(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work);

}  // namespace tramontane::jinja
