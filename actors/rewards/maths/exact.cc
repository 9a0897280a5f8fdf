#include "actors/rewards/maths/exact.h"

#include "actors/rewards/maths/number.h"
#include "actors/rewards/maths/substitution.h"

#include <cstdlib>
#include <flint/fmpz.h>
#include <memory>

namespace tramontane::maths {

namespace {

constexpr std::size_t text_max = 48;
constexpr std::uint64_t factorial_max = 6000;
constexpr std::int64_t series_terms_max = 2000;  // of all series in a tree

class Evaluator {
 public:
  explicit Evaluator(std::uint32_t bits_max) : bits_max_(bits_max) {}

  Exactness value(const Node& node, Fraction& out) {
    Exactness said = computed(node, out);
    if (said == Exactness::exact && out.bits() > bits_max_) return Exactness::too_large;
    return said;
  }

 private:
  Exactness computed(const Node& node, Fraction& out) {
    switch (node.kind) {
      case Kind::number:
        return literal_value(node.text, bits_max_, out) ? Exactness::exact : Exactness::too_large;
      case Kind::sum:
        return folded(node, out, fmpq_add);
      case Kind::product:
        return folded(node, out, fmpq_mul);
      case Kind::quotient:
        return quotient(node, out);
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
      case Kind::negative:
      case Kind::percent:
      case Kind::absolute:
      case Kind::floor:
      case Kind::ceiling:
      case Kind::factorial:
        return of_one(node, out);
      default:
        return Exactness::not_rational;
    }
  }

  template <class Operation>
  Exactness folded(const Node& node, Fraction& out, Operation operation) {
    Exactness said = value(node.parts[0], out);
    for (std::size_t i = 1; i < node.parts.size() && said == Exactness::exact; ++i) {
      Fraction next;
      said = value(node.parts[i], next);
      if (said == Exactness::exact) operation(out.get(), out.get(), next.get());
      if (out.bits() > bits_max_) return Exactness::too_large;
    }
    return said;
  }

  Exactness quotient(const Node& node, Fraction& out) {
    Fraction below;
    Exactness said = value(node.parts[1], below);
    if (said == Exactness::exact && fmpq_is_zero(below.get())) return Exactness::undefined;
    if (said == Exactness::exact) said = value(node.parts[0], out);
    if (said == Exactness::exact) fmpq_div(out.get(), out.get(), below.get());
    return said;
  }

  Exactness of_one(const Node& node, Fraction& out) {
    Exactness said = value(node.parts[0], out);
    if (said != Exactness::exact) return said;
    switch (node.kind) {
      case Kind::negative:
        fmpq_neg(out.get(), out.get());
        break;
      case Kind::absolute:
        fmpq_abs(out.get(), out.get());
        break;
      case Kind::percent:
        fmpq_div_fmpz(out.get(), out.get(), hundred().top());
        break;
      case Kind::floor:
        fmpz_fdiv_q(out.top(), out.top(), out.bottom());
        break;
      case Kind::ceiling:
        fmpz_cdiv_q(out.top(), out.top(), out.bottom());
        break;
      case Kind::factorial: {
        if (!out.is_integer()) return Exactness::not_rational;
        if (fmpz_sgn(out.top()) < 0) return Exactness::undefined;
        if (fmpz_cmp_ui(out.top(), factorial_max) > 0) return Exactness::too_large;
        fmpz_fac_ui(out.top(), fmpz_get_ui(out.top()));
        break;
      }
      default:
        break;
    }
    if (node.kind == Kind::floor || node.kind == Kind::ceiling) fmpz_one(out.bottom());
    return said;
  }

  static Fraction hundred() {
    Fraction out;
    fmpz_set_ui(out.top(), 100);
    return out;
  }

  // base^(p/q), where it is rational.
  Exactness power(const Node& node, Fraction& out) {
    Fraction exponent;
    Exactness said = value(node.parts[1], exponent);
    if (said != Exactness::exact) return said;
    said = value(node.parts[0], out);
    if (said != Exactness::exact) return said;
    if (fmpq_is_zero(out.get())) {
      if (fmpq_sgn(exponent.get()) <= 0)
        return fmpq_is_zero(exponent.get()) ? one(out) : Exactness::undefined;
      return said;
    }
    if (fmpq_is_one(out.get())) return said;
    if (!exponent.is_integer()) {
      if (!fmpz_fits(exponent.bottom(), 64) || !extract_root(out, exponent.bottom()))
        return Exactness::not_rational;
    }
    return integer_power(out, exponent);
  }

  static Exactness one(Fraction& out) {
    fmpq_one(out.get());
    return Exactness::exact;
  }

  static bool fits(const fmpz* value) { return fmpz_abs_fits_ui(value) != 0; }

  static bool fmpz_fits(const fmpz* value, std::uint64_t at_most) {
    return fmpz_cmp_ui(value, at_most) <= 0;
  }

  Exactness integer_power(Fraction& out, const Fraction& exponent) const {
    bool unit = fmpz_is_one(out.bottom()) && fmpz_is_pm1(out.top());
    if (unit) {  // -1
      if (fmpz_is_even(exponent.top())) fmpq_one(out.get());
      return Exactness::exact;
    }
    if (!fits(exponent.top())) return Exactness::too_large;
    fmpz_t size;
    fmpz_init(size);
    fmpz_abs(size, exponent.top());
    std::uint64_t times = fmpz_get_ui(size);
    fmpz_clear(size);
    if (times > bits_max_ || times * out.bits() > bits_max_ + 2 * out.bits())
      return Exactness::too_large;
    auto signed_times = static_cast<slong>(times);
    fmpq_pow_si(out.get(), out.get(), fmpz_sgn(exponent.top()) < 0 ? -signed_times : signed_times);
    return Exactness::exact;
  }

  // The principal root stays rational only for what is not negative.
  static bool extract_root(Fraction& value, const fmpz* degree) {
    if (fmpq_sgn(value.get()) < 0) return false;
    Fraction out;
    auto n = static_cast<slong>(fmpz_get_ui(degree));
    if (!fmpz_root(out.top(), value.top(), n) || !fmpz_root(out.bottom(), value.bottom(), n))
      return false;
    value = out;
    return true;
  }

  Exactness root(const Node& node, Fraction& out) {
    Fraction degree;
    Exactness said = value(node.parts[1], degree);
    if (said == Exactness::exact) said = value(node.parts[0], out);
    if (said != Exactness::exact) return said;
    if (!degree.is_integer() || fmpz_sgn(degree.top()) <= 0) return Exactness::not_rational;
    // \sqrt[3]{-8} is the real root.
    bool negative = fmpq_sgn(out.get()) < 0 && fmpz_is_odd(degree.top());
    if (negative) fmpq_neg(out.get(), out.get());
    if (!fmpz_fits(degree.top(), 64) || !extract_root(out, degree.top()))
      return Exactness::not_rational;
    if (negative) fmpq_neg(out.get(), out.get());
    return said;
  }

  Exactness binomial(const Node& node, Fraction& out) {
    Fraction n;
    Fraction k;
    Exactness said = value(node.parts[0], n);
    if (said == Exactness::exact) said = value(node.parts[1], k);
    if (said != Exactness::exact) return said;
    if (!n.is_integer() || !k.is_integer()) return Exactness::not_rational;
    if (fmpz_sgn(n.top()) < 0 || fmpz_sgn(k.top()) < 0) return Exactness::not_rational;
    if (!fmpz_fits(n.top(), factorial_max) || !fmpz_fits(k.top(), factorial_max))
      return Exactness::too_large;
    fmpq_one(out.get());
    fmpz_bin_uiui(out.top(), fmpz_get_ui(n.top()), fmpz_get_ui(k.top()));
    return Exactness::exact;
  }

  // log_2 8, where the argument is a whole power of the base.
  Exactness logarithm(const Node& node, Fraction& out) {
    Fraction base;
    Fraction argument;
    Exactness said = value(node.parts[0], base);
    if (said == Exactness::exact) said = value(node.parts[1], argument);
    if (said != Exactness::exact) return said;
    if (fmpq_is_zero(argument.get()) || fmpq_is_one(base.get())) return Exactness::undefined;
    bool plain = base.is_integer() && argument.is_integer() && fmpz_cmp_ui(base.top(), 1) > 0 &&
                 fmpz_sgn(argument.top()) > 0;
    if (!plain) return Exactness::not_rational;
    fmpz_t rest;
    fmpz_init(rest);
    slong times = fmpz_remove(rest, argument.top(), base.top());
    bool whole = fmpz_is_one(rest) != 0;
    fmpz_clear(rest);
    if (!whole) return Exactness::not_rational;
    fmpq_set_si(out.get(), times, 1);
    return Exactness::exact;
  }

  Exactness function(const Node& node, Fraction& out) {
    const std::string& name = node.text;
    if (name == "double factorial") return double_factorial(node, out);
    bool whole = name == "gcd" || name == "lcm";
    bool known = whole || name == "max" || name == "min" || name == "sgn" ||
                 (name == "mod" && node.parts.size() == 2);
    if (!known) return Exactness::not_rational;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      Fraction next;
      Exactness said = value(node.parts[i], next);
      if (said != Exactness::exact) return said;
      if (whole && !next.is_integer()) return Exactness::not_rational;
      if (i == 0 && whole) fmpz_abs(next.top(), next.top());
      if (i == 0) {
        out = next;
      } else if (!combine(name, out, next)) {
        return Exactness::undefined;
      }
    }
    if (name == "sgn") fmpq_set_si(out.get(), fmpq_sgn(out.get()), 1);
    return Exactness::exact;
  }

  static bool combine(const std::string& name, Fraction& out, const Fraction& next) {
    if (name == "gcd") {
      fmpz_gcd(out.top(), out.top(), next.top());
    } else if (name == "lcm") {
      fmpz_lcm(out.top(), out.top(), next.top());
    } else if (name == "mod") {
      if (fmpq_sgn(next.get()) <= 0 || !next.is_integer() || !out.is_integer()) return false;
      fmpz_fdiv_r(out.top(), out.top(), next.top());
    } else if ((fmpq_cmp(next.get(), out.get()) > 0) == (name == "max")) {
      out = next;
    }
    return true;
  }

  // n(n-2)(n-4)…
  Exactness double_factorial(const Node& node, Fraction& out) {
    Exactness said = value(node.parts[0], out);
    if (said != Exactness::exact) return said;
    if (!out.is_integer() || fmpz_cmp_si(out.top(), -1) < 0) return Exactness::not_rational;
    if (fmpz_cmp_ui(out.top(), factorial_max) > 0) return Exactness::too_large;
    slong n = fmpz_get_si(out.top());
    fmpq_one(out.get());
    for (; n > 1; n -= 2) fmpz_mul_ui(out.top(), out.top(), static_cast<ulong>(n));
    return said;
  }

  Exactness series(const Node& node, Fraction& out) {
    Fraction from;
    Fraction to;
    Exactness said = value(node.parts[1], from);
    if (said == Exactness::exact) said = value(node.parts[2], to);
    if (said != Exactness::exact) return said;
    if (!from.is_integer() || !to.is_integer()) return Exactness::not_rational;
    if (fmpz_bits(from.top()) > 40 || fmpz_bits(to.top()) > 40) return Exactness::too_large;
    slong first = fmpz_get_si(from.top());
    slong last = fmpz_get_si(to.top());
    bool sums = node.text == "sum";
    if (last >= first) terms_ += last - first + 1;
    if (terms_ > series_terms_max) return Exactness::too_large;
    fmpq_set_si(out.get(), sums ? 0 : 1, 1);
    for (slong k = first; k <= last; ++k) {
      Fraction term;
      said = value(substituted(node.parts[3], node.parts[0].text, integer(k)), term);
      if (said != Exactness::exact) return said;
      (sums ? fmpq_add : fmpq_mul)(out.get(), out.get(), term.get());
      if (out.bits() > bits_max_) return Exactness::too_large;
    }
    return said;
  }

  std::uint32_t bits_max_;
  std::int64_t terms_ = 0;
};

void set_digits(fmpz* out, const std::string& digits) {
  fmpz_set_str(out, digits.c_str(), 10);
}

}  // namespace

std::string Fraction::text() const {
  if (bits() > 100000) return "a number of " + std::to_string(bits()) + " bits";
  std::unique_ptr<char, void (*)(void*)> digits(fmpq_get_str(nullptr, 10, value_), flint_free);
  std::string out(digits.get());
  if (out.size() > text_max)
    out = out.substr(0, text_max / 2) + "…" + out.substr(out.size() - text_max / 2);
  return out;
}

Exactness exact_value(const Node& node, std::uint32_t bits_max, Fraction& out) {
  return Evaluator(bits_max).value(node, out);
}

bool literal_value(const std::string& literal, std::uint32_t bits_max, Fraction& out) {
  auto decimal = parse_decimal(literal);
  if (!decimal) return false;
  if (static_cast<std::uint64_t>(std::llabs(decimal->exponent)) * 4 > bits_max) return false;
  set_digits(out.top(), decimal->digits);
  fmpz_one(out.bottom());
  if (!decimal->repeating.empty()) {
    // 0.1(6) = (1 + 6/9)·10^-1
    Fraction repeated;
    set_digits(repeated.top(), decimal->repeating);
    set_digits(repeated.bottom(), std::string(decimal->repeating.size(), '9'));
    fmpq_canonicalise(repeated.get());
    fmpq_add(out.get(), out.get(), repeated.get());
  }
  Fraction ten;
  fmpz_set_ui(ten.top(), 10);
  fmpq_pow_si(ten.get(), ten.get(), static_cast<slong>(decimal->exponent));
  fmpq_mul(out.get(), out.get(), ten.get());
  return out.bits() <= bits_max;
}

bool is_small(const Fraction& value, std::uint32_t top_max, std::uint32_t bottom_max) {
  return fmpz_bits(value.top()) < 40 && std::llabs(fmpz_get_si(value.top())) <= top_max &&
         fmpz_cmp_ui(value.bottom(), bottom_max) <= 0;
}

bool is_rounded(const Fraction& exact, const Fraction& shown, std::int64_t decimals, bool cut_off) {
  // |exact - shown|·10^decimals <= 1/2, or < 1
  Fraction off;
  fmpq_sub(off.get(), exact.get(), shown.get());
  fmpq_abs(off.get(), off.get());
  Fraction scale;
  fmpz_set_ui(scale.top(), 10);
  fmpq_pow_si(scale.get(), scale.get(), static_cast<slong>(decimals));
  fmpq_mul(off.get(), off.get(), scale.get());
  if (cut_off) return fmpz_cmp(off.top(), off.bottom()) < 0;
  fmpq_mul_2exp(off.get(), off.get(), 1);
  return fmpz_cmp(off.top(), off.bottom()) <= 0;
}

}  // namespace tramontane::maths
