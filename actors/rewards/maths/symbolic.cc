#include "actors/rewards/maths/symbolic.h"

#include "actors/rewards/maths/calcium.h"
#include "actors/rewards/maths/exact.h"

namespace tramontane::maths {

namespace {

constexpr std::uint32_t exponent_max = 64;     // of a number that is no fraction
constexpr std::uint32_t denominator_max = 32;  // of an exponent

Truth to_truth(truth_t said) {
  return said == T_TRUE ? Truth::yes : said == T_FALSE ? Truth::no : Truth::unknown;
}

// Calcium's context, for one comparison.
class Calcium {
 public:
  explicit Calcium(std::uint32_t bits_max) : bits_max_(bits_max) { ca_ctx_init(context_); }

  Calcium(const Calcium&) = delete;
  Calcium& operator=(const Calcium&) = delete;

  ~Calcium() { ca_ctx_clear(context_); }

  ca_ctx_struct* get() { return context_; }

  bool value(const Node& node, ca_t out);

 private:
  bool exact(const Node& node, ca_t out);
  bool constant(const Node& node, ca_t out);
  bool of_two(const Node& node, ca_t out);
  bool of_one(const Node& node, ca_t out);
  bool power(const Node& node, ca_t out);
  bool root(const Node& node, ca_t out);
  bool function(const Node& node, ca_t out);
  bool extreme(const Node& node, ca_t out);

  std::uint32_t bits_max_;
  ca_ctx_t context_;
};

class Number {
 public:
  explicit Number(Calcium& calcium) : context_(calcium.get()) { ca_init(value_, context_); }

  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;

  ~Number() { ca_clear(value_, context_); }

  ca_struct* get() { return value_; }

 private:
  ca_ctx_struct* context_;
  ca_t value_;
};

bool Calcium::exact(const Node& node, ca_t out) {
  Fraction exact;
  if (exact_value(node, bits_max_, exact) != Exactness::exact) return false;
  ca_set_fmpq(out, exact.get(), context_);
  return true;
}

bool Calcium::value(const Node& node, ca_t out) {
  switch (node.kind) {
    case Kind::number:
      return exact(node, out);
    case Kind::constant:
      return constant(node, out);
    case Kind::sum:
    case Kind::product:
    case Kind::quotient:
    case Kind::logarithm:
      return of_two(node, out);
    case Kind::power:
      return exact(node, out) || power(node, out);
    case Kind::root:
      return exact(node, out) || root(node, out);
    case Kind::binomial:
      return exact(node, out);
    case Kind::function:
      return function(node, out);
    case Kind::factorial:
      return exact(node, out);
    case Kind::negative:
    case Kind::percent:
    case Kind::absolute:
    case Kind::floor:
    case Kind::ceiling:
      return of_one(node, out);
    default:
      return false;
  }
}

bool Calcium::constant(const Node& node, ca_t out) {
  if (node.text == "i") {
    ca_i(out, context_);
  } else if (node.text == "e") {
    ca_one(out, context_);
    ca_exp(out, out, context_);
  } else {
    ca_pi(out, context_);
    if (node.text == "degree") ca_div_ui(out, out, 180, context_);
  }
  return true;
}

bool Calcium::of_two(const Node& node, ca_t out) {
  if (!value(node.parts[0], out)) return false;
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    Number next(*this);
    if (!value(node.parts[i], next.get())) return false;
    switch (node.kind) {
      case Kind::sum:
        ca_add(out, out, next.get(), context_);
        break;
      case Kind::product:
        ca_mul(out, out, next.get(), context_);
        break;
      case Kind::quotient:
        ca_div(out, out, next.get(), context_);
        break;
      default:  // the logarithm of next to the base out
        ca_log(out, out, context_);
        ca_log(next.get(), next.get(), context_);
        ca_div(out, next.get(), out, context_);
    }
  }
  return true;
}

bool Calcium::of_one(const Node& node, ca_t out) {
  if (!value(node.parts[0], out)) return false;
  switch (node.kind) {
    case Kind::negative:
      ca_neg(out, out, context_);
      break;
    case Kind::percent:
      ca_div_ui(out, out, 100, context_);
      break;
    case Kind::absolute:
      ca_abs(out, out, context_);
      break;
    case Kind::floor:
      ca_floor(out, out, context_);
      break;
    case Kind::ceiling:
      ca_ceil(out, out, context_);
      break;
    default:
      return false;
  }
  return true;
}

bool Calcium::power(const Node& node, ca_t out) {
  const Node& base = node.parts[0];
  Fraction exponent;
  Exactness said = exact_value(node.parts[1], bits_max_, exponent);
  if (said == Exactness::too_large || said == Exactness::undefined) return false;
  if (said == Exactness::exact && !is_small(exponent, exponent_max, denominator_max)) return false;
  Number raised(*this);
  if (!value(node.parts[1], raised.get())) return false;
  if (base.kind == Kind::constant && base.text == "e") {
    ca_exp(out, raised.get(), context_);
    return true;
  }
  if (!value(base, out)) return false;
  ca_pow(out, out, raised.get(), context_);
  return true;
}

bool Calcium::root(const Node& node, ca_t out) {
  Fraction degree;
  if (exact_value(node.parts[1], bits_max_, degree) != Exactness::exact) return false;
  if (!degree.is_integer() || fmpz_sgn(degree.top()) <= 0) return false;
  if (!is_small(degree, denominator_max, 1) || !value(node.parts[0], out)) return false;
  if (fmpz_cmp_ui(degree.top(), 2) == 0) {
    ca_sqrt(out, out, context_);
    return true;
  }
  bool negative = fmpz_is_odd(degree.top()) && ca_check_is_negative_real(out, context_) == T_TRUE;
  if (negative) ca_neg(out, out, context_);
  fmpq_inv(degree.get(), degree.get());
  ca_pow_fmpq(out, out, degree.get(), context_);
  if (negative) ca_neg(out, out, context_);
  return true;
}

bool Calcium::extreme(const Node& node, ca_t out) {
  if (!value(node.parts[0], out)) return false;
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    Number next(*this);
    if (!value(node.parts[i], next.get())) return false;
    truth_t more = ca_check_gt(next.get(), out, context_);
    if (more == T_UNKNOWN) return false;
    if ((more == T_TRUE) == (node.text == "max")) ca_set(out, next.get(), context_);
  }
  return true;
}

bool Calcium::function(const Node& node, ca_t out) {
  if (exact(node, out)) return true;
  if (node.text == "max" || node.text == "min") return extreme(node, out);
  Number argument(*this);
  if (node.parts.size() != 1 || !value(node.parts[0], argument.get())) return false;
  ca_struct* x = argument.get();
  const std::string& name = node.text;
  if (name == "sin" || name == "csc") {
    ca_sin(out, x, context_);
  } else if (name == "cos" || name == "sec") {
    ca_cos(out, x, context_);
  } else if (name == "tan") {
    ca_tan(out, x, context_);
  } else if (name == "cot") {
    ca_cot(out, x, context_);
  } else if (name == "arcsin") {
    ca_asin(out, x, context_);
  } else if (name == "arccos") {
    ca_acos(out, x, context_);
  } else if (name == "arctan") {
    ca_atan(out, x, context_);
  } else if (name == "ln") {
    ca_log(out, x, context_);
  } else if (name == "exp") {
    ca_exp(out, x, context_);
  } else if (name == "cis") {
    ca_i(out, context_);
    ca_mul(out, out, x, context_);
    ca_exp(out, out, context_);
  } else if (name == "sinh" || name == "cosh") {
    ca_exp(x, x, context_);
    ca_inv(out, x, context_);
    (name == "sinh" ? ca_sub : ca_add)(out, x, out, context_);
    ca_div_ui(out, out, 2, context_);
  } else {
    return false;
  }
  if (name == "csc" || name == "sec") ca_inv(out, out, context_);
  return true;
}

}  // namespace

Truth equal_numbers(const Node& a, const Node& b, std::uint32_t bits_max) {
  Calcium calcium(bits_max);
  Number x(calcium);
  Number y(calcium);
  if (!calcium.value(a, x.get()) || !calcium.value(b, y.get())) return Truth::unknown;
  return to_truth(ca_check_equal(x.get(), y.get(), calcium.get()));
}

Truth is_no_number(const Node& node, std::uint32_t bits_max) {
  Calcium calcium(bits_max);
  Number x(calcium);
  if (!calcium.value(node, x.get())) return Truth::unknown;
  Truth number = to_truth(ca_check_is_number(x.get(), calcium.get()));
  return number == Truth::yes ? Truth::no : number == Truth::no ? Truth::yes : number;
}

}  // namespace tramontane::maths
