#pragma once
// Ball arithmetic over trees: a complex number that certainly lies in the ball computed. Two balls
// that do not meet prove two values different; balls that meet prove nothing.

#include "actors/rewards/maths/node.h"
#include "actors/rewards/maths/substitution.h"

#include <acb.h>

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

// A value, and how closely it is known. Bits that are lost where terms of different sizes are added
// do not show in a ball's radius: x + 10^-900 is "x to 192 bits", and so is x.
struct Enclosure {
  Ball ball;
  slong precision = 0;        // that it was computed at
  slong smallest = 0;         // the least exponent of two of what was added or put into a function
  slong largest = 0;          // the greatest
  bool leaves_reals = false;  // on the way: (√-2)² does, though it is -2

  bool is_finite() const { return acb_is_finite(ball.get()) != 0; }

  // How many bits of the value are known: relative to the value itself, or, for one that may be
  // zero, relative to 1 and to the smallest of its terms. 0 where terms may have been lost.
  slong known_bits() const;

  // Known so closely that meeting another such value means something.
  bool is_narrow() const { return is_finite() && known_bits() >= narrow_bits; }

  // Whether its imaginary part is zero, as far as it is known.
  bool is_real() const { return arb_contains_zero(acb_imagref(ball.get())) != 0; }

  static constexpr slong narrow_bits = 64;
};

// False if the tree holds what has no value (an unknown function, a variable that the point lacks);
// a value that is undefined there is a ball that is not finite.
bool enclose(const Node& node, const Point& point, slong precision_bits, Enclosure& out);

inline bool disjoint(const Enclosure& a, const Enclosure& b) {
  return !acb_overlaps(a.ball.get(), b.ball.get());
}

}  // namespace tramontane::maths
