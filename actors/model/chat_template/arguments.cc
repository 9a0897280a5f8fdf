#include "actors/model/chat_template/arguments.h"

#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>

namespace tramontane::jinja {

Bound::Bound(const Arguments& arguments, std::vector<std::string> parameters,
    const std::string& callee, std::size_t required)
    : values_(parameters.size()), parameters_(std::move(parameters)), callee_(callee) {
  if (arguments.positional.size() > parameters_.size())
    fail("`" + callee_ + "` has too many arguments");
  std::copy(arguments.positional.begin(), arguments.positional.end(), values_.begin());
  for (const auto& [name, value] : arguments.named) {
    auto found = std::find(parameters_.begin(), parameters_.end(), name);
    if (found == parameters_.end()) fail("`" + callee_ + "` has no argument " + text_repr(name));
    Value& place = values_[static_cast<std::size_t>(found - parameters_.begin())];
    if (!place.is(Kind::missing)) fail("`" + callee_ + "` gets its " + text_repr(name) + " twice");
    place = value;
  }
  for (std::size_t i = 0; i < required; ++i)
    if (!has(i)) fail("`" + callee_ + "` wants an argument " + text_repr(parameters_[i]));
}

std::int64_t Bound::integer(std::size_t parameter, std::int64_t otherwise) const {
  if (!has(parameter)) return otherwise;
  const Value& value = values_[parameter];
  if (!value.is_whole()) {
    want_defined(value);
    fail("`" + callee_ + "` wants an integer as " + text_repr(parameters_[parameter]) +
         ", not a value of type " + type_name(value));
  }
  return value.as_integer();
}

bool Bound::truth(std::size_t parameter, bool otherwise) const {
  return has(parameter) ? is_true(values_[parameter]) : otherwise;
}

const std::string& Bound::text(std::size_t parameter) const {
  const Value& value = values_[parameter];
  if (!value.is(Kind::text)) {
    want_defined(value);
    fail("`" + callee_ + "` wants a text as " + text_repr(parameters_[parameter]) +
         ", not a value of type " + type_name(value));
  }
  return value.as_text();
}

}  // namespace tramontane::jinja
