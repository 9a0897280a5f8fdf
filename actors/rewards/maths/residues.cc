#include "actors/rewards/maths/residues.h"

#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/quantities.h"

#include <algorithm>
#include <utility>

namespace tramontane::maths {

namespace {

// "3:40", "12:00:05"
bool is_like_time(const Node& ratio) {
  const Node& hours = ratio.parts[0];
  if (hours.kind != Kind::number || hours.text.size() > 2) return false;
  return std::all_of(ratio.parts.begin() + 1, ratio.parts.end(), [](const Node& part) {
    return part.kind == Kind::number && part.text.size() == 2 && part.text < "60";
  });
}

Judgement compare_parts(const Node& gold, const Node& answer, Context& context) {
  Judgement all = judged(true, "part by part");
  for (std::size_t i = 0; i < gold.parts.size(); ++i) {
    Judgement one = compare_scalars(gold.parts[i], answer.parts[i], context);
    if (one.truth == Truth::no) return one;
    if (one.truth == Truth::unknown) all = one;
  }
  return all;
}

// a:b:c = d:e:f if a·e = b·d and b·f = c·e, and none is zero.
Judgement compare_proportions(const Node& gold, const Node& answer, Context& context) {
  Judgement all = judged(true, "as ratios");
  for (const Node* side : {&gold, &answer})
    for (const Node& part : side->parts)
      if (compare_scalars(part, integer(0), context).truth != Truth::no)
        return unknown("a ratio with a part that may be zero");
  for (std::size_t i = 0; i + 1 < gold.parts.size(); ++i) {
    Judgement one = compare_scalars(make(Kind::product, gold.parts[i], answer.parts[i + 1]),
        make(Kind::product, gold.parts[i + 1], answer.parts[i]), context);
    if (one.truth == Truth::no) return judged(false, "different ratios: " + one.rule);
    if (one.truth == Truth::unknown) all = one;
  }
  return all;
}

}  // namespace

Judgement compare_ratios(const Node& gold, const Node& answer, Context& context) {
  if (gold.kind == answer.kind) {
    if (gold.parts.size() != answer.parts.size()) return judged(false, "a ratio of other form");
    Judgement parts = compare_parts(gold, answer, context);
    if (parts.truth != Truth::no || is_like_time(gold) || is_like_time(answer)) return parts;
    Judgement proportions = compare_proportions(gold, answer, context);
    return proportions.truth == Truth::unknown ? parts : proportions;
  }
  const Node& ratio = gold.kind == Kind::ratio ? gold : answer;
  const Node& other = gold.kind == Kind::ratio ? answer : gold;
  if (ratio.parts.size() != 2 || is_like_time(ratio) || !is_expression(other))
    return judged(false, "a ratio and none");
  Node quotient = make(Kind::quotient, ratio.parts[0], ratio.parts[1]);
  return gold.kind == Kind::ratio ? compare_scalars(quotient, other, context)
                                  : compare_scalars(other, quotient, context);
}

Judgement compare_residues(const Node& gold, const Node& answer, Context& context) {
  if (gold.kind != answer.kind) {
    bool left = gold.kind == Kind::residue;
    Judgement out =
        compare_scalars(left ? gold.parts[0] : gold, left ? answer : answer.parts[0], context);
    out.rule += ", the modulus left out";
    return out;
  }
  Judgement moduli = compare_scalars(gold.parts[1], answer.parts[1], context);
  if (!moduli.yes()) {
    moduli.rule = "different moduli: " + moduli.rule;
    return moduli;
  }
  Node turns = make(Kind::quotient,
      make(Kind::sum, gold.parts[0], make(Kind::negative, answer.parts[0])), gold.parts[1]);
  Fraction value;
  if (exact_value(turns, context.options.number_bits_max, value) == Exactness::exact)
    return judged(value.is_integer(), "as residues");
  return compare_scalars(gold.parts[0], answer.parts[0], context);
}

}  // namespace tramontane::maths
