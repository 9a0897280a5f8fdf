#include "actors/rewards/maths/quantities.h"

#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/expressions.h"
#include "actors/rewards/maths/residues.h"

#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

enum class Beside : std::uint8_t { nothing, unit, percent, degrees };

struct Measured {
  Beside beside = Beside::nothing;
  Node value;
  std::string dimension;
  Node factor;
};

bool is_degree(const Node& node) {
  return node.kind == Kind::constant && node.text == "degree";
}

Measured measured(const Node& node) {
  if (node.kind == Kind::negative) {
    Measured out = measured(node.parts[0]);
    out.value = make(Kind::negative, std::move(out.value));
    return out;
  }
  if (node.kind == Kind::quantity) return {Beside::unit, node.parts[0], node.text, node.parts[1]};
  if (node.kind == Kind::percent) return {Beside::percent, node.parts[0], {}, {}};
  if (node.kind == Kind::product && is_degree(node.parts.back())) {
    Node value = node;
    value.parts.pop_back();
    if (value.parts.size() == 1) value = Node(value.parts[0]);
    return {Beside::degrees, std::move(value), {}, {}};
  }
  return {Beside::nothing, node, {}, {}};
}

Judgement compare_plain(const Node& gold, const Node& answer, Context& context) {
  if (gold.kind == Kind::text || answer.kind == Kind::text)
    return judged(gold == answer, "as words");
  if (gold.kind == Kind::based || answer.kind == Kind::based) {
    bool both = gold.kind == answer.kind;
    // Digits whose base is not said are those of the base that was asked for.
    bool same = both ? gold == answer
                     : gold.text == answer.text &&
                           (gold.kind == Kind::number || answer.kind == Kind::number);
    return judged(same && gold.kind == Kind::based, "digits in a base");
  }
  int sign = infinite_sign(gold);
  if (sign != 0 || infinite_sign(answer) != 0)
    return judged(sign == infinite_sign(answer), "infinity");
  if (gold.kind == Kind::residue || answer.kind == Kind::residue)
    return compare_residues(gold, answer, context);
  if (gold.kind == Kind::ratio || answer.kind == Kind::ratio)
    return compare_ratios(gold, answer, context);
  if (is_expression(gold) && is_expression(answer))
    return compare_expressions(gold, answer, context);
  if (gold == answer) return judged(true, "the same form");
  return judged(false, "of different kinds");
}

// Below, a number without its percent sign is a probability.
bool above_one(const Node& value, std::uint32_t bits_max) {
  Fraction exact;
  if (exact_value(value, bits_max, exact) != Exactness::exact) return false;
  fmpq_abs(exact.get(), exact.get());
  return fmpz_cmp(exact.top(), exact.bottom()) > 0;
}

// One side has a unit and the other none.
Judgement compare_one_sided(const Measured& gold, const Measured& answer, Context& context) {
  Judgement plain = compare_plain(gold.value, answer.value, context);
  const Measured& with = gold.beside == Beside::nothing ? answer : gold;
  if (with.beside == Beside::unit) {
    plain.rule += ", the unit left out";
    return plain;
  }
  bool percent = with.beside == Beside::percent;
  bool strict = percent && (context.options.percent == PercentRule::strict ||
                               !above_one(gold.value, context.options.number_bits_max));
  if (plain.yes() && !strict) {
    plain.rule += percent ? ", the percent sign left out" : ", the degree sign left out";
    return plain;
  }
  // 10% = 1/10, 90° = π/2
  auto full = [percent](const Measured& side) {
    if (side.beside == Beside::nothing) return side.value;
    return percent ? make(Kind::percent, side.value)
                   : make(Kind::product, side.value, make(Kind::constant, "degree"));
  };
  Judgement valued = compare_plain(full(gold), full(answer), context);
  if (valued.yes() || strict || plain.truth == Truth::no) return valued;
  return plain;
}

Judgement compare_measured(const Measured& gold, const Measured& answer, Context& context) {
  if (gold.beside == Beside::nothing && answer.beside == Beside::nothing)
    return compare_plain(gold.value, answer.value, context);
  if (gold.beside == Beside::nothing || answer.beside == Beside::nothing)
    return compare_one_sided(gold, answer, context);
  if (gold.beside != answer.beside) return judged(false, "different units");
  if (gold.beside != Beside::unit) return compare_plain(gold.value, answer.value, context);
  if (gold.dimension != answer.dimension)
    return judged(false, "different units: " + gold.dimension + " and " + answer.dimension);
  if (gold.factor == answer.factor) return compare_plain(gold.value, answer.value, context);
  return compare_plain(make(Kind::product, gold.value, gold.factor),
      make(Kind::product, answer.value, answer.factor), context);
}

}  // namespace

int infinite_sign(const Node& node) {
  if (node.kind == Kind::infinity) return 1;
  if (node.kind == Kind::negative) return -infinite_sign(node.parts[0]);
  return 0;
}

Judgement compare_scalars(const Node& gold, const Node& answer, Context& context) {
  if (is_expression(gold) && is_expression(answer) && gold.kind == Kind::number &&
      answer.kind == Kind::number)
    return compare_expressions(gold, answer, context);
  return compare_measured(measured(gold), measured(answer), context);
}

}  // namespace tramontane::maths
