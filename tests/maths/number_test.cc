// Numbers as they are written: the fast path, which the rest must agree with, and decimal literals.
#include "actors/rewards/maths/number.h"

#include <cstdint>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::maths;

namespace {

// The value and how it was written; "none" if it is no simple number.
std::string shown(const char* text) {
  auto number = parse_simple(text);
  if (!number) return "none";
  std::string out = std::to_string(number->numerator) + "/" + std::to_string(number->denominator);
  if (number->decimal) out += " " + std::to_string(number->decimals) + " decimals";
  return out + " " + std::to_string(number->significant) + " digits";
}

bool same(const char* gold, const char* answer, std::uint32_t digits_min = 3) {
  auto first = parse_simple(gold);
  auto second = parse_simple(answer);
  REQUIRE(first);
  REQUIRE(second);
  return same_number(*first, *second, digits_min);
}

}  // namespace

TEST_CASE("a small number is read at once, with its sign, separators and digits") {
  CHECK(shown("12") == "12/1 2 digits");
  CHECK(shown("-12") == "-12/1 2 digits");
  CHECK(shown("+12") == "12/1 2 digits");
  CHECK(shown("- 12") == "-12/1 2 digits");
  CHECK(shown("$12$") == "12/1 2 digits");
  CHECK(shown("12.") == "12/1 2 digits");
  CHECK(shown("0") == "0/1 0 digits");
  CHECK(shown("1,234,567") == "1234567/1 7 digits");
  CHECK(shown("-1,234.5") == "-12345/10 1 decimals 5 digits");
  CHECK(shown("0.050") == "50/1000 3 decimals 2 digits");
  CHECK(shown(".5") == "5/10 1 decimals 1 digits");
  CHECK(shown("3/4") == "3/4 1 digits");
  CHECK(shown("-3/4") == "-3/4 1 digits");
  CHECK(shown("\\frac{3}{4}") == "3/4 0 digits");
  CHECK(shown("-\\frac{3}{4}") == "-3/4 0 digits");
  CHECK(shown("\\dfrac{-3}{4}") == "-3/4 0 digits");
  CHECK(shown("\\tfrac{3}{-4}") == "-3/4 0 digits");
  CHECK(shown("-\\frac{-3}{-4}") == "-3/4 0 digits");
  CHECK(shown("123456789012345678") == "123456789012345678/1 18 digits");
}

TEST_CASE("what is no small number is left to the reader of everything") {
  for (const char* text : {"", "-", "+", "--5", "-+5", "1,22", "1,2345", "0,123", "1234,567",
           "1,234,56", ".", "1.2.3", "1234567890123456789", "1.123456789012345678", "3/0", "3/",
           "/4", "3/-4", "3/4/5", "3/1,000", "\\frac{3}{0}", "\\frac{3}", "\\frac{3}{4}5",
           "\\frac34", "\\frac{3,000}{4}", "\\frac{x}{4}", "x", "1 2", "5\\%", "1e3"}) {
    CAPTURE(text);
    CHECK(shown(text) == "none");
  }
}

TEST_CASE("two numbers are the same if their values are, or if one rounds to the other") {
  CHECK(same("3/4", "\\frac{6}{8}"));
  CHECK(same("0.75", "3/4"));
  CHECK_FALSE(same("3/4", "-3/4"));
  CHECK_FALSE(same("0.333", "0.3333"));  // two decimals are not rounded to each other
  CHECK(same("1/3", "0.333"));
  CHECK(same("0.333", "1/3"));
  CHECK(same("2/3", "0.667"));
  CHECK(same("-2/3", "-0.667"));
  CHECK_FALSE(same("2/3", "0.666"));
  CHECK_FALSE(same("1/3", "0.33"));  // too few digits
  CHECK(same("1/3", "0.33", 2));
  CHECK_FALSE(same("1/30", "0.033"));
  CHECK(same("1/16", "0.063", 2));  // half a unit of the last place, either way
  CHECK(same("1/16", "0.062", 2));
  CHECK_FALSE(same("1/16", "0.064", 2));
  CHECK_FALSE(same("1/3", "999999999999999.333"));
}

TEST_CASE("a decimal literal has its digits, its exponent, and what repeats") {
  auto decimal = parse_decimal("012.340");
  REQUIRE(decimal);
  CHECK(decimal->digits == "012340");
  CHECK(decimal->exponent == -3);
  CHECK(decimal->point);
  CHECK_FALSE(decimal->cut_off);
  CHECK(significant_digits(*decimal) == 5);
  decimal = parse_decimal("0.1(6)");
  REQUIRE(decimal);
  CHECK(decimal->digits == "01");
  CHECK(decimal->repeating == "6");
  CHECK(decimal->exponent == -1);
  CHECK_FALSE(decimal->point);  // exact
  decimal = parse_decimal("5e-3");
  REQUIRE(decimal);
  CHECK(decimal->exponent == -3);
  CHECK_FALSE(decimal->point);
  CHECK(parse_decimal("1.5e20")->exponent == 19);
  CHECK(parse_decimal("3.14~")->cut_off);
  CHECK(significant_digits(*parse_decimal("0.00")) == 0);
  for (const char* text :
      {"", ".", "1.5(", "1.5()", "1.5(6", "1e", "1e-", "1e1234567", "x", "1~2", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text));
  }
}
