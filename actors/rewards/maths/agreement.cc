#include "actors/rewards/maths/agreement.h"

#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/jumps.h"
#include "actors/rewards/maths/sampling.h"

#include <algorithm>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t agreeing_min = 3;

enum class Meeting : std::uint8_t { agree, differ, gold_unknown, answer_unknown };

// What is known of two values at one point.
struct Met {
  Meeting meeting = Meeting::gold_unknown;
  bool real = false;  // both
  bool gold_real = false;
  slong bits = 0;  // to which both are known
};

// More precision where it may help: to precision_bits_max. If `throughout`, values count as real
// that are so on the way, too: √a·√b is √(ab) where both letters are positive.
Met meet(const Node& gold, const Node& answer, const Point& point, const CompareOptions& options,
    bool throughout = false) {
  Met out;
  for (slong bits = options.precision_bits; bits <= static_cast<slong>(options.precision_bits_max);
       bits *= 2) {
    Enclosure x;
    Enclosure y;
    if (!enclose(gold, point, bits, x)) return {};
    bool known = enclose(answer, point, bits, y);
    out.gold_real = x.is_narrow() && x.is_real();
    out.meeting = x.is_narrow() ? Meeting::answer_unknown : Meeting::gold_unknown;
    if (!known) {
      if (x.is_narrow()) return out;
      continue;
    }
    if (!x.is_finite() || !y.is_finite()) continue;
    out.real = out.gold_real && y.is_narrow() && y.is_real();
    if (disjoint(x, y)) {
      auto real = [throughout](const Enclosure& value) {
        return value.is_real() && !(throughout && value.leaves_reals);
      };
      out.meeting = Meeting::differ;
      out.real = real(x) && real(y);
      out.gold_real = real(x);
      return out;
    }
    out.bits = std::min(x.known_bits(), y.known_bits());
    if (out.bits < Enclosure::narrow_bits) continue;
    out.meeting = Meeting::agree;
    return out;
  }
  return out;
}

struct Tally {
  std::uint32_t agreed = 0;
  std::uint32_t gold_unknown = 0;
  std::uint32_t answer_unknown = 0;
  std::uint32_t differ = 0;
  slong bits = 0;

  void add(const Met& met) {
    switch (met.meeting) {
      case Meeting::agree:
        bits = agreed == 0 ? met.bits : std::min(bits, met.bits);
        ++agreed;
        break;
      case Meeting::differ:
        ++differ;
        break;
      case Meeting::gold_unknown:
        ++gold_unknown;
        break;
      case Meeting::answer_unknown:
        ++answer_unknown;
        break;
    }
  }
};

bool has_imaginary(const Node& node) {
  if (node.kind == Kind::constant && node.text == "i") return true;
  if (node.kind == Kind::function && node.text == "cis") return true;
  return std::any_of(node.parts.begin(), node.parts.end(), has_imaginary);
}

Judgement concluded(const Tally& tally, bool whole) {
  if (tally.agreed < agreeing_min) {
    if (tally.answer_unknown > tally.gold_unknown || tally.answer_unknown >= agreeing_min)
      return judged(false, "the answer has no value that is known closely enough at " +
                               std::to_string(tally.answer_unknown) +
                               " points where the gold answer has one");
    return unknown("the gold answer has no value that is known closely enough at " +
                   std::to_string(tally.gold_unknown) + " points");
  }
  if (tally.answer_unknown > tally.agreed)
    return judged(false, "the answer has no value at most of the points");
  return judged(true, "equal at " + std::to_string(tally.agreed) +
                          (whole ? " whole numbers" : " points") + ", to " +
                          std::to_string(tally.bits) + " bits at least");
}

std::string shown(const Point& point) {
  std::string out;
  for (const auto& [name, value] : point)
    out += (out.empty() ? "" : ", ") + name + " = " + value.text();
  return out;
}

}  // namespace

Judgement compare_at_points(
    const Node& gold, const Node& answer, const std::vector<std::string>& names, Context& context) {
  Sample sample = choose_points(gold, answer, names, context.options);
  bool complex = has_imaginary(gold) || has_imaginary(answer);
  // |x| asks for both signs.
  bool throughout = !contains(gold, Kind::absolute) && !contains(answer, Kind::absolute);
  Tally real;
  Tally all;  // with the points where a side is not real
  for (bool breaks : {false, true}) {
    if (breaks)
      sample.points = points_at_breaks(gold, answer, names, sample.whole, context.options);
    for (const Point& point : sample.points) {
      Met met = meet(gold, answer, point, context.options, throughout);
      if (met.meeting == Meeting::differ && (complex || met.real))
        return judged(false, "values differ at " + shown(point));
      all.add(met);
      // An answer that leaves the reals where the gold answer does not has no value there.
      if (met.gold_real && met.meeting == Meeting::differ) met.meeting = Meeting::answer_unknown;
      if (met.gold_real) real.add(met);
    }
    // What has no value anywhere has none at its breakpoints.
    if (all.agreed == 0) break;
  }
  bool of_reals = !complex && real.agreed >= agreeing_min;
  if (!of_reals && all.differ > 0) return judged(false, "complex values differ");
  Judgement out = concluded(of_reals ? real : all, sample.whole);
  bool open = out.yes() && !sample.whole && adds_jumps(gold, answer, context);
  if (!open) return out;
  if (equal_as_parts(gold, answer, context) == Truth::yes)
    return judged(true, "the same whatever its parts are");
  return judged(false, out.rule + ", but the answer may jump between them");
}

namespace {

// What is proportional at points may vanish between them.
Judgement without_gaps(
    const Node& gold, const Node& answer, bool positive, Judgement sampled, Context& context) {
  if (!sampled.yes() || !may_vanish_between(gold, answer)) return sampled;
  if (proportional_as_parts(gold, answer, positive, context) == Truth::yes)
    return judged(true, "a constant factor, whatever the parts are");
  std::string why = sampled.rule + ", but the factor may be another between them";
  return may_vanish_between(gold, gold) ? unknown(why) : judged(false, why);
}

}  // namespace

Judgement proportional_at_points(const Node& gold, const Node& answer,
    const std::vector<std::string>& names, bool positive, Context& context) {
  Sample sample = choose_points(gold, answer, names, context.options);
  for (Point& point : points_at_breaks(gold, answer, names, sample.whole, context.options))
    sample.points.push_back(std::move(point));
  Node quotient = make(Kind::quotient, answer, gold);
  const auto bits = static_cast<slong>(2 * context.options.precision_bits);
  Enclosure first;
  Tally tally;
  for (const Point& point : sample.points) {
    Enclosure below;
    Enclosure value;
    bool known = enclose(gold, point, bits, below) && below.is_narrow();
    if (!known || !below.is_real() || acb_contains_zero(below.ball.get())) {
      ++tally.gold_unknown;
      continue;
    }
    Enclosure above;
    known = enclose(answer, point, bits, above) && above.is_narrow() && above.is_real() &&
            enclose(quotient, point, bits, value) && value.is_finite();
    if (!known) {
      ++tally.answer_unknown;
      continue;
    }
    if (acb_contains_zero(value.ball.get())) return judged(false, "one side is zero");
    if (positive && !arb_is_positive(acb_realref(value.ball.get())))
      return judged(false, "not a positive factor");
    if (tally.agreed == 0) {
      acb_set(first.ball.get(), value.ball.get());
      tally.bits = value.known_bits();
    } else if (disjoint(first, value)) {
      return judged(false, "no constant factor");
    }
    tally.bits = std::min(tally.bits, value.known_bits());
    if (value.is_narrow()) {
      ++tally.agreed;
    } else {
      ++tally.answer_unknown;
    }
  }
  Judgement out = concluded(tally, sample.whole);
  if (out.yes()) out.rule = "a constant factor: " + out.rule;
  return sample.whole ? out : without_gaps(gold, answer, positive, std::move(out), context);
}

bool has_values(const Node& node, const std::vector<std::string>& names, Context& context) {
  Sample sample = choose_points(node, node, names, context.options);
  std::uint32_t known = 0;
  for (const Point& point : sample.points)
    if (meet(node, node, point, context.options).meeting == Meeting::agree) ++known;
  return known >= agreeing_min;
}

}  // namespace tramontane::maths
