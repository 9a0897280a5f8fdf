#include "kernels/ops.h"
#include "tests/kernels/compare.h"

#include <numeric>

#include "tests/support/test.h"

namespace tramontane {
namespace {

constexpr double tolerance = 4e-6;

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

struct Routed {
  std::vector<std::int32_t> chosen;
  Values weights;
};

Routed route(const Values& logits, std::int64_t experts, std::int64_t top, bool normalise) {
  const std::int64_t rows = static_cast<std::int64_t>(logits.size()) / experts;
  Routed routed{std::vector<std::int32_t>(size(rows * top)), Values(size(rows * top))};
  kernels::route(
      logits.data(), rows, experts, top, normalise, routed.chosen.data(), routed.weights.data());
  return routed;
}

}  // namespace

TEST_CASE("the mixture and its gradients agree with ATen") {
  Source source(21);
  for (const std::int64_t experts : {1, 2, 3, 8, 17, 60, 128}) {
    for (const bool normalise : {false, true}) {
      const std::int64_t top = source.whole(1, std::min<std::int64_t>(experts, 8));
      const std::int64_t rows = source.whole(1, 30);
      const std::int64_t width = source.whole(1, 70);
      CAPTURE(experts);
      CAPTURE(top);
      CAPTURE(normalise);
      const Values logits = source.normal(rows * experts, 2);
      const Values outs = source.normal(rows * experts * width);
      const Values dy = source.normal(rows * width);
      const auto expected = reference::mixture(logits, outs, dy, rows, experts, top, normalise);

      const Routed routed = route(logits, experts, top, normalise);
      // The outputs of the chosen, in a shuffled order of places.
      std::vector<std::int32_t> places(size(rows * top));
      std::iota(places.rbegin(), places.rend(), 0);
      Values chosen_outs(size(rows * top * width));
      Values weights(size(rows * experts));
      for (std::size_t k = 0; k < places.size(); ++k) {
        const std::size_t row = k / size(top);
        const std::size_t at = row * size(experts) + size(routed.chosen[k]);
        weights[at] = routed.weights[k];
        std::copy_n(&outs[at * size(width)], width, &chosen_outs[size(places[k] * width)]);
      }
      CHECK(gap(weights, expected.weights) < tolerance);
      const Values residual = source.normal(rows * width);
      Values y = residual;
      kernels::combine(
          chosen_outs.data(), routed.weights.data(), places.data(), rows, top, width, y.data());
      Reals sum = expected.y;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(residual[i]);
      CHECK(gap(y, sum) < tolerance);

      Values douts(chosen_outs.size()), dweights(routed.weights.size()), dlogits(logits.size());
      kernels::combine_backward(dy.data(), chosen_outs.data(), routed.weights.data(), places.data(),
          rows, top, width, douts.data(), dweights.data());
      kernels::route_backward(dweights.data(), logits.data(), routed.chosen.data(),
          routed.weights.data(), rows, experts, top, normalise, dlogits.data());
      Values all_douts(outs.size());
      for (std::size_t k = 0; k < places.size(); ++k) {
        const std::size_t at = k / size(top) * size(experts) + size(routed.chosen[k]);
        std::copy_n(&douts[size(places[k] * width)], width, &all_douts[at * size(width)]);
      }
      CHECK(gap(all_douts, expected.douts) < tolerance);
      // A row with one expert that counts 1 has no gradient but rounding.
      if (top > 1 || (!normalise && experts > 1)) CHECK(gap(dlogits, expected.dlogits) < 2e-5);

      for (std::int64_t r = 0; r < rows; ++r) {
        const Values own(logits.begin() + r * experts, logits.begin() + (r + 1) * experts);
        const Routed alone = route(own, experts, top, normalise);
        REQUIRE(
            same_bits(alone.weights, std::span(routed.weights).subspan(size(r * top), size(top))));
        REQUIRE(
            std::equal(alone.chosen.begin(), alone.chosen.end(), routed.chosen.begin() + r * top));
        Values y_alone(residual.begin() + r * width, residual.begin() + (r + 1) * width);
        kernels::combine(chosen_outs.data(), alone.weights.data(), places.data() + r * top, 1, top,
            width, y_alone.data());
        REQUIRE(same_bits(y_alone, std::span(y).subspan(size(r * width), size(width))));
      }
    }
  }
}

TEST_CASE("equal logits go to the lower experts, and choices stand in rising order") {
  CHECK(route({1, 3, 3, 0, 3, 2}, 6, 2, true).chosen == std::vector<std::int32_t>{1, 2});
  CHECK(route({0, 0, 0, 0, 0, 0}, 6, 3, true).chosen == std::vector<std::int32_t>{0, 1, 2});
  CHECK(route({1, 2, 3, 4, 5, 6}, 6, 3, true).chosen == std::vector<std::int32_t>{3, 4, 5});
  CHECK(route({6, 5, 4, 3, 2, 1}, 6, 3, true).chosen == std::vector<std::int32_t>{0, 1, 2});
  CHECK(route({5, 0, 0, 7, 0, 6}, 6, 3, true).chosen == std::vector<std::int32_t>{0, 3, 5});
}

TEST_CASE("weights are a softmax, over all or over the chosen") {
  const float two = std::log(2.0F);
  const Routed share = route({two, 0, two, -INFINITY}, 4, 2, false);
  CHECK(share.chosen == std::vector<std::int32_t>{0, 2});
  CHECK(share.weights[0] == doctest::Approx(0.4));
  CHECK(share.weights[1] == doctest::Approx(0.4));
  CHECK(route({two, 0, -50, -200}, 4, 2, true).weights[0] == doctest::Approx(2.0 / 3));
  CHECK(route({300, 0, -50, -200}, 4, 2, true).weights[1] == 0);
}

TEST_CASE("logits that are no numbers choose experts all the same, and spoil the weights") {
  const float nan = std::nanf("");
  for (const Values& logits :
      {Values{nan, nan, nan, nan}, Values{1, nan, 2, 3}, Values{3, 2, 1, nan}, Values{nan, 1, 2, 3},
          Values{0, INFINITY, 0, 0}, Values{-INFINITY, -INFINITY, -INFINITY, -INFINITY}}) {
    for (const bool normalise : {false, true}) {
      const Routed routed = route(logits, 4, 2, normalise);
      CHECK(routed.chosen[0] >= 0);
      CHECK(routed.chosen[0] < routed.chosen[1]);
      CHECK(routed.chosen[1] < 4);
      CHECK((std::isnan(routed.weights[0]) || std::isnan(routed.weights[1])));
    }
  }
}

}  // namespace tramontane
