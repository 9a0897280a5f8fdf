#include "actors/model/chat_template/filters.h"

#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>

namespace tramontane::jinja {

namespace {

constexpr const char* known[] = {"abs", "attr", "batch", "capitalize", "center", "count", "d",
    "default", "dictsort", "e", "escape", "first", "float", "forceescape", "format", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort",
    "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "wordcount"};

constexpr const char* refused[] = {"filesizeformat", "groupby", "pprint", "random", "striptags",
    "urlencode", "urlize", "wordwrap", "xmlattr"};

Value tojson(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}, "tojson");
  JsonForm form;
  form.ascii = got.truth(0, false);
  form.sort_keys = got.truth(3, false);
  Value indent = got.value(1, Value::none());
  if (!indent.is(Kind::none)) {
    if (indent.is(Kind::text)) {
      form.indent = indent.as_text();
    } else {
      std::int64_t width = std::max<std::int64_t>(got.integer(1, 0), 0);
      work.spend(width);
      form.indent = std::string(static_cast<std::size_t>(width), ' ');
    }
    form.item_separator = ",";
  }
  Value separators = got.value(2, Value::none());
  if (!separators.is(Kind::none)) {
    Value::Items both = items_of(separators, work);
    if (both.size() != 2 || !both[0].is(Kind::text) || !both[1].is(Kind::text))
      fail("`tojson` wants two texts as separators");
    form.item_separator = both[0].as_text();
    form.key_separator = both[1].as_text();
  }
  return Value::text(to_json(value, form, work));
}

Value attr(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"name"}, "attr", 1);
  const std::string& name = got.text(0);
  if (name.starts_with("_")) refuse("`attr` of a name that begins with `_`");
  // Of a dict, only methods are attributes.
  if (value.is(Kind::dict) || value.is(Kind::none) || value.is(Kind::text)) {
    Value found = attribute(value, name, work);
    if (!found.is(Kind::function))
      return Value::undefined(
          "a value of type " + type_name(value) + " has no attribute " + text_repr(name));
    return found;
  }
  return attribute(value, name, work);
}

}  // namespace

bool is_filter(const std::string& name) {
  return std::ranges::find(known, name) != std::end(known);
}

void check_filter(const std::string& name, std::string_view source, std::size_t at) {
  if (std::ranges::find(refused, name) != std::end(refused))
    refuse_at(source, at, "the filter `" + name + "`");
}

Value path_of(const Value& item, const Value& path, const Value& otherwise, Work& work) {
  auto step = [&](const Value& from, const Value& key) {
    Value found = element(from, key, work);
    bool replace = found.is(Kind::undefined) && !otherwise.is(Kind::none);
    return replace ? otherwise : found;
  };
  if (path.is(Kind::none)) return item;
  if (!path.is(Kind::text)) return step(item, path);
  Value at = item;
  const std::string& text = path.as_text();
  work.spend(static_cast<std::int64_t>(text.size()));
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find('.', begin), text.size());
    std::string part = text.substr(begin, end - begin);
    bool digits = !part.empty() && part.size() < 18 &&
                  std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    at = step(at, digits ? Value::integer(std::stoll(part)) : Value::text(part));
    begin = end + 1;
  }
  return at;
}

Value apply_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  work.spend(8);
  if (!is_filter(name)) {
    check_filter(name, {}, 0);
    fail("there is no filter `" + name + "`");
  }
  if (name == "default" || name == "d") {
    Bound got(arguments, {"default_value", "boolean"}, name);
    bool replace = value.is(Kind::undefined) || (got.truth(1, false) && !is_true(value));
    return replace ? got.value(0, Value::text("")) : value;
  }
  if (name == "tojson") return tojson(value, arguments, work);
  if (name == "attr") return attr(value, arguments, work);
  if (name == "length" || name == "count") {
    Bound none(arguments, {}, name);
    auto length = length_of(value);
    if (!length) fail("a value of type " + type_name(value) + " has no length");
    if (value.is(Kind::text)) work.spend(static_cast<std::int64_t>(value.as_text().size()));
    return Value::integer(*length);
  }
  Value made = apply_text_filter(name, value, arguments, work);
  if (made.is(Kind::missing)) made = apply_list_filter(name, value, arguments, work);
  if (made.is(Kind::missing)) fail("there is no filter `" + name + "`");
  return made;
}

}  // namespace tramontane::jinja
