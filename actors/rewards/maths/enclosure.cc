#include "actors/rewards/maths/enclosure.h"

#include <acb_hypgeom.h>
#include <algorithm>
#include <arb.h>
#include <array>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t literal_bits_max = 1U << 17;

using Function = void (*)(acb_t, const acb_t, slong);

struct Row {
  std::string_view name;
  Function function;
};

constexpr Row functions[] = {{"sin", acb_sin}, {"cos", acb_cos}, {"tan", acb_tan}, {"cot", acb_cot},
    {"sec", acb_sec}, {"csc", acb_csc}, {"arcsin", acb_asin}, {"arccos", acb_acos},
    {"arctan", acb_atan}, {"sinh", acb_sinh}, {"cosh", acb_cosh}, {"tanh", acb_tanh},
    {"ln", acb_log}, {"exp", acb_exp}};

class Encloser {
 public:
  Encloser(const Point& point, slong precision) : point_(point), precision_(precision) {}

  bool value(const Node& node, acb_t out) {
    switch (node.kind) {
      case Kind::number:
        return literal(node, out);
      case Kind::symbol:
        return variable(node, out);
      case Kind::constant:
        return constant(node, out);
      case Kind::sum:
        return folded(node, out, acb_add);
      case Kind::product:
        return folded(node, out, acb_mul);
      case Kind::quotient:
        return of_two(node, out, acb_div);
      case Kind::power:
        return of_two(node, out, acb_pow);
      case Kind::root:
        return root(node, out);
      case Kind::binomial:
        return binomial(node, out);
      case Kind::logarithm:
        return logarithm(node, out);
      case Kind::function:
        return function(node, out);
      case Kind::negative:
      case Kind::percent:
      case Kind::factorial:
      case Kind::absolute:
      case Kind::floor:
      case Kind::ceiling:
        return of_one(node, out);
      default:
        return false;
    }
  }

 private:
  bool literal(const Node& node, acb_t out) const {
    Fraction exact;
    if (!literal_value(node.text, literal_bits_max, exact)) return false;
    acb_set_fmpq(out, exact.get(), precision_);
    return true;
  }

  bool variable(const Node& node, acb_t out) const {
    for (const auto& [name, where] : point_)
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

  bool of_one(const Node& node, acb_t out) {
    if (!value(node.parts[0], out)) return false;
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
      case Kind::floor:
      case Kind::ceiling: {
        if (!acb_is_real(out)) return false;
        auto round = node.kind == Kind::floor ? arb_floor : arb_ceil;
        round(acb_realref(out), acb_realref(out), precision_);
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
    Ball base;
    if (!value(node.parts[0], base.get()) || !value(node.parts[1], out)) return false;
    acb_log(out, out, precision_);
    acb_log(base.get(), base.get(), precision_);
    acb_div(out, out, base.get(), precision_);
    return true;
  }

  bool function(const Node& node, acb_t out) {
    if (node.parts.size() != 1 || !value(node.parts[0], out)) return false;
    for (const Row& row : functions)
      if (row.name == node.text) {
        row.function(out, out, precision_);
        return true;
      }
    return false;
  }

  const Point& point_;
  slong precision_;
};

}  // namespace

bool enclose(const Node& node, const Point& point, slong precision_bits, Ball& out) {
  return Encloser(point, precision_bits).value(node, out.get());
}

}  // namespace tramontane::maths
