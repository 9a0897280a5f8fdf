#include "actors/rewards/maths/expressions.h"

#include "actors/rewards/maths/agreement.h"
#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/families.h"
#include "actors/rewards/maths/magnitude.h"
#include "actors/rewards/maths/number.h"
#include "actors/rewards/maths/symbolic.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tramontane::maths {

namespace {

// A decimal as it was shown: 1.25, -0.5, 6.02·10^23.
struct Shown {
  Fraction value;
  std::int64_t decimals = 0;
  std::size_t significant = 0;
  bool cut_off = false;
};

// The power of ten in "a·10^n"; nothing if the node is none.
std::optional<std::int64_t> power_of_ten(const Node& node) {
  if (node.kind != Kind::power || node.parts[0].text != "10") return std::nullopt;
  const Node* exponent = &node.parts[1];
  bool negative = exponent->kind == Kind::negative;
  if (negative) exponent = &exponent->parts[0];
  const std::string& digits = exponent->text;
  bool plain = exponent->kind == Kind::number && digits.size() <= 4 &&
               digits.find_first_not_of("0123456789") == std::string::npos;
  if (!plain) return std::nullopt;
  return negative ? -std::stol(digits) : std::stol(digits);
}

std::optional<Shown> as_shown(const Node& node, std::uint32_t bits_max) {
  const Node* number = &node;
  bool negative = number->kind == Kind::negative;
  if (negative) number = &number->parts[0];
  std::int64_t power = 0;
  if (number->kind == Kind::product && number->parts.size() == 2) {
    auto ten = power_of_ten(number->parts[1]);
    if (!ten) return std::nullopt;
    power = *ten;
    number = &number->parts[0];
  }
  if (number->kind != Kind::number) return std::nullopt;
  auto decimal = parse_decimal(number->text);
  if (!decimal || !decimal->point) return std::nullopt;
  Shown shown;
  shown.decimals = -(decimal->exponent + power);
  shown.significant = significant_digits(*decimal);
  shown.cut_off = decimal->cut_off;
  if (exact_value(node, bits_max, shown.value) != Exactness::exact) return std::nullopt;
  return shown;
}

// Whether |value - shown| <= width·10^-decimals, for a number that is no fraction. A value whose
// imaginary part is only known to hold zero somewhere is not known to be real.
Truth near(const Enclosure& value, const Shown& shown, slong precision) {
  if (!value.is_finite()) return Truth::unknown;
  if (!value.is_real()) return Truth::no;
  if (!value.is_narrow()) return Truth::unknown;
  Ball off;
  acb_set_fmpq(off.get(), shown.value.get(), precision);
  acb_sub(off.get(), off.get(), value.ball.get(), precision);
  Fraction width;
  fmpz_set_ui(width.top(), 10);
  fmpq_pow_si(width.get(), width.get(), static_cast<slong>(-shown.decimals));
  if (!shown.cut_off) fmpq_div_2exp(width.get(), width.get(), 1);
  Ball limit;
  acb_set_fmpq(limit.get(), width.get(), precision);
  arb_abs(acb_realref(off.get()), acb_realref(off.get()));
  if (arb_le(acb_realref(off.get()), acb_realref(limit.get()))) return Truth::yes;
  if (arb_gt(acb_realref(off.get()), acb_realref(limit.get()))) return Truth::no;
  return Truth::unknown;
}

bool rounds(const Fraction& exact, const Shown& shown) {
  return is_rounded(exact, shown.value, shown.decimals, shown.cut_off);
}

bool enough_digits(const Shown& shown, std::uint32_t digits_min) {
  return shown.significant + (shown.cut_off ? 1 : 0) >= digits_min;
}

// `of_gold` says whose value is rounded.
Judgement round_irrational(const Node& exact, const Shown& shown, bool of_gold, Context& context) {
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  for (slong bits = 128; bits <= static_cast<slong>(context.options.precision_bits_max);
       bits *= 2) {
    Enclosure value;
    if (!enclose(exact, {}, bits, value)) break;
    Truth said = near(value, shown, bits);
    if (said != Truth::unknown)
      return {said,
          "rounded to the digits shown, known to " + std::to_string(value.known_bits()) + " bits"};
  }
  if (!of_gold) return judged(false, "the answer's value cannot be known closely enough to round");
  return unknown("the gold answer cannot be rounded to the digits shown");
}

Judgement compare_numbers(const Node& gold, const Node& answer, Context& context) {
  const auto& options = context.options;
  Enclosure x;
  Enclosure y;
  for (slong bits = 128; bits <= static_cast<slong>(options.precision_bits_max); bits *= 2) {
    if (!enclose(gold, {}, bits, x)) return unknown("the gold answer has no value");
    if (!enclose(answer, {}, bits, y)) {
      if (x.is_narrow()) return judged(false, "the answer has no value");
    } else if (x.is_finite() && y.is_finite() && disjoint(x, y)) {
      return judged(false, "values differ at " + std::to_string(bits) + " bits");
    }
  }
  // What cannot be enclosed can be proved.
  switch (equal_numbers(gold, answer, options.number_bits_max)) {
    case Truth::yes:
      return judged(true, "proved equal");
    case Truth::no:
      if (x.is_finite()) return judged(false, "proved different");
      break;
    case Truth::unknown:
      break;
  }
  if (!x.is_finite()) return unknown("the gold answer is no number, or cannot be evaluated");
  if (!x.is_narrow()) return unknown("the gold answer's value cannot be known closely enough");
  if (!y.is_finite()) return judged(false, "the answer is no number, or cannot be evaluated");
  if (!y.is_narrow())
    return judged(false, "the answer's value is known to " + std::to_string(y.known_bits()) +
                             " bits only, the gold answer's to " + std::to_string(x.known_bits()));
  return unknown("agree to " + std::to_string(std::min(x.known_bits(), y.known_bits())) +
                 " bits, and nothing is proved");
}

// One is exact, hence below 2^bits; the other, or its opposite, certainly above.
bool one_is_beyond(
    const Node& gold, Exactness left, const Node& answer, Exactness right, std::uint32_t bits) {
  bool answer_large = left == Exactness::exact && right == Exactness::too_large;
  bool gold_large = right == Exactness::exact && left == Exactness::too_large;
  if (!answer_large && !gold_large) return false;
  const Node& large = answer_large ? answer : gold;
  return exceeds(large.kind == Kind::negative ? large.parts[0] : large, bits);
}

}  // namespace

Judgement compare_rounded(
    const Node& exact, const Node& shown, std::uint32_t digits_min, Context& context) {
  auto decimal = as_shown(shown, context.options.number_bits_max);
  if (!decimal) return judged(false, "not a decimal");
  if (!enough_digits(*decimal, digits_min)) return judged(false, "too few digits");
  Fraction value;
  if (exact_value(exact, context.options.number_bits_max, value) == Exactness::exact)
    return judged(rounds(value, *decimal), "rounded to the digits shown");
  return round_irrational(exact, *decimal, true, context);
}

namespace {

// The answer divides by zero. The gold answer may do so, too, where its variables hide it.
Judgement compare_with_undefined(const Node& gold, Exactness left, Context& context) {
  if (left == Exactness::exact) return judged(false, "the answer divides by zero");
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  if (can_evaluate(gold, context)) return judged(false, "the answer divides by zero");
  return unknown("neither answer has a value");
}

}  // namespace

Judgement compare_expressions(const Node& gold, const Node& answer, Context& context) {
  const auto& options = context.options;
  if (gold.kind == Kind::sum && answer.kind == Kind::sum) {
    Node renamed = with_constant_named(answer, gold);
    if (renamed != answer) return compare_expressions(gold, renamed, context);
  }
  if (contains(answer, Kind::series) && !contains(gold, Kind::series))
    return judged(false, "the answer is a sum or product that is not computed");
  if (gold == answer && !contains(gold, Kind::quotient)) return judged(true, "the same expression");
  Fraction x;
  Fraction y;
  Exactness left = exact_value(gold, options.number_bits_max, x);
  Exactness right = exact_value(answer, options.number_bits_max, y);
  if (left == Exactness::undefined) return unknown("the gold answer divides by zero");
  if (right == Exactness::undefined) return compare_with_undefined(gold, left, context);
  if (gold == answer) return judged(true, "the same expression");
  bool both = left == Exactness::exact && right == Exactness::exact;
  if (both && x == y) return judged(true, "exactly " + x.text());

  auto gold_shown = as_shown(gold, options.number_bits_max);
  auto answer_shown = as_shown(answer, options.number_bits_max);
  std::vector<std::string> names;
  collect_symbols(gold, names);
  collect_symbols(answer, names);
  if (gold_shown.has_value() != answer_shown.has_value() && names.empty()) {
    const Shown& shown = gold_shown ? *gold_shown : *answer_shown;
    if (!enough_digits(shown, options.decimal_digits_min)) {
      if (both) return judged(false, "exact values differ; too few digits for a rounded one");
    } else if (both) {
      return judged(rounds(gold_shown ? y : x, shown), "rounded to the digits shown");
    } else {
      return round_irrational(gold_shown ? answer : gold, shown, !gold_shown, context);
    }
  }
  if (both) return judged(false, "exact values differ: " + x.text() + " and " + y.text());
  if (names.empty() && one_is_beyond(gold, left, answer, right, options.number_bits_max))
    return judged(false, "one is too large to be the other");
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  if (names.empty()) return compare_numbers(gold, answer, context);
  Truth proved = equal_functions(gold, answer, names);
  if (proved != Truth::unknown) return {proved, "as rational functions"};
  return compare_at_points(gold, answer, names, context);
}

Judgement compare_proportional(
    const Node& gold, const Node& answer, bool positive, Context& context) {
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  std::vector<std::string> names;
  collect_symbols(gold, names);
  collect_symbols(answer, names);
  if (names.empty()) return judged(false, "nothing to solve for");
  Truth proved = proportional_functions(answer, gold, names, positive);
  if (proved != Truth::unknown) return {proved, "up to a constant factor"};
  return proportional_at_points(gold, answer, names, positive, context);
}

bool can_evaluate(const Node& node, Context& context) {
  if (!is_expression(node))
    return std::all_of(node.parts.begin(), node.parts.end(),
        [&](const Node& part) { return can_evaluate(part, context); });
  Fraction value;
  if (exact_value(node, context.options.number_bits_max, value) == Exactness::exact) return true;
  std::vector<std::string> names;
  collect_symbols(node, names);
  if (names.empty()) {
    Enclosure known;
    // As compare_expressions does, whatever of it takes long.
    equal_numbers(node, node, context.options.number_bits_max);
    return enclose(node, {}, static_cast<slong>(context.options.precision_bits_max), known) &&
           known.is_narrow();
  }
  return equal_functions(node, node, names) == Truth::yes || has_values(node, names, context);
}

}  // namespace tramontane::maths
