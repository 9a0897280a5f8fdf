#include "actors/rewards/maths/enclosure.h"

#include "actors/rewards/maths/ball_functions.h"
#include "actors/rewards/maths/exact.h"

#include <algorithm>
#include <arb.h>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t literal_bits_max = 1U << 17;

constexpr std::int64_t series_terms_max = 2000;
constexpr slong exponent_cap = slong{1} << 40;  // of what is noted; larger is as hopeless

slong capped(const fmpz_t exponent) {
  if (fmpz_cmp_si(exponent, exponent_cap) > 0) return exponent_cap;
  if (fmpz_cmp_si(exponent, -exponent_cap) < 0) return -exponent_cap;
  return fmpz_get_si(exponent);
}

bool is_saturating(const std::string& function) {
  return function == "tanh" || function == "coth";
}

class Encloser {
 public:
  Encloser(const Point& point, slong precision, Enclosure& out)
      : point_(point), precision_(precision), out_(out) {}

  bool value(const Node& node, acb_t out) {
    if (!computed(node, out)) return false;
    if (!acb_is_real(out)) out_.leaves_reals = true;
    if (mixed_ > 0) note(out);
    return true;
  }

 private:
  // What is added to something, or put into a function, may get lost there.
  class Mixed {
   public:
    explicit Mixed(Encloser& encloser) : encloser_(encloser) { ++encloser_.mixed_; }

    Mixed(const Mixed&) = delete;
    Mixed& operator=(const Mixed&) = delete;

    ~Mixed() { --encloser_.mixed_; }

   private:
    Encloser& encloser_;
  };

  void note(const acb_t value) {
    if (!acb_is_finite(value) || acb_is_zero(value)) return;
    mag_t size;
    mag_init(size);
    acb_get_mag(size, value);
    out_.largest = std::max(out_.largest, capped(MAG_EXPREF(size)));
    if (!acb_contains_zero(value)) {
      acb_get_mag_lower(size, value);
      out_.smallest = std::min(out_.smallest, capped(MAG_EXPREF(size)));
    }
    mag_clear(size);
  }

  bool computed(const Node& node, acb_t out) {
    switch (node.kind) {
      case Kind::number:
        return literal(node, out);
      case Kind::symbol:
        return variable(node, out);
      case Kind::constant:
        return constant(node, out);
      case Kind::sum: {
        Mixed mixed(*this);
        return folded(node, out, acb_add);
      }
      case Kind::product:
        return folded(node, out, acb_mul);
      case Kind::quotient:
        return of_two(node, out, acb_div);
      case Kind::power:
        return power(node, out);
      case Kind::root:
        return root(node, out);
      case Kind::binomial:
        return binomial(node, out);
      case Kind::logarithm:
        return logarithm(node, out);
      case Kind::function:
        return function(node, out);
      case Kind::series:
        return series(node, out);
      case Kind::floor:
      case Kind::ceiling:
        return rounded(node, out);
      case Kind::negative:
      case Kind::percent:
      case Kind::factorial:
      case Kind::absolute:
        return of_one(node, out);
      default:
        return false;
    }
  }

  bool literal(const Node& node, acb_t out) const {
    Fraction exact;
    if (!literal_value(node.text, literal_bits_max, exact)) return false;
    acb_set_fmpq(out, exact.get(), precision_);
    return true;
  }

  bool variable(const Node& node, acb_t out) const {
    for (const Point* known : {&running_, &point_})
      for (const auto& [name, where] : *known)
        if (name == node.text) {
          acb_set_fmpq(out, where.get(), precision_);
          return true;
        }
    return false;
  }

  bool constant(const Node& node, acb_t out) const {
    if (node.text == "i") {
      acb_onei(out);
    } else if (node.text == "e") {
      acb_one(out);
      acb_exp(out, out, precision_);
    } else {
      acb_const_pi(out, precision_);
      if (node.text == "degree") acb_div_ui(out, out, 180, precision_);
    }
    return true;
  }

  using Binary = void (*)(acb_t, const acb_t, const acb_t, slong);

  bool folded(const Node& node, acb_t out, Binary operation) {
    if (!value(node.parts[0], out)) return false;
    for (std::size_t i = 1; i < node.parts.size(); ++i) {
      Ball next;
      if (!value(node.parts[i], next.get())) return false;
      operation(out, out, next.get(), precision_);
    }
    return true;
  }

  bool of_two(const Node& node, acb_t out, Binary operation) {
    Ball second;
    if (!value(node.parts[1], second.get()) || !value(node.parts[0], out)) return false;
    operation(out, out, second.get(), precision_);
    return true;
  }

  // A base may be as small as it likes, an exponent may not.
  bool power(const Node& node, acb_t out) {
    Ball exponent;
    {
      Mixed mixed(*this);
      if (!value(node.parts[1], exponent.get())) return false;
    }
    if (!value(node.parts[0], out)) return false;
    // Arb makes 1 of anything to the power 0: (7/0)^0 has no value all the same.
    if (acb_is_finite(out) == 0) {
      acb_indeterminate(out);
    } else {
      acb_pow(out, out, exponent.get(), precision_);
    }
    return true;
  }

  // What only whole numbers or fractions can decide: the floor of 2, gcd(12, 18).
  bool exact(const Node& node, acb_t out) const {
    Fraction value;
    if (exact_value(at_point(node), literal_bits_max, value) != Exactness::exact) return false;
    acb_set_fmpq(out, value.get(), precision_);
    return true;
  }

  bool rounded(const Node& node, acb_t out) {
    if (exact(node, out)) return true;
    Mixed mixed(*this);
    if (!value(node.parts[0], out) || !acb_is_real(out)) return false;
    auto round = node.kind == Kind::floor ? arb_floor : arb_ceil;
    round(acb_realref(out), acb_realref(out), precision_);
    return true;
  }

  bool of_one(const Node& node, acb_t out) {
    if (node.kind == Kind::factorial) ++mixed_;
    bool known = value(node.parts[0], out);
    if (node.kind == Kind::factorial) --mixed_;
    if (!known) return false;
    switch (node.kind) {
      case Kind::negative:
        acb_neg(out, out);
        break;
      case Kind::percent:
        acb_div_ui(out, out, 100, precision_);
        break;
      case Kind::factorial:
        acb_add_ui(out, out, 1, precision_);
        acb_gamma(out, out, precision_);
        break;
      case Kind::absolute: {
        arb_t size;
        arb_init(size);
        acb_abs(size, out, precision_);
        acb_set_arb(out, size);
        arb_clear(size);
        break;
      }
      default:
        return false;
    }
    return true;
  }

  bool root(const Node& node, acb_t out) {
    Ball degree;
    if (!value(node.parts[1], degree.get()) || !value(node.parts[0], out)) return false;
    bool square = acb_equal_si(degree.get(), 2) != 0;
    bool real = acb_is_real(out) && acb_is_real(degree.get());
    fmpz_t whole;
    fmpz_init(whole);
    bool odd = real && arb_get_unique_fmpz(whole, acb_realref(degree.get())) && fmpz_is_odd(whole);
    fmpz_clear(whole);
    if (square) {
      acb_sqrt(out, out, precision_);
      return true;
    }
    // An odd root of a negative number is the real one.
    bool negative = odd && arb_is_negative(acb_realref(out));
    if (negative) acb_neg(out, out);
    acb_inv(degree.get(), degree.get(), precision_);
    acb_pow(out, out, degree.get(), precision_);
    if (negative) acb_neg(out, out);
    return true;
  }

  // Γ(n+1) / (Γ(k+1) Γ(n-k+1))
  bool binomial(const Node& node, acb_t out) {
    Mixed mixed(*this);
    Ball n;
    Ball k;
    if (!value(node.parts[0], n.get()) || !value(node.parts[1], k.get())) return false;
    Ball rest;
    acb_sub(rest.get(), n.get(), k.get(), precision_);
    for (Ball* one : {&n, &k, &rest}) acb_add_ui(one->get(), one->get(), 1, precision_);
    acb_gamma(out, n.get(), precision_);
    for (Ball* one : {&k, &rest}) {
      acb_rgamma(one->get(), one->get(), precision_);
      acb_mul(out, out, one->get(), precision_);
    }
    return true;
  }

  bool logarithm(const Node& node, acb_t out) {
    Mixed mixed(*this);
    Ball base;
    if (!value(node.parts[0], base.get()) || !value(node.parts[1], out)) return false;
    acb_log(out, out, precision_);
    acb_log(base.get(), base.get(), precision_);
    acb_div(out, out, base.get(), precision_);
    return true;
  }

  bool function(const Node& node, acb_t out) {
    if (node.text == "max" || node.text == "min") return extreme(node, out);
    Mixed mixed(*this);
    if (node.parts.size() != 1 || node.text == "double factorial") return exact(node, out);
    if (!value(node.parts[0], out)) return false;
    if (is_saturating(node.text)) {
      // 1 - tanh t is of the order of e^-2t.
      mag_t size;
      mag_init(size);
      acb_get_mag(size, out);
      double exponent = std::min(3 * mag_get_d(size), static_cast<double>(exponent_cap));
      out_.largest = std::max(out_.largest, static_cast<slong>(exponent));
      mag_clear(size);
    }
    if (node.text == "sgn") return sign_of(out);
    BallFunction applied = find_ball_function(node.text);
    if (applied) applied(out, out, precision_);
    return applied != nullptr;
  }

  static bool sign_of(acb_t out) {
    if (!acb_is_real(out) || (acb_contains_zero(out) && !acb_is_zero(out))) return false;
    acb_set_si(out, arb_sgn_nonzero(acb_realref(out)));
    return true;
  }

  bool extreme(const Node& node, acb_t out) {
    auto choose = node.text == "max" ? arb_max : arb_min;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      Ball next;
      if (!value(node.parts[i], next.get()) || !acb_is_real(next.get())) return false;
      if (i == 0) {
        acb_set(out, next.get());
      } else {
        choose(acb_realref(out), acb_realref(out), acb_realref(next.get()), precision_);
      }
    }
    return !node.parts.empty();
  }

  // Term by term; the bounds must be whole numbers.
  bool series(const Node& node, acb_t out) {
    Fraction from;
    Fraction to;
    for (auto [bound, into] : {std::pair{1, &from}, std::pair{2, &to}})
      if (exact_value(at_point(node.parts[bound]), 64, *into) != Exactness::exact ||
          !into->is_integer() || fmpz_bits(into->top()) > 40)
        return false;
    slong first = fmpz_get_si(from.top());
    slong last = fmpz_get_si(to.top());
    terms_ += static_cast<std::int64_t>(last - first + 1);
    if (terms_ > series_terms_max) return false;
    bool sums = node.text == "sum";
    Mixed mixed(*this);
    acb_set_si(out, sums ? 0 : 1);
    bool known = true;
    for (slong k = first; k <= last && known; ++k) {
      Fraction at;
      fmpq_set_si(at.get(), k, 1);
      running_.emplace_back(node.parts[0].text, at);
      Ball term;
      known = value(node.parts[3], term.get());
      running_.pop_back();
      (sums ? acb_add : acb_mul)(out, out, term.get(), precision_);
    }
    return known;
  }

  Node at_point(const Node& node) const {
    Node out = substituted(node, running_);
    return substituted(out, point_);
  }

  const Point& point_;
  Point running_;  // the variables of the series around
  std::int64_t terms_ = 0;
  slong precision_;
  Enclosure& out_;
  std::uint32_t mixed_ = 0;
};

}  // namespace

slong Enclosure::known_bits() const {
  // Where t is small, cos t differs from 1 by t^2, and sin t from t by t^3.
  slong needed = narrow_bits + largest - 3 * smallest;
  if (precision < needed || !is_finite()) return 0;
  if (acb_is_exact(ball.get())) return precision;
  if (!acb_contains_zero(ball.get())) return std::min(acb_rel_accuracy_bits(ball.get()), precision);
  mag_t radius;
  mag_init(radius);
  acb_get_mag(radius, ball.get());
  slong bits = smallest - capped(MAG_EXPREF(radius));
  mag_clear(radius);
  return std::clamp<slong>(bits, 0, precision);
}

bool enclose(const Node& node, const Point& point, slong precision_bits, Enclosure& out) {
  out.precision = precision_bits;
  out.smallest = 0;
  out.largest = 0;
  out.leaves_reals = false;
  return Encloser(point, precision_bits, out).value(node, out.ball.get());
}

}  // namespace tramontane::maths
