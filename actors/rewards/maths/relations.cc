#include "actors/rewards/maths/relations.h"

#include "actors/rewards/maths/expressions.h"
#include "actors/rewards/maths/intervals.h"
#include "actors/rewards/maths/quantities.h"
#include "actors/rewards/maths/structures.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace tramontane::maths {

namespace {

bool is_capital(const Node& node) {
  return node.kind == Kind::symbol && node.text.size() == 1 &&
         std::isupper(static_cast<unsigned char>(node.text[0])) != 0;
}

// x, x_1, f(x), AB, |AB|, \overline{AB}, "Area".
bool is_name(const Node& node) {
  switch (node.kind) {
    case Kind::symbol:
    case Kind::text:
      return true;
    case Kind::product:
      return std::all_of(node.parts.begin(), node.parts.end(), is_capital);
    case Kind::absolute:
      return is_name(node.parts[0]);
    default:
      return false;
  }
}

bool is_chain(const Node& node) {
  return node.kind == Kind::relation && node.text.find_first_not_of("=~") == std::string::npos;
}

bool is_constant(const Node& node) {
  std::vector<std::string> names;
  collect_symbols(node, names);
  return names.empty();
}

bool is_call(const Node& name) {
  return name.text.find('(') != std::string::npos || name.kind == Kind::text;
}

bool is_about(const Node& chain, std::size_t member) {
  return member > 0 && chain.text[member - 1] == sign::about;
}

// Whether the chain ends in "≈ gold", as a value does that is told with its approximation.
bool rounds_to(const Node& chain, const Node& gold) {
  for (std::size_t i = 1; i < chain.parts.size(); ++i)
    if (is_about(chain, i) && chain.parts[i] == gold) return true;
  return false;
}

// Gold is no relation. Every member of "name = a = b ≈ c" must be it.
Judgement compare_with_chain(const Node& gold, const Node& answer, Context& context) {
  constexpr std::uint32_t told_digits = 2;  // enough where the value itself stands beside
  std::size_t first = is_name(answer.parts[0]) && answer.parts[0] != gold ? 1 : 0;
  bool rounded = is_expression(gold) && rounds_to(answer, gold);
  Judgement all = judged(true, "every side of the equation");
  for (std::size_t i = first; i < answer.parts.size(); ++i) {
    const Node& member = answer.parts[i];
    Judgement one;
    // "√2 ≈ 1.41" rounds what stands before it, to as many digits as it likes.
    if (i > first && is_about(answer, i) && is_expression(gold) && is_expression(member)) {
      one = member == gold ? judged(true, "as shown")
                           : compare_rounded(gold, member, told_digits, context);
    } else {
      one = compare_trees(gold, member, context);
      // "2√2 ≈ 2.83" for 2.83.
      if (one.truth == Truth::no && rounded && is_expression(member)) {
        Judgement there = compare_rounded(member, gold, told_digits, context);
        if (there.truth != Truth::unknown) one = there;
      }
    }
    if (one.truth == Truth::no) return one;
    if (one.truth == Truth::unknown || all.yes()) all = one;
  }
  return all;
}

// The answer is no relation. It must be every member of "name = a = b", so that no side of an
// equation alone will do. What stands behind "≈" is the same value, rounded: the answer may be it.
Judgement compare_chain_with(const Node& gold, const Node& answer, Context& context) {
  Judgement all = judged(true, "every side of the equation");
  std::size_t first = is_name(gold.parts[0]) ? 1 : 0;
  for (std::size_t i = first; i < gold.parts.size(); ++i) {
    if (i > first && is_about(gold, i)) {
      if (compare_trees(gold.parts[i], answer, context).yes())
        return judged(true, "the approximation that the gold answer gives");
      continue;
    }
    Judgement one = compare_trees(gold.parts[i], answer, context);
    if (one.truth == Truth::no && !(i + 1 < gold.parts.size() && is_about(gold, i + 1))) return one;
    if (one.truth != Truth::yes || all.yes()) all = one;
  }
  return all;
}

Node difference(const Node& left, const Node& right) {
  return make(Kind::sum, left, make(Kind::negative, right));
}

// Brought to one side, with its sign turned to "<" or "≤" or "=".
struct OneSided {
  char code;
  Node node;
};

OneSided one_sided(const Node& relation) {
  char code = relation.text[0];
  bool turned = code == sign::more || code == sign::at_least;
  const Node& left = relation.parts[turned ? 1 : 0];
  const Node& right = relation.parts[turned ? 0 : 1];
  if (code == sign::more) code = sign::less;
  if (code == sign::at_least) code = sign::at_most;
  return {code, difference(left, right)};
}

Judgement compare_unsolved(const Node& gold, const Node& answer, Context& context);

std::vector<Node> links_of(const Node& node) {
  std::vector<Node> out;
  if (node.kind != Kind::relation) {
    for (const Node& part : node.parts)
      for (Node& link : links_of(part)) out.push_back(std::move(link));
    return out;
  }
  for (std::size_t i = 0; i + 1 < node.parts.size(); ++i)
    out.push_back(make(Kind::relation, node.text.substr(i, 1), {node.parts[i], node.parts[i + 1]}));
  return out;
}

// Each with its own: "a < b < c" is "c > b" and "b > a".
Judgement compare_links(
    const std::vector<Node>& gold, const std::vector<Node>& answer, Context& context) {
  if (gold.size() != answer.size()) return judged(false, "another number of relations");
  std::vector<bool> used(answer.size());
  for (const Node& wanted : gold) {
    bool found = false;
    for (std::size_t i = 0; i < answer.size() && !found; ++i) {
      if (used[i]) continue;
      Judgement one = compare_unsolved(wanted, answer[i], context);
      if (one.truth == Truth::unknown) return one;
      found = used[i] = one.yes();
    }
    if (!found) return judged(false, "nothing says " + to_text(wanted));
  }
  return judged(true, "relation by relation");
}

Judgement compare_unsolved(const Node& gold, const Node& answer, Context& context) {
  if (gold.parts.size() > 2 || answer.parts.size() > 2) {
    if (gold == answer) return judged(true, "the same relation");
    return compare_links(links_of(gold), links_of(answer), context);
  }
  bool plain = gold.parts.size() == 2 && answer.parts.size() == 2;
  for (const Node* side : {&gold, &answer})
    plain = plain && is_expression(side->parts[0]) && is_expression(side->parts[1]);
  if (!plain) return judged(gold == answer, "relations of the same form");
  OneSided left = one_sided(gold);
  OneSided right = one_sided(answer);
  if (left.code != right.code) return judged(false, "different relations");
  bool symmetric = left.code == sign::equal || left.code == sign::unequal;
  if (!symmetric && left.code != sign::less && left.code != sign::at_most)
    return judged(gold == answer, "relations of the same form");
  return compare_proportional(left.node, right.node, !symmetric, context);
}

Judgement compare_two(const Node& gold, const Node& answer, Context& context) {
  if (gold == answer) return judged(true, "the same relation");
  auto pieces = to_pieces(gold);
  if (pieces) {
    auto others = to_pieces(answer);
    if (!others) return judged(false, "not solved for one variable");
    std::vector<std::string> names;
    collect_symbols(gold, names);
    collect_symbols(answer, names);
    if (names.size() > 1 && gold.text != "E") return judged(false, "different variables");
    return compare_pieces(*pieces, *others, context);
  }
  // "2√2 ≈ 2.83" and "2√2 ≈ 2.828"
  bool abouts = is_chain(gold) && is_chain(answer) && is_about(gold, 1) && !is_name(gold.parts[0]);
  if (abouts) return compare_with_chain(gold.parts[0], answer, context);
  const Node* value = assigned_value(gold);
  const Node* other = assigned_value(answer);
  if (value && other) {
    const Node& name = gold.parts[0];
    const Node& other_name = answer.parts[0];
    if (name == other_name || is_call(name) != is_call(other_name)) {
      Judgement said = compare_trees(*value, *other, context);
      if (said.truth != Truth::no || is_constant(*value)) return said;
    } else if (is_constant(*value)) {
      return judged(false, "values of different names");
    }
  }
  if (value && is_constant(*value)) {
    if (is_chain(answer)) return compare_with_chain(*value, answer, context);
    return judged(false, "not solved");
  }
  return compare_unsolved(gold, answer, context);
}

}  // namespace

const Node* assigned_value(const Node& node) {
  if (!is_chain(node) || !is_name(node.parts[0])) return nullptr;
  return node.parts.size() == 2 && node.text[0] == sign::equal ? &node.parts[1] : nullptr;
}

Judgement compare_linked(const Node& gold, const Node& answer, Context& context) {
  return compare_links(links_of(gold), links_of(answer), context);
}

namespace {

// "5 = x" is "x = 5".
bool is_turned(const Node& node) {
  return node.kind == Kind::relation && node.text == std::string(1, sign::equal) &&
         node.parts[1].kind == Kind::symbol && is_expression(node.parts[0]) &&
         is_constant(node.parts[0]);
}

Node turned(const Node& node) {
  return make(Kind::relation, node.text, {node.parts[1], node.parts[0]});
}

}  // namespace

Judgement compare_relations(const Node& gold, const Node& answer, Context& context) {
  if (is_turned(gold)) return compare_relations(turned(gold), answer, context);
  if (is_turned(answer)) return compare_relations(gold, turned(answer), context);
  if (gold.kind == Kind::relation && answer.kind == Kind::relation)
    return compare_two(gold, answer, context);
  if (gold.kind == Kind::relation) {
    if (gold.text == std::string(1, sign::in)) return compare_trees(gold.parts[1], answer, context);
    if (is_chain(gold)) return compare_chain_with(gold, answer, context);
    return judged(false, "a relation and a value");
  }
  if (answer.text == std::string(1, sign::in) && is_name(answer.parts[0]))
    return compare_trees(gold, answer.parts[1], context);
  if (is_chain(answer)) return compare_with_chain(gold, answer, context);
  return judged(false, "a value and a relation");
}

}  // namespace tramontane::maths
