#include "scheduler/contrast.h"

#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("contrast is a difference beyond rounding, in any part of the score") {
  CHECK(has_contrast(std::vector{0.1, 1.0}));
  CHECK(has_contrast(std::vector{1.0, 0.98}));  // a length penalty alone
  CHECK_FALSE(has_contrast(std::vector{0.1 + 0.2, 0.3}));
  CHECK_FALSE(has_contrast(std::vector{1.0}));
  CHECK_FALSE(has_contrast(std::vector<double>{}));
}
