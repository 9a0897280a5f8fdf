#pragma once
// Ball arithmetic over trees: a complex number that certainly lies in the ball computed. Two balls
// that do not meet prove two values different; balls that meet prove nothing.

#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/node.h"

#include <acb.h>
#include <string>
#include <utility>
#include <vector>

namespace tramontane::maths {

class Ball {
 public:
  Ball() { acb_init(value_); }

  Ball(const Ball&) = delete;
  Ball& operator=(const Ball&) = delete;

  ~Ball() { acb_clear(value_); }

  acb_struct* get() { return value_; }

  const acb_struct* get() const { return value_; }

 private:
  acb_t value_;
};

// What each variable stands for.
using Point = std::vector<std::pair<std::string, Fraction>>;

// False if the tree holds what has no value (an unknown function, a variable that the point lacks);
// a value that is undefined there is a ball that is not finite.
bool enclose(const Node& node, const Point& point, slong precision_bits, Ball& out);

}  // namespace tramontane::maths
