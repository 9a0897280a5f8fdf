#include "actors/rewards/maths/expressions.h"

#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/magnitude.h"
#include "actors/rewards/maths/number.h"
#include "actors/rewards/maths/symbolic.h"
#include "runtime/base/random.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::uint64_t sample_seed = 0x7261'6d6f'6e74'616e;
constexpr std::uint64_t sample_steps = 1U << 20;  // points of the grid on a unit of the domain
constexpr std::uint32_t agreeing_points_min = 3;

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

bool disjoint(const Ball& a, const Ball& b) {
  return !acb_overlaps(a.get(), b.get());
}

// Whether |value - shown| <= width·10^-decimals, for a number that is no fraction.
Truth near(const Ball& value, const Shown& shown, slong precision) {
  if (!arb_contains_zero(acb_imagref(value.get()))) return Truth::no;
  Ball off;
  acb_set_fmpq(off.get(), shown.value.get(), precision);
  acb_sub(off.get(), off.get(), value.get(), precision);
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

Judgement round_irrational(const Node& exact, const Shown& shown, Context& context) {
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  for (slong bits = 128; bits <= static_cast<slong>(context.options.precision_bits_max);
       bits *= 4) {
    Ball value;
    if (!enclose(exact, {}, bits, value)) break;
    Truth said = near(value, shown, bits);
    if (said != Truth::unknown) return {said, "rounded to the digits shown"};
  }
  return unknown("cannot be rounded to the digits shown");
}

Judgement compare_numbers(const Node& gold, const Node& answer, bool too_large, Context& context) {
  const auto& options = context.options;
  bool finite = false;
  for (slong bits = 128; bits <= static_cast<slong>(options.precision_bits_max); bits *= 4) {
    Ball x;
    Ball y;
    if (!enclose(gold, {}, bits, x)) return unknown("the gold answer has no value");
    if (!enclose(answer, {}, bits, y)) return unknown("the answer has no value");
    finite = acb_is_finite(x.get()) && acb_is_finite(y.get());
    if (finite && disjoint(x, y))
      return judged(false, "values differ at " + std::to_string(bits) + " bits");
  }
  if (too_large) return unknown("too large to compute");
  if (!finite) {
    if (is_no_number(gold, options.number_bits_max) != Truth::no)
      return unknown("the gold answer is no number");
    if (is_no_number(answer, options.number_bits_max) == Truth::yes)
      return judged(false, "the answer is no number");
    return unknown("cannot be evaluated");
  }
  switch (equal_numbers(gold, answer, options.number_bits_max)) {
    case Truth::yes:
      return judged(true, "proved equal");
    case Truth::no:
      return judged(false, "proved different");
    case Truth::unknown:
      break;
  }
  return unknown(
      "agree to " + std::to_string(options.precision_bits_max) + " bits, and nothing is proved");
}

Point random_point(const std::vector<std::string>& names, double low, double high, Random& random) {
  Point point;
  auto steps = static_cast<std::uint64_t>((high - low) * static_cast<double>(sample_steps));
  for (const std::string& variable : names) {
    Fraction where;
    auto step = static_cast<slong>(random.below(std::max<std::uint64_t>(steps, 1)));
    auto offset = static_cast<slong>(low * static_cast<double>(sample_steps));
    fmpq_set_si(where.get(), offset + step, sample_steps);
    point.emplace_back(variable, where);
  }
  return point;
}

bool is_real(const Ball& ball) {
  return arb_contains_zero(acb_imagref(ball.get())) != 0;
}

// Whether the ball is so small, relative to its place, that two that meet agree.
bool is_sharp(const Ball& ball) {
  return acb_is_finite(ball.get()) &&
         (acb_rel_accuracy_bits(ball.get()) >= 64 || acb_contains_zero(ball.get()));
}

// Compares at one point: yes is agreement there; unknown does not count.
Truth at_point(const Node& gold, const Node& answer, const Point& point, bool only_real,
    const CompareOptions& options) {
  for (slong bits = options.precision_bits; bits <= static_cast<slong>(options.precision_bits_max);
       bits *= 2) {
    Ball x;
    Ball y;
    if (!enclose(gold, point, bits, x) || !enclose(answer, point, bits, y)) return Truth::unknown;
    if (!acb_is_finite(x.get()) || !acb_is_finite(y.get())) continue;
    if (only_real && (!is_real(x) || !is_real(y))) return Truth::unknown;
    if (disjoint(x, y)) return Truth::no;
    if (is_sharp(x) && is_sharp(y)) return Truth::yes;
  }
  return Truth::unknown;
}

Judgement compare_at_points(
    const Node& gold, const Node& answer, const std::vector<std::string>& names, Context& context) {
  const auto& options = context.options;
  Random random(sample_seed);
  std::uint32_t agreed = 0;
  std::uint32_t undefined = 0;
  for (std::uint32_t i = 0; i < 2 * options.points; ++i) {
    bool positive = i < options.points;
    double low = positive ? options.domain_low : -options.domain_high;
    Point point = random_point(names, low, options.domain_high, random);
    switch (at_point(gold, answer, point, !positive, options)) {
      case Truth::no:
        return judged(false, "values differ at a random point");
      case Truth::yes:
        ++agreed;
        break;
      case Truth::unknown:
        ++undefined;
        break;
    }
  }
  if (agreed < agreeing_points_min)
    return unknown("undefined at " + std::to_string(undefined) + " random points");
  return judged(true, "equal at " + std::to_string(agreed) + " random points");
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
  return round_irrational(exact, *decimal, context);
}

Judgement compare_expressions(const Node& gold, const Node& answer, Context& context) {
  const auto& options = context.options;
  if (gold == answer && !contains(gold, Kind::quotient)) return judged(true, "the same expression");
  Fraction x;
  Fraction y;
  Exactness left = exact_value(gold, options.number_bits_max, x);
  Exactness right = exact_value(answer, options.number_bits_max, y);
  if (left == Exactness::undefined) return unknown("the gold answer divides by zero");
  if (right == Exactness::undefined) return judged(false, "the answer divides by zero");
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
      return round_irrational(gold_shown ? answer : gold, shown, context);
    }
  }
  if (both) return judged(false, "exact values differ: " + x.text() + " and " + y.text());
  if (names.empty() && one_is_beyond(gold, left, answer, right, options.number_bits_max))
    return judged(false, "one is too large to be the other");
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  if (names.empty()) {
    bool too_large = left == Exactness::too_large || right == Exactness::too_large;
    return compare_numbers(gold, answer, too_large, context);
  }
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
  // Not rational: the quotient has the same value everywhere.
  Node quotient = make(Kind::quotient, answer, gold);
  Random random(sample_seed);
  Ball first;
  std::uint32_t agreed = 0;
  const auto bits = static_cast<slong>(context.options.precision_bits);
  for (std::uint32_t i = 0; i < context.options.points; ++i) {
    Point point =
        random_point(names, context.options.domain_low, context.options.domain_high, random);
    Ball value;
    if (!enclose(quotient, point, bits, value) || !is_sharp(value)) continue;
    if (acb_contains_zero(value.get())) return judged(false, "one side is zero");
    if (positive && !arb_is_positive(acb_realref(value.get())))
      return judged(false, "not a positive factor");
    if (agreed++ == 0) {
      acb_set(first.get(), value.get());
    } else if (disjoint(first, value)) {
      return judged(false, "no constant factor");
    }
  }
  if (agreed < agreeing_points_min) return unknown("undefined at the random points");
  return judged(true, "a constant factor at random points");
}

}  // namespace tramontane::maths
