#include "actors/rewards/maths/units.h"

#include <algorithm>
#include <array>

namespace tramontane::maths {

namespace {

struct Row {
  std::string_view word;
  std::string_view dimension;
  std::string_view factor;
};

constexpr Row units[] = {
    {"mm", "length", "0.1"},
    {"millimeter", "length", "0.1"},
    {"cm", "length", "1"},
    {"centimeter", "length", "1"},
    {"centimetre", "length", "1"},
    {"dm", "length", "10"},
    {"m", "length", "100"},
    {"meter", "length", "100"},
    {"metre", "length", "100"},
    {"km", "length", "100000"},
    {"kilometer", "length", "100000"},
    {"kilometre", "length", "100000"},
    {"in", "length", "2.54"},
    {"inch", "length", "2.54"},
    {"inche", "length", "2.54"},
    {"ft", "length", "30.48"},
    {"foot", "length", "30.48"},
    {"feet", "length", "30.48"},
    {"yd", "length", "91.44"},
    {"yard", "length", "91.44"},
    {"mile", "length", "160934.4"},
    {"mg", "mass", "0.001"},
    {"g", "mass", "1"},
    {"gram", "mass", "1"},
    {"kg", "mass", "1000"},
    {"kilogram", "mass", "1000"},
    {"lb", "mass", "453.59237"},
    {"pound", "mass", "453.59237"},
    {"ounce", "mass", "28.349523125"},
    {"oz", "mass", "28.349523125"},
    {"s", "time", "1"},
    {"sec", "time", "1"},
    {"second", "time", "1"},
    {"min", "time", "60"},
    {"minute", "time", "60"},
    {"h", "time", "3600"},
    {"hr", "time", "3600"},
    {"hour", "time", "3600"},
    {"day", "time", "86400"},
    {"week", "time", "604800"},
    {"month", "month", "1"},
    {"year", "month", "12"},
    {"ml", "volume", "0.001"},
    {"milliliter", "volume", "0.001"},
    {"l", "volume", "1"},
    {"liter", "volume", "1"},
    {"litre", "volume", "1"},
    {"gallon", "gallon", "1"},
    {"dollar", "money", "1"},
    {"usd", "money", "1"},
    {"cent", "money", "0.01"},
    {"euro", "euro", "1"},
    {"degree", "angle", "1"},
    {"radian", "radian", "1"},
    {"unit", "unit", "1"},
    {"mph", "length/time", "44.704"},
    {"way", "way", "1"},
    {"people", "people", "1"},
};

struct Multiplier {
  std::string_view word;
  std::string_view value;
};

constexpr Multiplier multipliers[] = {{"dozen", "12"}, {"hundred", "100"}, {"thousand", "1000"},
    {"million", "1000000"}, {"billion", "1000000000"}, {"trillion", "1000000000000"}};

constexpr std::array<std::string_view, 37> changing = {"factorial", "cubed", "root", "ten",
    "thousandth", "millionth", "negative", "inverse", "choose", "mod", "half", "halve", "third",
    "quarter", "fourth", "fifth", "tenth", "hundredth", "not", "no", "than", "times", "plus",
    "minus", "pair", "if", "else", "when", "over", "is", "twice", "more", "less", "except", "but",
    "squared", "maybe"};

}  // namespace

std::optional<Unit> find_unit(std::string_view word) {
  std::string one = singular(word);
  for (const Row& row : units)
    if (row.word == word || row.word == one) return Unit{row.dimension, row.factor};
  return std::nullopt;
}

std::optional<std::string_view> find_multiplier(std::string_view word) {
  std::string one = singular(word);
  for (const Multiplier& row : multipliers)
    if (row.word == one) return row.value;
  return std::nullopt;
}

bool changes_meaning(std::string_view word) {
  std::string one = singular(word);
  return std::find(changing.begin(), changing.end(), one) != changing.end() ||
         std::find(changing.begin(), changing.end(), word) != changing.end();
}

std::string singular(std::string_view word) {
  if (word.size() > 2 && word.ends_with('s') && !word.ends_with("ss")) word.remove_suffix(1);
  return std::string(word);
}

}  // namespace tramontane::maths
