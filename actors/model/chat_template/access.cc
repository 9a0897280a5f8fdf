#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/objects.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>

namespace tramontane::jinja {

namespace {

Value nothing(const Value& value, const Value& key, Work& work) {
  if (key.is(Kind::text))
    return Value::undefined(
        "a value of type " + type_name(value) + " has no attribute " + text_repr(key.as_text()));
  return Value::undefined(
      "a value of type " + type_name(value) + " has no element " + to_repr(key, work));
}

// What getattr() finds: methods and the like; missing where it finds nothing.
Value own_attribute(const Value& value, const std::string& name) {
  switch (value.kind()) {
    case Kind::undefined:
      want_defined(value);
      break;
    case Kind::space: {
      const Value* found = find(value.as_space().pairs, name);
      if (found == nullptr) return {};
      return name[0] == '_' ? Value::undefined("access to " + text_repr(name) + " is unsafe")
                            : *found;
    }
    case Kind::loop:
      return loop_attribute(value.as_loop(), value, name);
    case Kind::macro:
      for (const char* known :
          {"arguments", "caller", "catch_kwargs", "catch_varargs", "explicit_caller", "name"})
        if (name == known) refuse("the attribute " + text_repr(name) + " of a macro");
      return {};
    case Kind::function:
      if (value.as_function().self.is(Kind::undefined) && value.as_function().name == "dict")
        refuse("the attribute " + text_repr(name) + " of `dict`");
      return {};
    default:
      break;
  }
  switch (method_of(value, name)) {
    case Method::none:
      return {};
    case Method::supported:
      return Value::function(name, value);
    case Method::unsafe:
      return Value::undefined(
          "access to " + text_repr(name) + ", which would change a value, is unsafe");
    case Method::refused:
      refuse("the attribute " + text_repr(name) + " of a " + type_name(value));
  }
  return {};
}

// value[key] of Python; missing where it raises a LookupError or TypeError.
Value own_element(const Value& value, const Value& key, Work& work) {
  auto place = [&](std::int64_t length) -> std::optional<std::int64_t> {
    if (!key.is_whole()) return std::nullopt;
    std::int64_t index = key.as_integer();
    if (index < 0) index += length;
    if (index < 0 || index >= length) return std::nullopt;
    return index;
  };
  switch (value.kind()) {
    case Kind::undefined:
      want_defined(value);
      break;
    case Kind::dict: {
      if (key.is(Kind::list) || key.is(Kind::dict)) return {};  // not hashable
      const Value* found = find(value.pairs(), key, work);
      return found != nullptr ? *found : Value();
    }
    case Kind::list:
    case Kind::tuple:
      if (auto at = place(static_cast<std::int64_t>(value.items().size())))
        return value.items()[static_cast<std::size_t>(*at)];
      break;
    case Kind::text: {
      if (!key.is_whole()) break;
      work.spend(static_cast<std::int64_t>(value.as_text().size()));
      auto offsets = point_offsets(value.as_text());
      if (auto at = place(static_cast<std::int64_t>(offsets.size()) - 1)) {
        std::size_t begin = offsets[static_cast<std::size_t>(*at)];
        std::size_t end = offsets[static_cast<std::size_t>(*at) + 1];
        std::string point = value.as_text().substr(begin, end - begin);
        return value.is_safe() ? Value::safe_text(point) : Value::text(point);
      }
      break;
    }
    case Kind::range:
      if (auto at = place(value.as_range().length)) return range_item(value, *at);
      break;
    default:
      break;
  }
  return {};
}

std::optional<std::int64_t> bound(const Value& value) {
  if (value.is(Kind::none) || value.is(Kind::missing)) return std::nullopt;
  if (value.is_whole()) return value.as_integer();
  want_defined(value);
  fail("a slice wants integers, not a value of type " + type_name(value));
}

// Of the places 0 … length - 1, those that begin:end:step takes.
std::vector<std::size_t> places(std::int64_t length, std::optional<std::int64_t> begin,
    std::optional<std::int64_t> end, std::int64_t step) {
  std::int64_t lowest = step < 0 ? -1 : 0;
  std::int64_t highest = step < 0 ? length - 1 : length;
  auto clamp = [&](std::int64_t at) {
    if (at < 0) at = std::max(at, -length - 1) + length;  // no overflow
    return std::clamp(at, lowest, highest);
  };
  std::int64_t from = begin ? clamp(*begin) : step < 0 ? highest : lowest;
  std::int64_t to = end ? clamp(*end) : step < 0 ? lowest : highest;
  std::int64_t stride = std::clamp(step, -length - 1, length + 1);
  std::vector<std::size_t> taken;
  for (std::int64_t at = from; stride < 0 ? at > to : at < to; at += stride)
    taken.push_back(static_cast<std::size_t>(at));
  return taken;
}

}  // namespace

Value attribute(const Value& value, const std::string& name, Work& work) {
  work.spend(8);
  Value own = own_attribute(value, name);
  if (!own.is(Kind::missing)) return own;
  Value key = Value::text(name);
  Value found = own_element(value, key, work);
  return found.is(Kind::missing) ? nothing(value, key, work) : found;
}

Value element(const Value& value, const Value& key, Work& work) {
  work.spend(8);
  Value found = own_element(value, key, work);
  if (!found.is(Kind::missing)) return found;
  if (key.is(Kind::text) && !key.as_text().starts_with("__")) {
    Value own = own_attribute(value, key.as_text());
    if (!own.is(Kind::missing)) return own;
  }
  return nothing(value, key, work);
}

Value slice(
    const Value& value, const Value& begin, const Value& end, const Value& step, Work& work) {
  want_defined(value);
  if (!value.is(Kind::text) && !value.is(Kind::list) && !value.is(Kind::tuple) &&
      !value.is(Kind::range))
    fail("a value of type " + type_name(value) + " cannot be sliced");
  std::int64_t stride = bound(step).value_or(1);
  if (stride == 0) fail("a slice with a step of 0");
  work.spend(8);
  std::int64_t length = *length_of(value);
  auto taken = places(length, bound(begin), bound(end), stride);
  work.spend(32 * static_cast<std::int64_t>(taken.size()));
  if (value.is(Kind::range)) {
    const Range& range = value.as_range();
    std::int64_t from = taken.empty()
                            ? range.start
                            : range.start + static_cast<std::int64_t>(taken[0]) * range.step;
    auto count = static_cast<std::int64_t>(taken.size());
    return Value::range(from, from + count * range.step * stride, range.step * stride, count);
  }
  if (value.is(Kind::text)) {
    work.spend(static_cast<std::int64_t>(value.as_text().size()));
    auto offsets = point_offsets(value.as_text());
    std::string text;
    for (std::size_t at : taken)
      text.append(value.as_text(), offsets[at], offsets[at + 1] - offsets[at]);
    return value.is_safe() ? Value::safe_text(std::move(text)) : Value::text(std::move(text));
  }
  Value::Items items;
  items.reserve(taken.size());
  for (std::size_t at : taken) items.push_back(value.items()[at]);
  return value.is(Kind::list) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

}  // namespace tramontane::jinja
