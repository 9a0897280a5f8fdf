#include "actors/rewards/maths/structures.h"

#include "actors/rewards/maths/families.h"
#include "actors/rewards/maths/intervals.h"
#include "actors/rewards/maths/matrices.h"
#include "actors/rewards/maths/quantities.h"
#include "actors/rewards/maths/real_sets.h"
#include "actors/rewards/maths/relations.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace tramontane::maths {

namespace {

constexpr std::size_t elements_max = 64;  // of a list compared without order

// Takes the upper or the lower of every ±.
Node with_sign(const Node& node, bool upper) {
  if (node.kind == Kind::plus_minus) {
    bool plus = (node.text == "+-") == upper;
    Node left = with_sign(node.parts[0], upper);
    Node right = with_sign(node.parts[1], upper);
    if (!plus) right = make(Kind::negative, std::move(right));
    if (left == integer(0)) return right;
    return make(Kind::sum, std::move(left), std::move(right));
  }
  Node out = make(node.kind, node.text);
  for (const Node& part : node.parts) out.parts.push_back(with_sign(part, upper));
  return out;
}

bool is_collection(const Node& node) {
  return node.kind == Kind::list || node.kind == Kind::set;
}

// "1 ± 2" is the list "3, -1".
Node expanded(const Node& node) {
  if (!contains(node, Kind::plus_minus)) return node;
  if (!is_collection(node))
    return make(Kind::list, ",", {with_sign(node, true), with_sign(node, false)});
  Node out = make(node.kind, node.text);
  for (const Node& part : node.parts) {
    Node one = expanded(part);
    if (one.kind == Kind::list) {
      for (Node& each : one.parts) out.parts.push_back(std::move(each));
    } else {
      out.parts.push_back(std::move(one));
    }
  }
  return out;
}

Judgement compare_ordered(
    const std::vector<Node>& gold, const std::vector<Node>& answer, Context& context) {
  if (gold.size() != answer.size()) return judged(false, "another number of parts");
  Judgement all = judged(true, "part by part");
  for (std::size_t i = 0; i < gold.size(); ++i) {
    Judgement one = compare_trees(gold[i], answer[i], context);
    if (one.truth == Truth::no)
      return judged(false, "part " + std::to_string(i + 1) + ": " + one.rule);
    if (one.truth == Truth::unknown) all = one;
  }
  return all;
}

// Pairs each of `gold` with its own of `answer`.
Judgement match(const std::vector<Node>& gold, const std::vector<Node>& answer, Context& context) {
  if (gold.size() != answer.size())
    return judged(
        false, std::to_string(gold.size()) + " values, not " + std::to_string(answer.size()));
  std::vector<bool> used(answer.size());
  Judgement all = judged(true, "in any order");
  for (const Node& wanted : gold) {
    bool found = false;
    bool open = false;
    Judgement last;
    for (std::size_t i = 0; i < answer.size() && !found; ++i) {
      if (used[i]) continue;
      // {1} among others is no 1.
      bool set_and_value =
          gold.size() > 1 && (wanted.kind == Kind::set) != (answer[i].kind == Kind::set);
      if (set_and_value) continue;
      Judgement one = compare_trees(wanted, answer[i], context);
      found = one.yes();
      if (one.truth == Truth::unknown) {
        open = true;
        last = one;
      }
      used[i] = found;
    }
    if (!found && !open) return judged(false, "nothing equals " + to_text(wanted));
    if (!found) all = last;
  }
  return all;
}

// A set holds nothing twice.
std::vector<Node> without_repeats(const std::vector<Node>& parts, Context& context) {
  std::vector<Node> out;
  for (const Node& part : parts) {
    bool again = std::any_of(out.begin(), out.end(), [&](const Node& other) {
      return part == other || compare_trees(other, part, context).yes();
    });
    if (!again) out.push_back(part);
  }
  return out;
}

std::vector<Node> elements(const Node& node) {
  return is_collection(node) ? node.parts : std::vector<Node>{node};
}

// Whether the values are given to more than one name: "x = 1, y = 2".
bool has_several_names(const std::vector<Node>& parts) {
  std::vector<std::string> names;
  for (const Node& part : parts)
    if (assigned_value(part)) collect_symbols(part.parts[0], names);
  return names.size() > 1;
}

Judgement compare_collections(const Node& gold, const Node& answer, Context& context) {
  std::vector<Node> wanted = elements(gold);
  std::vector<Node> given = elements(answer);
  if (wanted.size() > elements_max || given.size() > elements_max)
    return compare_ordered(wanted, given, context);
  auto dots = [](const Node& node) { return node.kind == Kind::dots; };
  if (std::any_of(wanted.begin(), wanted.end(), dots) ||
      std::any_of(given.begin(), given.end(), dots))
    return compare_ordered(wanted, given, context);
  if (has_several_names(wanted) != has_several_names(given))
    return judged(false, "values of several names");
  if (gold.kind == Kind::set && answer.kind == Kind::set && wanted.size() != given.size()) {
    wanted = without_repeats(wanted, context);
    given = without_repeats(given, context);
  }
  return match(wanted, given, context);
}

bool is_column(const Node& node) {
  return node.kind == Kind::matrix && std::all_of(node.parts.begin(), node.parts.end(),
                                          [](const Node& row) { return row.parts.size() == 1; });
}

std::vector<Node> column(const Node& matrix) {
  std::vector<Node> out;
  for (const Node& row : matrix.parts) out.push_back(row.parts[0]);
  return out;
}

Judgement compare_bracketed(const Node& gold, const Node& answer, Context& context) {
  if (gold.kind == answer.kind) {
    if (gold.text != answer.text) return judged(false, "different brackets");
    return compare_ordered(gold.parts, answer.parts, context);
  }
  // A column is the vector that (a, b, c) writes in a row.
  auto round = [](const Node& node) { return node.kind == Kind::tuple && node.text == "()"; };
  if (is_column(gold) && round(answer)) return compare_ordered(column(gold), answer.parts, context);
  if (round(gold) && is_column(answer)) return compare_ordered(gold.parts, column(answer), context);
  return judged(false, "of different kinds");
}

bool is_bracketed(const Node& node) {
  return node.kind == Kind::tuple || node.kind == Kind::matrix;
}

bool is_set_operation(const Node& node) {
  return node.kind == Kind::unite || node.kind == Kind::intersect || node.kind == Kind::without;
}

bool is_relations(const Node& node) {
  return node.kind == Kind::list &&
         std::all_of(node.parts.begin(), node.parts.end(),
             [](const Node& part) { return part.kind == Kind::relation; });
}

// "x > a", "x < a or x > b"
bool is_solved(const Node& node) {
  return node.kind == Kind::relation || is_relations(node);
}

// As sets of real numbers, if either must be one.
std::optional<Judgement> compare_sets(const Node& gold, const Node& answer, Context& context) {
  bool sets = is_interval_set(gold) || is_interval_set(answer);
  if (!sets || (gold.kind == Kind::relation && answer.kind == Kind::relation)) return std::nullopt;
  if (auto said = compare_real_sets(gold, answer, context)) return said;
  auto wanted = to_pieces(gold, is_solved(gold) ? variable_beside(gold, answer) : "");
  auto given = to_pieces(answer, is_solved(answer) ? variable_beside(answer, gold) : "");
  if (wanted && given) return compare_pieces(*wanted, *given, context);
  return std::nullopt;
}

// "C(5, 2)" where a number is wanted, and not a point of that name.
Node with_combinations(const Node& node) {
  if (!contains(node, Kind::tuple)) return node;
  Node out = make(node.kind, node.text);
  for (const Node& part : node.parts) {
    bool pair = part.kind == Kind::tuple && part.text == "()" && part.parts.size() == 2;
    bool chosen = pair && node.kind == Kind::product && !out.parts.empty() &&
                  out.parts.back() == make(Kind::symbol, "C");
    if (chosen) {
      out.parts.back() = make(Kind::binomial, part.parts[0], part.parts[1]);
    } else {
      out.parts.push_back(with_combinations(part));
    }
  }
  if (out.kind == Kind::product && out.parts.size() == 1) return Node(out.parts[0]);
  return out;
}

// "a < b ≤ c"
bool is_order_chain(const Node& node) {
  return node.kind == Kind::relation && node.parts.size() > 2 &&
         node.text.find_first_not_of("<>{}") == std::string::npos;
}

// Families need a variable.
bool may_count(const Node& node) {
  return node.kind != Kind::number && node.kind != Kind::symbol && contains(node, Kind::symbol);
}

// No ± is left.
Judgement compare_expanded(const Node& gold, const Node& answer, Context& context) {
  if (is_set_operation(gold) || is_set_operation(answer)) {
    Node wanted = with_listed_sets(gold, context);
    Node given = with_listed_sets(answer, context);
    if (wanted != gold || given != answer) return compare_expanded(wanted, given, context);
  }
  if (may_count(gold) && may_count(answer))
    if (auto said = compare_families(gold, answer, context)) return *said;
  if (auto said = compare_sets(gold, answer, context)) return *said;
  if ((is_order_chain(gold) && is_relations(answer)) ||
      (is_relations(gold) && is_order_chain(answer)))
    return compare_linked(gold, answer, context);
  if (gold.kind == Kind::relation || answer.kind == Kind::relation) {
    if (!is_collection(gold) && !is_collection(answer))
      return compare_relations(gold, answer, context);
    // "x ∈ {1, 2}", "x = 1, 2"
    const Node& relation = gold.kind == Kind::relation ? gold : answer;
    if (relation.text == std::string(1, sign::in) || relation.text == std::string(1, sign::equal))
      return compare_relations(gold, answer, context);
  }
  if (is_collection(gold) || is_collection(answer))
    return compare_collections(gold, answer, context);
  if (is_bracketed(gold) || is_bracketed(answer)) return compare_bracketed(gold, answer, context);
  if (is_set_operation(gold) || is_set_operation(answer)) {
    if (gold.kind != answer.kind) return judged(false, "of different kinds");
    return compare_ordered(gold.parts, answer.parts, context);
  }
  return compare_scalars(gold, answer, context);
}

}  // namespace

Judgement compare_trees(const Node& gold_read, const Node& answer_read, Context& context) {
  if (is_expression(gold_read) != is_expression(answer_read)) {
    Node gold = is_expression(gold_read) ? gold_read : with_combinations(gold_read);
    Node answer = is_expression(answer_read) ? answer_read : with_combinations(answer_read);
    if (is_expression(gold) && is_expression(answer)) return compare_trees(gold, answer, context);
  }
  auto arrays = [](const Node& node) {
    return contains(node, Kind::matrix) ||
           (node.kind != Kind::tuple && contains(node, Kind::tuple)) ||
           (node.kind == Kind::tuple && node.text == "[]");
  };
  if (arrays(gold_read) || arrays(answer_read)) {
    Node gold = with_computed_matrices(gold_read);
    Node answer = with_computed_matrices(answer_read);
    if (gold != gold_read || answer != answer_read) return compare_trees(gold, answer, context);
  }
  bool signs = contains(gold_read, Kind::plus_minus) || contains(answer_read, Kind::plus_minus);
  Node gold_signs;
  Node answer_signs;
  if (signs) {
    gold_signs = expanded(gold_read);
    answer_signs = expanded(answer_read);
  }
  return compare_expanded(
      signs ? gold_signs : gold_read, signs ? answer_signs : answer_read, context);
}

}  // namespace tramontane::maths
