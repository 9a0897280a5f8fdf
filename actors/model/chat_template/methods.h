#pragma once
// The methods of Python's types that templates call: text.strip(), dict.items(), loop.cycle(), …
//
//   if (method_of(value, "strip") == Method::supported)
//     Value stripped = call_method(value, "strip", arguments, work);
//
// Pure but for the work that they spend.

#include "actors/model/chat_template/arguments.h"
#include "actors/model/chat_template/objects.h"
#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <string>

namespace tramontane::jinja {

enum class Method {
  none,  // Python has no such attribute
  supported,
  unsafe,   // it would change the value, which the sandbox forbids
  refused,  // Python has it, this interpreter does not
};

Method method_of(const Value& value, const std::string& name);

// Whether there is a type whose method of this name is refused, and none of which it is supported.
bool is_refused_method(const std::string& name);

Value call_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work);

// loop.index, loop.last, …; missing where there is none of the name. `self` is the loop as a value.
Value loop_attribute(Loop& loop, const Value& self, const std::string& name);

// str.replace(): `count` times at most, always where it is negative.
std::string replaced(const std::string& text, const std::string& old, const std::string& by,
    std::int64_t count, Work& work);

// The methods of texts, which are the most.
Value call_text_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work);

}  // namespace tramontane::jinja
