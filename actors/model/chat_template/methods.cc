#include "actors/model/chat_template/methods.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tramontane::jinja {

namespace {

using Names = std::set<std::string_view>;

// Python's attributes of each type, but those whose names begin with an underscore.
struct Attributes {
  Names supported, unsafe, refused;
};

const Attributes* attributes_of(Kind kind) {
  static const Attributes text{
      {"capitalize", "casefold", "center", "count", "endswith", "find", "format", "index",
          "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric",
          "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip",
          "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust",
          "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
          "swapcase", "title", "upper", "zfill"},
      {}, {"encode", "expandtabs", "format_map", "isidentifier", "maketrans", "translate"}};
  static const Attributes list{{"copy", "count", "index"},
      {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"}, {}};
  static const Attributes tuple{{"count", "index"}, {}, {}};
  static const Attributes dict{{"copy", "get", "items", "keys", "values"},
      {"clear", "pop", "popitem", "setdefault", "update"}, {"fromkeys"}};
  static const Attributes view{{}, {}, {"isdisjoint", "mapping"}};
  static const Attributes range{{"count", "index"}, {}, {"start", "step", "stop"}};
  static const Attributes whole{{}, {},
      {"as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes",
          "imag", "is_integer", "numerator", "real", "to_bytes"}};
  static const Attributes real{
      {}, {}, {"as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"}};
  static const Attributes generator{{}, {},
      {"close", "gi_code", "gi_frame", "gi_running", "gi_suspended", "gi_yieldfrom", "send",
          "throw"}};
  switch (kind) {
    case Kind::text:
      return &text;
    case Kind::list:
      return &list;
    case Kind::tuple:
      return &tuple;
    case Kind::dict:
      return &dict;
    case Kind::view:
      return &view;
    case Kind::range:
      return &range;
    case Kind::boolean:
    case Kind::integer:
      return &whole;
    case Kind::real:
      return &real;
    case Kind::generator:
      return &generator;
    default:
      return nullptr;
  }
}

Value call_sequence_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work) {
  if (name == "copy") {
    Bound none(arguments, {}, name);
    return Value::list(self.items());
  }
  Bound got(arguments, {"value", "start", "stop"}, name, 1);
  if (got.has(1)) refuse("`" + name + "` of a list with a start");
  auto same = [&](const Value& item) { return item.same(got[0]) || is_equal(item, got[0], work); };
  Value::Items items = items_of(self, work);
  if (name == "count") return Value::integer(std::ranges::count_if(items, same));
  auto found = std::ranges::find_if(items, same);
  if (found == items.end()) fail("`index`: the value is not in the list");
  return Value::integer(found - items.begin());
}

Value call_dict_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work) {
  if (name == "get") {
    Bound got(arguments, {"key", "default"}, name, 1);
    if (!arguments.named.empty()) fail("`get` takes no named arguments");
    if (got[0].is(Kind::list) || got[0].is(Kind::dict))
      fail("unhashable type: " + type_name(got[0]));
    const Value* found = find(self.pairs(), got[0], work);
    return found != nullptr ? *found : got.value(1, Value::none());
  }
  Bound none(arguments, {}, name);
  return name == "copy" ? self : Value::view(name[0], self);
}

Value call_loop_method(
    Loop& loop, const std::string& name, const Arguments& arguments, Work& work) {
  if (!arguments.named.empty()) fail("`loop." + name + "` takes no named arguments");
  const Value::Items& values = arguments.positional;
  if (name == "cycle") {
    if (values.empty()) fail("`loop.cycle` has nothing to cycle through");
    return values[static_cast<std::size_t>(loop.index0) % values.size()];
  }
  if (loop.ended) refuse("`loop.changed` behind its loop");
  auto same = [&](const Value& a, const Value& b) { return a.same(b) || is_equal(a, b, work); };
  if (loop.changed && std::ranges::equal(*loop.changed, values, same)) return Value::boolean(false);
  loop.changed = values;
  return Value::boolean(true);
}

}  // namespace

Method method_of(const Value& value, const std::string& name) {
  const Attributes* known = attributes_of(value.kind());
  if (known == nullptr) return Method::none;
  if (known->supported.contains(name)) return Method::supported;
  if (known->unsafe.contains(name)) return Method::unsafe;
  return known->refused.contains(name) ? Method::refused : Method::none;
}

bool is_refused_method(const std::string& name) {
  bool refused = false;
  for (Kind kind : {Kind::text, Kind::list, Kind::tuple, Kind::dict, Kind::view, Kind::range,
           Kind::integer, Kind::real, Kind::generator}) {
    const Attributes* known = attributes_of(kind);
    if (known->supported.contains(name)) return false;
    refused = refused || known->refused.contains(name);
  }
  return refused;
}

Value call_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work) {
  switch (self.kind()) {
    case Kind::text:
      if (self.is_safe()) refuse("`" + name + "` of a text that was marked as safe");
      return call_text_method(self, name, arguments, work);
    case Kind::list:
    case Kind::tuple:
    case Kind::range:
      return call_sequence_method(self, name, arguments, work);
    case Kind::dict:
      return call_dict_method(self, name, arguments, work);
    case Kind::loop:
      return call_loop_method(self.as_loop(), name, arguments, work);
    default:
      fail("a value of type " + type_name(self) + " has no method " + text_repr(name));
  }
}

Value loop_attribute(Loop& loop, const Value& self, const std::string& name) {
  if (loop.ended) refuse("`loop` behind its loop");
  auto at = static_cast<std::size_t>(loop.index0);
  if (name == "index") return Value::integer(loop.index0 + 1);
  if (name == "index0") return Value::integer(loop.index0);
  if (name == "revindex") return Value::integer(loop.length() - loop.index0);
  if (name == "revindex0") return Value::integer(loop.length() - loop.index0 - 1);
  if (name == "first") return Value::boolean(loop.index0 == 0);
  if (name == "last") return Value::boolean(!loop.reaches(loop.index0 + 1));
  if (name == "length") return Value::integer(loop.length());
  if (name == "depth") return Value::integer(loop.depth0 + 1);
  if (name == "depth0") return Value::integer(loop.depth0);
  if (name == "previtem")
    return loop.index0 > 0 ? loop.items[at - 1] : Value::undefined("there is no previous item");
  if (name == "nextitem")
    return loop.reaches(loop.index0 + 1) ? loop.items[at + 1]
                                         : Value::undefined("there is no next item");
  if (name == "cycle" || name == "changed") return Value::function(name, self);
  return {};
}

std::string replaced(const std::string& text, const std::string& old, const std::string& by,
    std::int64_t count, Work& work) {
  std::string out;
  std::size_t at = 0;
  while (count != 0) {
    std::size_t found = old.empty() ? at : text.find(old, at);
    if (found == std::string::npos || found > text.size()) break;
    out.append(text, at, found - at);
    out += by;
    work.spend(static_cast<std::int64_t>(by.size()) + 1);
    --count;
    if (!old.empty()) {
      at = found + old.size();
      continue;
    }
    if (at >= text.size()) return out;  // nothing is behind the last place between two characters
    std::size_t next = at;
    next_point(text, next);
    out.append(text, at, next - at);
    at = next;
  }
  return out + text.substr(std::min(at, text.size()));
}

}  // namespace tramontane::jinja
