#include "actors/rewards/maths/intervals.h"

#include "actors/rewards/maths/quantities.h"

#include <algorithm>
#include <utility>

namespace tramontane::maths {

namespace {

using Pieces = std::vector<Piece>;

Node infinity(int sign) {
  Node out = make(Kind::infinity, std::string());
  return sign < 0 ? make(Kind::negative, std::move(out)) : out;
}

// Without variables, or at least without the one that is meant.
bool is_bound(const Node& node, std::string_view variable) {
  std::vector<std::string> names;
  collect_symbols(node, names);
  bool fixed = variable.empty() ? names.empty()
                                : std::find(names.begin(), names.end(), variable) == names.end();
  return fixed && (is_expression(node) || infinite_sign(node) != 0);
}

bool is_variable(const Node& node, std::string_view variable) {
  return node.kind == Kind::symbol && (variable.empty() || node.text == variable);
}

bool rises(char code) {
  return code == sign::less || code == sign::at_most;
}

bool falls(char code) {
  return code == sign::more || code == sign::at_least;
}

bool strict(char code) {
  return code == sign::less || code == sign::more;
}

// "x < 3": code is the sign as read with the variable on the left.
Pieces ray(char code, const Node& bound) {
  if (code == sign::unequal)
    return {{infinity(-1), bound, true, true}, {bound, infinity(1), true, true}};
  if (rises(code)) return {{infinity(-1), bound, true, strict(code)}};
  return {{bound, infinity(1), strict(code), true}};
}

char mirrored(char code) {
  switch (code) {
    case sign::less:
      return sign::more;
    case sign::more:
      return sign::less;
    case sign::at_most:
      return sign::at_least;
    case sign::at_least:
      return sign::at_most;
    default:
      return code;
  }
}

// "|x - a| < r", "|x| ≥ r": the numbers within, or beyond, r of a.
std::optional<Pieces> from_distance(
    char code, const Node& inside, const Node& radius, std::string_view variable) {
  Node centre = integer(0);
  bool shifted = inside.kind == Kind::sum && inside.parts.size() == 2 &&
                 is_variable(inside.parts[0], variable) && is_bound(inside.parts[1], variable);
  if (shifted) centre = make(Kind::negative, inside.parts[1]);
  if (!shifted && !is_variable(inside, variable)) return std::nullopt;
  if (radius.kind != Kind::number) return std::nullopt;  // certainly not negative
  Node high = make(Kind::sum, centre, radius);
  Node low = make(Kind::sum, centre, make(Kind::negative, radius));
  bool open = strict(code);
  if (rises(code)) return Pieces{{low, high, open, open}};
  if (falls(code)) return Pieces{{infinity(-1), low, true, open}, {high, infinity(1), open, true}};
  return std::nullopt;
}

std::optional<Pieces> from_relation(const Node& node, std::string_view variable) {
  const std::string& codes = node.text;
  const auto& parts = node.parts;
  auto is_order = [](char code) { return rises(code) || falls(code); };
  if (codes.size() == 1) {
    if (codes[0] == sign::in)
      return is_variable(parts[0], variable) ? to_pieces(parts[1], variable) : std::nullopt;
    if (parts[0].kind == Kind::absolute && is_bound(parts[1], variable))
      return from_distance(codes[0], parts[0].parts[0], parts[1], variable);
    if (!is_order(codes[0]) && codes[0] != sign::unequal) return std::nullopt;
    if (is_variable(parts[0], variable) && is_bound(parts[1], variable))
      return ray(codes[0], parts[1]);
    if (is_variable(parts[1], variable) && is_bound(parts[0], variable))
      return ray(mirrored(codes[0]), parts[0]);
    return std::nullopt;
  }
  bool between = codes.size() == 2 && is_variable(parts[1], variable) &&
                 is_bound(parts[0], variable) && is_bound(parts[2], variable);
  if (!between) return std::nullopt;
  if (rises(codes[0]) && rises(codes[1]))
    return Pieces{{parts[0], parts[2], strict(codes[0]), strict(codes[1])}};
  if (falls(codes[0]) && falls(codes[1]))
    return Pieces{{parts[2], parts[0], strict(codes[1]), strict(codes[0])}};
  return std::nullopt;
}

std::optional<Pieces> from_all(const std::vector<Node>& parts, std::string_view variable) {
  Pieces out;
  for (const Node& part : parts) {
    auto some = to_pieces(part, variable);
    if (!some) return std::nullopt;
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

// "x > 1 and x < 3": two rays towards each other.
std::optional<Pieces> from_both(const std::vector<Node>& parts, std::string_view variable) {
  if (parts.size() != 2) return std::nullopt;
  auto first = to_pieces(parts[0], variable);
  auto second = to_pieces(parts[1], variable);
  if (!first || !second || first->size() != 1 || second->size() != 1) return std::nullopt;
  Piece up = first->front();
  Piece down = second->front();
  if (infinite_sign(up.high) == 0) std::swap(up, down);
  if (infinite_sign(up.high) != 1 || infinite_sign(down.low) != -1) return std::nullopt;
  return Pieces{{up.low, down.high, up.open_low, down.open_high}};
}

// ℝ less one point.
std::optional<Pieces> from_without(const Node& node) {
  auto whole = to_pieces(node.parts[0]);
  const Node& holes = node.parts[1];
  bool line = whole && whole->size() == 1 && infinite_sign(whole->front().low) == -1 &&
              infinite_sign(whole->front().high) == 1;
  if (!line || holes.kind != Kind::set || holes.parts.size() != 1) return std::nullopt;
  return ray(sign::unequal, holes.parts[0]);
}

bool same_variable(const std::vector<Node>& parts) {
  std::vector<std::string> names;
  for (const Node& part : parts) collect_symbols(part, names);
  return names.size() == 1;
}

Judgement compare_piece(const Piece& gold, const Piece& answer, Context& context) {
  if (gold.open_low != answer.open_low || gold.open_high != answer.open_high)
    return judged(false, "open and closed ends");
  Judgement low = compare_scalars(gold.low, answer.low, context);
  if (low.truth == Truth::no) return low;
  Judgement high = compare_scalars(gold.high, answer.high, context);
  return high.yes() ? low : high;
}

}  // namespace

std::optional<Pieces> to_pieces(const Node& node, std::string_view variable) {
  switch (node.kind) {
    case Kind::tuple:
      if (node.parts.size() != 2) return std::nullopt;
      return Pieces{{node.parts[0], node.parts[1], node.text[0] == '(', node.text[1] == ')'}};
    case Kind::symbol:
      if (node.text != "\\mathbbR") return std::nullopt;
      return Pieces{{infinity(-1), infinity(1), true, true}};
    case Kind::set: {
      Pieces out;
      for (const Node& part : node.parts) out.push_back({part, part, false, false});
      return out;
    }
    case Kind::unite:
      return from_all(node.parts, variable);
    case Kind::without:
      return from_without(node);
    case Kind::relation:
      return from_relation(node, variable);
    case Kind::list:
      for (const Node& part : node.parts)
        if (part.kind != Kind::relation) return std::nullopt;
      if (variable.empty() && !same_variable(node.parts)) return std::nullopt;
      return node.text == "or" ? from_all(node.parts, variable) : from_both(node.parts, variable);
    default:
      return std::nullopt;
  }
}

std::string variable_beside(const Node& relations, const Node& interval) {
  std::vector<std::string> letters;
  collect_symbols(interval, letters);
  std::vector<std::string> names;
  collect_symbols(relations, names);
  std::erase_if(names, [&](const std::string& name) {
    return std::find(letters.begin(), letters.end(), name) != letters.end();
  });
  return !letters.empty() && names.size() == 1 ? names[0] : std::string();
}

bool is_interval_set(const Node& node) {
  switch (node.kind) {
    case Kind::unite:
    case Kind::intersect:
    case Kind::without:
      return true;
    case Kind::symbol:
      return node.text == "\\mathbbR";
    case Kind::relation:
      return node.text.find_first_of("<>{}!") != std::string::npos || node.text == "E";
    case Kind::list:
      return std::all_of(node.parts.begin(), node.parts.end(), [](const Node& part) {
        return part.kind == Kind::relation &&
               part.text.find_first_of("<>{}!E") != std::string::npos;
      });
    default:
      return false;
  }
}

Judgement compare_pieces(const Pieces& gold, const Pieces& answer, Context& context) {
  if (gold.size() != answer.size()) return judged(false, "another number of intervals");
  std::vector<bool> used(answer.size());
  Judgement all = judged(true, "as intervals");
  for (const Piece& piece : gold) {
    bool found = false;
    bool open = false;
    Judgement last;
    for (std::size_t i = 0; i < answer.size() && !found; ++i) {
      if (used[i]) continue;
      last = compare_piece(piece, answer[i], context);
      found = last.yes();
      open = open || last.truth == Truth::unknown;
      used[i] = found;
    }
    if (!found && !open) return judged(false, "intervals differ: " + last.rule);
    if (!found) all = unknown(last.rule);
  }
  return all;
}

}  // namespace tramontane::maths
