#include "kernels/ops.h"
#include "tests/kernels/compare.h"
#include "tests/kernels/simd_probe.h"

#include <cstdlib>
#include <string>

#include "tests/support/test.h"

namespace tramontane {
namespace {

const kernels::Probe& probe() {
#if defined(__x86_64__)
  if (kernels::isa() == std::string("avx512")) return kernels::avx512::probe;
  if (kernels::isa() == std::string("avx2")) return kernels::avx2::probe;
#endif
  return kernels::portable::probe;
}

// Distance in units of the last place of the exact result, rounded to float.
double ulps(float actual, double exact) {
  const float rounded = static_cast<float>(exact);
  const double unit =
      std::max(std::abs(static_cast<double>(std::nextafter(rounded, INFINITY)) - rounded), 1.4e-45);
  return std::abs(actual - exact) / unit;
}

}  // namespace

TEST_CASE("the instruction set is the one asked for") {
  const char* wanted = std::getenv("TRAM_ISA");
  if (wanted) CHECK(kernels::isa() == std::string(wanted));
}

TEST_CASE("the exponential is within 2 ulp and never subnormal") {
  Values x;
  for (double v = -87.29; v < 88.75; v += 0.0003) x.push_back(static_cast<float>(v));
  Values y(x.size());
  probe().exponential(x.data(), static_cast<std::int64_t>(x.size()), y.data());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, ulps(y[i], std::exp(static_cast<double>(x[i]))));
  MESSAGE("exp: ", worst, " ulp on ", std::string(kernels::isa()));
  CHECK(worst < 2);
  const Values edges = {0, -INFINITY, INFINITY, NAN, -87.5F, 88.9F, -0.0F};
  Values of(edges.size());
  probe().exponential(edges.data(), static_cast<std::int64_t>(edges.size()), of.data());
  CHECK(of[0] == 1);
  CHECK(of[1] == 0);
  CHECK(of[2] == INFINITY);
  CHECK(std::isnan(of[3]));
  CHECK(of[4] == 0);
  CHECK(of[5] == INFINITY);
  CHECK(of[6] == 1);
}

TEST_CASE("the logarithm is within 2 ulp or 1e-7") {
  Values x;
  for (double v = 1e-30; v < 1e30; v *= 1.00007) x.push_back(static_cast<float>(v));
  for (double v = 0.5; v < 2; v += 1e-5) x.push_back(static_cast<float>(v));
  Values y(x.size());
  probe().logarithm(x.data(), static_cast<std::int64_t>(x.size()), y.data());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::log(static_cast<double>(x[i]));
    if (std::abs(y[i] - exact) > 1e-7) worst = std::max(worst, ulps(y[i], exact));
  }
  MESSAGE("log: ", worst, " ulp on ", std::string(kernels::isa()));
  CHECK(worst < 2);
  const Values edges = {1, INFINITY, NAN};
  Values of(3);
  probe().logarithm(edges.data(), 3, of.data());
  CHECK(of[0] == 0);
  CHECK(of[1] == INFINITY);
  CHECK(std::isnan(of[2]));
}

TEST_CASE("partial vectors read and write no more than they should") {
  for (std::int64_t n = 1; n <= 40; ++n) {
    // Exactly n floats on the heap: a sanitizer sees any access past them.
    const Values x(static_cast<std::size_t>(n), 3.0F);
    Values y(static_cast<std::size_t>(n) + 4, 9.0F);
    probe().load_store(x.data(), n, y.data());
    for (std::int64_t i = 0; i < n + 4; ++i)
      REQUIRE(y[static_cast<std::size_t>(i)] == (i < n ? 3.0F : 9.0F));
  }
}

}  // namespace tramontane
