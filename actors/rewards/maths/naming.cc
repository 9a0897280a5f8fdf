#include "actors/rewards/maths/naming.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tramontane::maths {

namespace {

enum class Form : std::uint8_t { tuple, list, point };

struct Named {
  std::vector<std::string> names;
  Node value;  // a tuple, or a list of tuples
  Form form = Form::tuple;
};

bool is_tuple(const Node& node, std::size_t size = 0) {
  return node.kind == Kind::tuple && node.text == "()" && (size == 0 || node.parts.size() == size);
}

bool is_collection(const Node& node) {
  return node.kind == Kind::list || node.kind == Kind::set;
}

bool all_tuples(const Node& node, std::size_t size) {
  return is_collection(node) && std::all_of(node.parts.begin(), node.parts.end(),
                                    [size](const Node& part) { return is_tuple(part, size); });
}

bool is_symbol(const Node& node) {
  return node.kind == Kind::symbol;
}

// "(x,y) = (1,2)", "(x,y) ∈ {(1,2), (2,1)}"
std::optional<Named> named_tuple(const Node& node) {
  bool named = node.kind == Kind::relation && node.parts.size() == 2 && is_tuple(node.parts[0]) &&
               std::all_of(node.parts[0].parts.begin(), node.parts[0].parts.end(), is_symbol);
  if (!named) return std::nullopt;
  const Node& value = node.parts[1];
  std::size_t size = node.parts[0].parts.size();
  bool one = node.text[0] == sign::equal && is_tuple(value, size);
  bool several = node.text[0] == sign::in && all_tuples(value, size);
  if (!one && !several) return std::nullopt;
  Named out{{}, value, Form::tuple};
  for (const Node& name : node.parts[0].parts) out.names.push_back(name.text);
  return out;
}

// "(x,y) = (1,2), (2,1)": the names of the first are those of all.
std::optional<Named> named_list(const Node& node) {
  auto out = named_tuple(node.parts[0]);
  if (!out || !is_tuple(out->value)) return std::nullopt;
  Node list = make(Kind::list, node.text, {out->value});
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    auto other = named_tuple(node.parts[i]);
    if (other && other->names != out->names) return std::nullopt;
    const Node& value = other ? other->value : node.parts[i];
    if (!is_tuple(value, out->names.size())) return std::nullopt;
    list.parts.push_back(value);
  }
  out->value = std::move(list);
  return out;
}

// "x = 1, y = 2"
std::optional<Named> assignments(const Node& node) {
  Named out{{}, make(Kind::tuple, "()"), Form::list};
  for (const Node& part : node.parts) {
    bool assigned = part.kind == Kind::relation && part.text == "=" && is_symbol(part.parts[0]);
    if (!assigned) return std::nullopt;
    const std::string& name = part.parts[0].text;
    if (std::find(out.names.begin(), out.names.end(), name) != out.names.end()) return std::nullopt;
    out.names.push_back(name);
    out.value.parts.push_back(part.parts[1]);
  }
  return out;
}

std::optional<Named> named(const Node& node) {
  if (node.kind == Kind::relation) return named_tuple(node);
  bool point = node.kind == Kind::product && node.parts.size() == 2 && is_symbol(node.parts[0]) &&
               node.parts[0].text.size() == 1 && node.parts[0].text[0] >= 'A' &&
               node.parts[0].text[0] <= 'Z' && is_tuple(node.parts[1]);
  if (point) return Named{{node.parts[0].text}, node.parts[1], Form::point};
  if (node.kind != Kind::list || node.text == "or" || node.parts.size() < 2) return std::nullopt;
  auto out = named_list(node);
  return out ? out : assignments(node);
}

// The tuple, or each of a list of them, from the order of `from` into that of `to`.
Node reordered(
    const Node& value, const std::vector<std::string>& from, const std::vector<std::string>& to) {
  Node out = make(value.kind, value.text);
  if (value.kind != Kind::tuple) {
    for (const Node& part : value.parts) out.parts.push_back(reordered(part, from, to));
    return out;
  }
  for (const std::string& name : to) {
    auto at = std::find(from.begin(), from.end(), name) - from.begin();
    out.parts.push_back(value.parts[static_cast<std::size_t>(at)]);
  }
  return out;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

// x_1 and x_2 are two values of one unknown.
bool are_numbered(const std::vector<std::string>& names) {
  std::string base = names[0].substr(0, names[0].find('_'));
  return std::all_of(names.begin(), names.end(), [&base](const std::string& name) {
    return name.size() > base.size() && name.starts_with(base + "_");
  });
}

// The values, for a side that has no names.
std::optional<Node> beside(const Named& named, const Node& other) {
  if (named.form == Form::list && is_collection(other) && are_numbered(named.names))
    return make(Kind::list, ",", named.value.parts);
  std::size_t size = is_tuple(named.value) ? named.value.parts.size() : named.names.size();
  bool fits = is_tuple(named.value) && named.form != Form::tuple
                  ? is_tuple(other, size)
                  : is_tuple(other, size) || all_tuples(other, size);
  if (!fits) return std::nullopt;
  if (named.form != Form::list) return named.value;
  return reordered(named.value, named.names, sorted(named.names));
}

}  // namespace

std::optional<std::pair<Node, Node>> without_names(const Node& gold, const Node& answer) {
  auto wanted = named(gold);
  auto given = named(answer);
  if (wanted && given) {
    bool lists = wanted->form == Form::list && given->form == Form::list;
    bool points = wanted->form == Form::point;
    if (lists || points != (given->form == Form::point)) return std::nullopt;
    if (sorted(wanted->names) != sorted(given->names)) return std::nullopt;
    if (points) return std::pair(wanted->value, given->value);
    return std::pair(wanted->value, reordered(given->value, given->names, wanted->names));
  }
  if (wanted)
    if (auto value = beside(*wanted, answer)) return std::pair(std::move(*value), answer);
  if (given)
    if (auto value = beside(*given, gold)) return std::pair(gold, std::move(*value));
  return std::nullopt;
}

}  // namespace tramontane::maths
