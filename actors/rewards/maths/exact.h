#pragma once
// Exact rational arithmetic over trees, bounded before it computes. It never approximates: what is
// not rational, or too large, it says.

#include "actors/rewards/maths/node.h"

#include <cstdint>
#include <flint/flint.h>
#include <flint/fmpq.h>
#include <string>

namespace tramontane::maths {

// An exact fraction; owns FLINT's.
class Fraction {
 public:
  Fraction() { fmpq_init(value_); }

  Fraction(const Fraction& other) : Fraction() { fmpq_set(value_, other.value_); }

  Fraction& operator=(const Fraction& other) {
    fmpq_set(value_, other.value_);
    return *this;
  }

  ~Fraction() { fmpq_clear(value_); }

  fmpq* get() { return value_; }

  const fmpq* get() const { return value_; }

  fmpz* top() { return fmpq_numref(value_); }

  const fmpz* top() const { return fmpq_numref(value_); }

  fmpz* bottom() { return fmpq_denref(value_); }

  const fmpz* bottom() const { return fmpq_denref(value_); }

  // Of numerator and denominator together.
  std::uint64_t bits() const { return fmpz_bits(top()) + fmpz_bits(bottom()); }

  bool is_integer() const { return fmpz_is_one(bottom()) != 0; }

  bool operator==(const Fraction& other) const { return fmpq_equal(value_, other.value_) != 0; }

  std::string text() const;  // shortened in the middle where it is long

 private:
  fmpq_t value_;
};

enum class Exactness : std::uint8_t {
  exact,
  not_rational,  // a variable, a constant such as pi, a root that is none
  too_large,
  undefined,  // a division by zero
};

Exactness exact_value(const Node& node, std::uint32_t bits_max, Fraction& out);

// Of a decimal literal. False if it is too large.
bool literal_value(const std::string& literal, std::uint32_t bits_max, Fraction& out);

// Whether neither part exceeds its bound.
bool is_small(const Fraction& value, std::uint32_t top_max, std::uint32_t bottom_max);

// Whether `shown`, the value of a literal with `decimals` digits after its point, is `exact`
// rounded to that many (ties go either way), or cut off there.
bool is_rounded(
    const Fraction& exact, const Fraction& shown, std::int64_t decimals, bool cut_off = false);

}  // namespace tramontane::maths
