// Rational functions through multivariate polynomials.
#include "actors/rewards/maths/calcium.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/symbolic.h"

#include <algorithm>
#include <cstdlib>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t exponent_max = 64;
constexpr slong terms_max = 600;  // of a numerator or denominator
constexpr slong degree_max = 300;

// Rational functions of some variables.
class Functions {
 public:
  explicit Functions(const std::vector<std::string>& names) : names_(names) {
    fmpz_mpoly_ctx_init(context_, static_cast<slong>(names.size()), ORD_LEX);
  }

  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  ~Functions() { fmpz_mpoly_ctx_clear(context_); }

  fmpz_mpoly_ctx_struct* get() { return context_; }

  bool value(const Node& node, fmpz_mpoly_q_t out);

  // Whether nothing but these is in it.
  bool is_of(const std::vector<std::string>& constants, const fmpz_mpoly_q_t x) const;

 private:
  bool folded(const Node& node, fmpz_mpoly_q_t out);
  bool power(const Node& node, fmpz_mpoly_q_t out);

  slong size(const fmpz_mpoly_q_t x) const {
    return std::max(fmpz_mpoly_length(fmpz_mpoly_q_numref(x), context_),
        fmpz_mpoly_length(fmpz_mpoly_q_denref(x), context_));
  }

  // Whether the product of two of these sizes may be formed.
  bool may_multiply(const fmpz_mpoly_q_t x, const fmpz_mpoly_q_t y) const {
    return size(x) * size(y) <= 8 * terms_max;
  }

  bool fits(const fmpz_mpoly_q_t x) const {
    if (size(x) > terms_max) return false;
    for (const auto* part : {fmpz_mpoly_q_numref(x), fmpz_mpoly_q_denref(x)})
      if (!fmpz_mpoly_total_degree_fits_si(part, context_) ||
          fmpz_mpoly_total_degree_si(part, context_) > degree_max)
        return false;
    return true;
  }

  const std::vector<std::string>& names_;
  fmpz_mpoly_ctx_t context_;
};

class Quotient {
 public:
  explicit Quotient(Functions& functions) : context_(functions.get()) {
    fmpz_mpoly_q_init(value_, context_);
  }

  Quotient(const Quotient&) = delete;
  Quotient& operator=(const Quotient&) = delete;

  ~Quotient() { fmpz_mpoly_q_clear(value_, context_); }

  fmpz_mpoly_q_struct* get() { return value_; }

 private:
  fmpz_mpoly_ctx_struct* context_;
  fmpz_mpoly_q_t value_;
};

bool Functions::folded(const Node& node, fmpz_mpoly_q_t out) {
  if (!value(node.parts[0], out)) return false;
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    Quotient next(*this);
    if (!value(node.parts[i], next.get()) || !may_multiply(out, next.get())) return false;
    if (node.kind == Kind::sum) {
      fmpz_mpoly_q_add(out, out, next.get(), context_);
    } else if (node.kind == Kind::product) {
      fmpz_mpoly_q_mul(out, out, next.get(), context_);
    } else {
      if (fmpz_mpoly_q_is_zero(next.get(), context_)) return false;
      fmpz_mpoly_q_div(out, out, next.get(), context_);
    }
    if (!fits(out)) return false;
  }
  return true;
}

bool Functions::power(const Node& node, fmpz_mpoly_q_t out) {
  Fraction exponent;
  if (exact_value(node.parts[1], 64, exponent) != Exactness::exact) return false;
  if (!exponent.is_integer() || !is_small(exponent, exponent_max, 1)) return false;
  Quotient base(*this);
  if (!value(node.parts[0], base.get())) return false;
  if (fmpz_sgn(exponent.top()) < 0) {
    if (fmpz_mpoly_q_is_zero(base.get(), context_)) return false;
    fmpz_mpoly_q_inv(base.get(), base.get(), context_);
  }
  fmpz_mpoly_q_one(out, context_);
  for (slong times = std::labs(fmpz_get_si(exponent.top())); times > 0; --times) {
    if (!may_multiply(out, base.get())) return false;
    fmpz_mpoly_q_mul(out, out, base.get(), context_);
    if (!fits(out)) return false;
  }
  return true;
}

bool Functions::value(const Node& node, fmpz_mpoly_q_t out) {
  Fraction exact;
  switch (node.kind) {
    case Kind::symbol: {
      auto place = std::find(names_.begin(), names_.end(), node.text);
      if (place == names_.end()) return false;
      fmpz_mpoly_q_gen(out, place - names_.begin(), context_);
      return true;
    }
    case Kind::sum:
    case Kind::product:
    case Kind::quotient:
      return folded(node, out);
    case Kind::negative:
      if (!value(node.parts[0], out)) return false;
      fmpz_mpoly_q_neg(out, out, context_);
      return true;
    case Kind::power:
      if (power(node, out)) return true;
      break;
    default:
      break;
  }
  if (exact_value(node, 1U << 14, exact) != Exactness::exact) return false;
  fmpz_mpoly_q_set_fmpq(out, exact.get(), context_);
  return true;
}

bool Functions::is_of(const std::vector<std::string>& constants, const fmpz_mpoly_q_t x) const {
  for (const auto* part : {fmpz_mpoly_q_numref(x), fmpz_mpoly_q_denref(x)}) {
    std::vector<int> used(names_.size());
    fmpz_mpoly_used_vars(used.data(), part, context_);
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (used[i] != 0 &&
          std::find(constants.begin(), constants.end(), names_[i]) == constants.end())
        return false;
  }
  return true;
}

}  // namespace

Truth equal_functions(const Node& a, const Node& b, const std::vector<std::string>& names) {
  Functions functions(names);
  Quotient x(functions);
  Quotient y(functions);
  if (!functions.value(a, x.get()) || !functions.value(b, y.get())) return Truth::unknown;
  return fmpz_mpoly_q_equal(x.get(), y.get(), functions.get()) ? Truth::yes : Truth::no;
}

Truth proportional_functions(const Node& a, const Node& b, const std::vector<std::string>& names,
    bool positive, const std::vector<std::string>& constants) {
  Functions functions(names);
  Quotient x(functions);
  Quotient y(functions);
  if (!functions.value(a, x.get()) || !functions.value(b, y.get())) return Truth::unknown;
  if (fmpz_mpoly_q_is_zero(x.get(), functions.get())) return Truth::no;
  if (fmpz_mpoly_q_is_zero(y.get(), functions.get())) return Truth::no;
  fmpz_mpoly_q_div(x.get(), x.get(), y.get(), functions.get());
  if (!functions.is_of(constants, x.get())) return Truth::no;
  if (!positive || !fmpz_mpoly_q_is_fmpq(x.get(), functions.get())) return Truth::yes;
  fmpz_t top;
  fmpz_init(top);
  fmpz_mpoly_get_fmpz(top, fmpz_mpoly_q_numref(x.get()), functions.get());
  bool above = fmpz_sgn(top) > 0;
  fmpz_clear(top);
  return above ? Truth::yes : Truth::no;
}

}  // namespace tramontane::maths
