#include "actors/rewards/maths/node.h"

#include <algorithm>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::size_t evidence_max = 160;  // bytes of one side

std::string joined(const Node& node, const char* between) {
  std::string out;
  for (const Node& part : node.parts) {
    if (!out.empty()) out += between;
    if (out.size() > evidence_max) return out + "…";
    out += to_text(part);
  }
  return out;
}

std::string sign_text(char code) {
  switch (code) {
    case sign::unequal:
      return "≠";
    case sign::at_most:
      return "≤";
    case sign::at_least:
      return "≥";
    case sign::about:
      return "≈";
    case sign::in:
      return "∈";
    case sign::congruent:
      return "≡";
    default:
      return std::string(1, code);
  }
}

std::string relation_text(const Node& node) {
  std::string out = to_text(node.parts[0]);
  for (std::size_t i = 1; i < node.parts.size(); ++i)
    out += " " + sign_text(node.text[i - 1]) + " " + to_text(node.parts[i]);
  return out;
}

std::string bracketed(const Node& node, const char* between) {
  return node.text.substr(0, 1) + joined(node, between) + node.text.substr(1, 1);
}

// In brackets, where "2^2·n" would mislead.
std::string grouped(const Node& node) {
  bool alone =
      node.kind != Kind::product && node.kind != Kind::negative && node.kind != Kind::power;
  return alone ? to_text(node) : "(" + to_text(node) + ")";
}

std::string structure_text(const Node& node) {
  switch (node.kind) {
    case Kind::list:
      return joined(node, node.text == "," ? ", " : (" " + node.text + " ").c_str());
    case Kind::tuple:
      return bracketed(node, ", ");
    case Kind::set:
      return "{" + joined(node, ", ") + "}";
    case Kind::unite:
      return joined(node, " ∪ ");
    case Kind::intersect:
      return joined(node, " ∩ ");
    case Kind::without:
      return joined(node, " \\ ");
    case Kind::ratio:
      return joined(node, ":");
    case Kind::residue:
      return joined(node, " mod ");
    case Kind::matrix:
      return "[" + joined(node, "; ") + "]";
    case Kind::relation:
      return relation_text(node);
    case Kind::quantity:
      return to_text(node.parts[0]) + " " + node.text;
    case Kind::percent:
      return to_text(node.parts[0]) + "%";
    case Kind::based:
      return node.text + "_" + to_text(node.parts[0]);
    default:
      return node.text;
  }
}

}  // namespace

Node make(Kind kind, std::string text, std::vector<Node> parts) {
  return Node{kind, std::move(text), std::move(parts)};
}

Node make(Kind kind, Node only) {
  Node node{kind, {}, {}};
  node.parts.push_back(std::move(only));
  return node;
}

Node make(Kind kind, Node first, Node second) {
  Node node{kind, {}, {}};
  node.parts.reserve(2);
  node.parts.push_back(std::move(first));
  node.parts.push_back(std::move(second));
  return node;
}

Node integer(std::int64_t value) {
  if (value < 0) return make(Kind::negative, integer(-value));
  return make(Kind::number, std::to_string(value));
}

bool contains(const Node& node, Kind kind) {
  if (node.kind == kind) return true;
  return std::any_of(node.parts.begin(), node.parts.end(),
      [kind](const Node& part) { return contains(part, kind); });
}

bool is_expression(const Node& node) {
  switch (node.kind) {
    case Kind::text:
    case Kind::dots:
    case Kind::infinity:
    case Kind::plus_minus:
    case Kind::quantity:
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::unite:
    case Kind::intersect:
    case Kind::without:
    case Kind::ratio:
    case Kind::residue:
    case Kind::matrix:
    case Kind::relation:
    case Kind::based:
      return false;
    default:
      return std::all_of(node.parts.begin(), node.parts.end(), is_expression);
  }
}

void collect_symbols(const Node& node, std::vector<std::string>& names) {
  if (node.kind == Kind::symbol) {
    auto place = std::lower_bound(names.begin(), names.end(), node.text);
    if (place == names.end() || *place != node.text) names.insert(place, node.text);
  }
  if (node.kind == Kind::series) {
    std::vector<std::string> inside;
    collect_symbols(node.parts[3], inside);
    std::erase(inside, node.parts[0].text);
    for (std::string& name : inside) collect_symbols(make(Kind::symbol, std::move(name)), names);
    for (int bound : {1, 2}) collect_symbols(node.parts[bound], names);
    return;
  }
  for (const Node& part : node.parts) collect_symbols(part, names);
}

std::string to_text(const Node& node) {
  switch (node.kind) {
    case Kind::infinity:
      return "∞";
    case Kind::dots:
      return "…";
    case Kind::sum:
      return "(" + joined(node, " + ") + ")";
    case Kind::product:
      return joined(node, "·");
    case Kind::quotient:
      return "(" + joined(node, "/") + ")";
    case Kind::negative:
      return "-" + to_text(node.parts[0]);
    case Kind::plus_minus:
      return "(" + joined(node, node.text == "+-" ? " ± " : " ∓ ") + ")";
    case Kind::power:
      return grouped(node.parts[0]) + "^" + grouped(node.parts[1]);
    case Kind::root:
      return "root(" + joined(node, ", ") + ")";
    case Kind::factorial:
      return joined(node, "") + "!";
    case Kind::binomial:
      return "binomial(" + joined(node, ", ") + ")";
    case Kind::absolute:
      return "|" + joined(node, "") + "|";
    case Kind::floor:
      return "⌊" + joined(node, "") + "⌋";
    case Kind::ceiling:
      return "⌈" + joined(node, "") + "⌉";
    case Kind::logarithm:
      return "log(" + joined(node, ", ") + ")";
    case Kind::function:
    case Kind::series:
      return node.text + "(" + joined(node, ", ") + ")";
    default:
      return structure_text(node);
  }
}

}  // namespace tramontane::maths
