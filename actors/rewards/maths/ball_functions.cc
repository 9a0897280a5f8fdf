#include "actors/rewards/maths/ball_functions.h"

namespace tramontane::maths {

namespace {

// The functions that Arb has only the counterparts of.
template <BallFunction function>
void acb_of_inverse(acb_t out, const acb_t in, slong precision) {
  acb_inv(out, in, precision);
  function(out, out, precision);
}

constexpr BallFunction acb_acot = acb_of_inverse<acb_atan>;
constexpr BallFunction acb_asec = acb_of_inverse<acb_acos>;
constexpr BallFunction acb_acsc = acb_of_inverse<acb_asin>;

void acb_cis(acb_t out, const acb_t in, slong precision) {
  acb_mul_onei(out, in);
  acb_exp(out, out, precision);
}

struct Row {
  std::string_view name;
  BallFunction function;
};

constexpr Row functions[] = {{"sin", acb_sin}, {"cos", acb_cos}, {"tan", acb_tan}, {"cot", acb_cot},
    {"sec", acb_sec}, {"csc", acb_csc}, {"arcsin", acb_asin}, {"arccos", acb_acos},
    {"arctan", acb_atan}, {"sinh", acb_sinh}, {"cosh", acb_cosh}, {"tanh", acb_tanh},
    {"ln", acb_log}, {"exp", acb_exp}, {"arccot", acb_acot}, {"arcsec", acb_asec},
    {"arccsc", acb_acsc}, {"coth", acb_coth}, {"sech", acb_sech}, {"csch", acb_csch},
    {"arcsinh", acb_asinh}, {"arccosh", acb_acosh}, {"arctanh", acb_atanh}, {"cis", acb_cis}};

}  // namespace

BallFunction find_ball_function(std::string_view name) {
  for (const Row& row : functions)
    if (row.name == name) return row.function;
  return nullptr;
}

}  // namespace tramontane::maths
