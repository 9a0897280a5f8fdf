#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include "tests/support/test.h"

namespace tramontane {

TEST_CASE("AdamW follows PyTorch's formula over many steps") {
  Source source(41);
  for (const std::int64_t n : {1, 7, 16, 33, 1000}) {
    CAPTURE(n);
    Values p = source.normal(n), m(p.size(), 0.0F), s(p.size(), 0.0F);
    Reals expected(p.begin(), p.end()), em(p.size(), 0.0), es(p.size(), 0.0);
    const kernels::AdamW options = {
        .learning_rate = 1e-3F, .weight_decay = 0.1F, .gradient_scale = 0.5F};
    for (std::int64_t step = 1; step <= 50; ++step) {
      const Values g = source.normal(n);
      auto now = options;
      now.step = step;
      kernels::adamw(now, p.data(), g.data(), m.data(), s.data(), n);
      const double b1 = options.beta1, b2 = options.beta2, lr = options.learning_rate;
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double gradient = 0.5 * g[i];
        expected[i] *= 1 - lr * options.weight_decay;
        em[i] = b1 * em[i] + (1 - b1) * gradient;
        es[i] = b2 * es[i] + (1 - b2) * gradient * gradient;
        const double denominator =
            std::sqrt(es[i]) / std::sqrt(1 - std::pow(b2, step)) + options.eps;
        expected[i] -= lr / (1 - std::pow(b1, step)) * em[i] / denominator;
      }
    }
    CHECK(gap(p, expected) < 5e-6);  // 50 roundings of the parameter
    CHECK(gap(m, em) < 1e-6);
    CHECK(gap(s, es) < 1e-6);
  }
}

TEST_CASE("the norm is exact to a float and not finite if any element is not") {
  Source source(42);
  for (const std::int64_t n : {0, 1, 15, 16, 17, 1000}) {
    Values x = source.normal(n);
    double squares = 0;
    for (const float v : x) squares += static_cast<double>(v) * v;
    CHECK(kernels::norm(x.data(), n) == doctest::Approx(std::sqrt(squares)).epsilon(1e-12));
    if (n == 0) continue;
    for (const float bad : {NAN, INFINITY}) {
      x.back() = bad;
      CHECK_FALSE(std::isfinite(kernels::norm(x.data(), n)));
    }
  }
}

}  // namespace tramontane
