#include "actors/rewards/maths/units.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace tramontane::maths {

namespace {

struct Row {
  std::string_view word;
  std::string_view name;  // of a dimension of its own
  Powers powers;
  std::string_view factor;
  int exponent;               // the factor is factor·10^exponent
  std::string_view prefixes;  // of a symbol: the letters that may stand before it
};

constexpr Powers none = {};
constexpr Powers length = {1};
constexpr Powers volume = {3};
constexpr Powers mass = {0, 1};
constexpr Powers time = {0, 0, 1};
constexpr Powers rate = {0, 0, -1};
constexpr Powers speed = {1, 0, -1};
constexpr Powers force = {1, 1, -2};
constexpr Powers energy = {2, 1, -2};
constexpr Powers power = {2, 1, -3};
constexpr Powers pressure = {-1, 1, -2};
constexpr Powers current = {0, 0, 0, 1};
constexpr Powers charge = {0, 0, 1, 1};
constexpr Powers voltage = {2, 1, -3, -1};
constexpr Powers resistance = {2, 1, -3, -2};
constexpr Powers capacity = {-2, -1, 4, 2};
constexpr Powers induction = {0, 1, -2, -1};
constexpr Powers temperature = {0, 0, 0, 0, 1};
constexpr Powers amount = {0, 0, 0, 0, 0, 1};

constexpr std::string_view usual = "numkMG";

// Case counts in symbols, which are up to five letters; the rest are words.
constexpr Row symbols[] = {{"m", "", length, "1", 2, "numcdk"}, {"g", "", mass, "1", 0, "numk"},
    {"s", "", time, "1", 0, "num"}, {"L", "", volume, "1", 3, "mcdu"},
    {"l", "", volume, "1", 3, "mcd"}, {"N", "", force, "1", 5, usual},
    {"J", "", energy, "1", 7, usual}, {"W", "", power, "1", 7, usual},
    {"V", "", voltage, "1", 7, usual}, {"A", "", current, "1", 0, usual},
    {"C", "", charge, "1", 0, usual}, {"F", "", capacity, "1", -7, usual},
    {"T", "", induction, "1", 3, usual}, {"K", "", temperature, "1", 0, "m"},
    {"Pa", "", pressure, "1", 1, usual}, {"Hz", "", rate, "1", 0, usual},
    {"eV", "", energy, "1.602176634", -12, usual}, {"mol", "", amount, "1", 0, "mkn"},
    {"cal", "", energy, "4.184", 7, "k"}, {"bar", "", pressure, "1", 6, "m"},
    {"atm", "", pressure, "1.01325", 6, ""}, {"h", "", time, "3600", 0, ""},
    {"Wh", "", energy, "3.6", 10, usual}};

constexpr Row words[] = {{"meter", "", length, "1", 2, ""}, {"metre", "", length, "1", 2, ""},
    {"in", "", length, "2.54", 0, ""}, {"inch", "", length, "2.54", 0, ""},
    {"inche", "", length, "2.54", 0, ""}, {"ft", "", length, "30.48", 0, ""},
    {"foot", "", length, "30.48", 0, ""}, {"feet", "", length, "30.48", 0, ""},
    {"yd", "", length, "91.44", 0, ""}, {"yard", "", length, "91.44", 0, ""},
    {"mi", "", length, "160934.4", 0, ""}, {"mile", "", length, "160934.4", 0, ""},
    {"angstrom", "", length, "1", -8, ""}, {"å", "", length, "1", -8, ""},
    {"米", "", length, "1", 2, ""}, {"厘米", "", length, "1", 0, ""},
    {"毫米", "", length, "1", -1, ""}, {"千米", "", length, "1", 5, ""},
    {"公里", "", length, "1", 5, ""}, {"gram", "", mass, "1", 0, ""}, {"gm", "", mass, "1", 0, ""},
    {"lb", "", mass, "453.59237", 0, ""}, {"pound", "", mass, "453.59237", 0, ""},
    {"ounce", "", mass, "28.349523125", 0, ""}, {"oz", "", mass, "28.349523125", 0, ""},
    {"ton", "ton", none, "1", 0, ""}, {"克", "", mass, "1", 0, ""}, {"千克", "", mass, "1", 3, ""},
    {"公斤", "", mass, "1", 3, ""}, {"sec", "", time, "1", 0, ""}, {"second", "", time, "1", 0, ""},
    {"min", "", time, "60", 0, ""}, {"minute", "", time, "60", 0, ""},
    {"hr", "", time, "3600", 0, ""}, {"hour", "", time, "3600", 0, ""},
    {"day", "", time, "86400", 0, ""}, {"week", "", time, "604800", 0, ""},
    {"秒", "", time, "1", 0, ""}, {"分钟", "", time, "60", 0, ""},
    {"小时", "", time, "3600", 0, ""}, {"天", "", time, "86400", 0, ""},
    {"month", "month", none, "1", 0, ""}, {"year", "month", none, "12", 0, ""},
    {"liter", "", volume, "1", 3, ""}, {"litre", "", volume, "1", 3, ""},
    {"升", "", volume, "1", 3, ""}, {"gallon", "gallon", none, "1", 0, ""},
    {"dollar", "money", none, "1", 0, ""}, {"usd", "money", none, "1", 0, ""},
    {"cent", "money", none, "1", -2, ""}, {"euro", "euro", none, "1", 0, ""},
    {"eur", "euro", none, "1", 0, ""}, {"sterling", "pounds", none, "1", 0, ""},
    {"gbp", "pounds", none, "1", 0, ""}, {"inr", "rupee", none, "1", 0, ""},
    {"元", "yuan", none, "1", 0, ""}, {"yuan", "yuan", none, "1", 0, ""},
    {"degree", "angle", none, "1", 0, ""}, {"radian", "radian", none, "1", 0, ""},
    {"rad", "radian", none, "1", 0, ""}, {"unit", "unit", none, "1", 0, ""},
    {"mph", "", speed, "44.704", 0, ""}, {"kph", "", speed, "250", -1, ""},
    {"way", "way", none, "1", 0, ""}, {"people", "people", none, "1", 0, ""},
    {"newton", "", force, "1", 5, ""}, {"joule", "", energy, "1", 7, ""},
    {"watt", "", power, "1", 7, ""}, {"volt", "", voltage, "1", 7, ""},
    {"amp", "", current, "1", 0, ""}, {"ampere", "", current, "1", 0, ""},
    {"coulomb", "", charge, "1", 0, ""}, {"farad", "", capacity, "1", -7, ""},
    {"tesla", "", induction, "1", 3, ""}, {"kelvin", "", temperature, "1", 0, ""},
    {"ohm", "", resistance, "1", 7, ""}, {"pascal", "", pressure, "1", 1, ""},
    {"hertz", "", rate, "1", 0, ""}, {"electronvolt", "", energy, "1.602176634", -12, ""},
    {"mole", "", amount, "1", 0, ""}, {"calorie", "", energy, "4.184", 7, ""}};

struct Prefix {
  std::string_view letter;
  std::string_view word;
  int exponent;
};

constexpr Prefix prefixes[] = {{"n", "nano", -9}, {"u", "micro", -6}, {"m", "milli", -3},
    {"c", "centi", -2}, {"d", "deci", -1}, {"k", "kilo", 3}, {"M", "mega", 6}, {"G", "giga", 9}};

constexpr std::string_view base_names[] = {
    "length", "mass", "time", "current", "temperature", "amount"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
      [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

Unit made(const Row& row, int exponent) {
  Unit unit{std::string(row.name), row.powers, std::string(row.factor)};
  exponent += row.exponent;
  if (exponent != 0) unit.factor += "e" + std::to_string(exponent);
  return unit;
}

std::optional<Unit> find_symbol(std::string_view word) {
  if (word.size() > 5) return std::nullopt;
  for (const Row& row : symbols) {
    if (!word.ends_with(row.word)) continue;
    std::string_view before = word.substr(0, word.size() - row.word.size());
    if (before.empty()) return made(row, 0);
    for (const Prefix& prefix : prefixes)
      if (prefix.letter == before && row.prefixes.find(before) != row.prefixes.npos)
        return made(row, prefix.exponent);
  }
  return std::nullopt;
}

std::optional<Unit> find_word(std::string_view word) {
  std::string one = singular(word);
  for (const Row& row : words)
    if (row.word == word || row.word == one) return made(row, 0);
  for (const Prefix& prefix : prefixes) {
    if (!one.starts_with(prefix.word)) continue;
    std::string_view rest = std::string_view(one).substr(prefix.word.size());
    for (const Row& row : words)
      if (row.word == rest) return made(row, prefix.exponent);
  }
  return std::nullopt;
}

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
  constexpr std::string_view letters = "mgsLlNJWVACFTKh";
  if (word.size() == 1 && letters.find(word) == letters.npos) return std::nullopt;
  if (auto symbol = find_symbol(word)) return symbol;
  std::string small = lower(word);
  if (auto found = find_word(small)) return found;
  return small.size() > 1 && small != word ? find_symbol(small) : std::nullopt;
}

std::string unit_spelling(std::string_view word) {
  return find_symbol(word) ? std::string(word) : lower(word);
}

bool is_ambiguous_unit(std::string_view word) {
  if (word.size() < 2) return true;
  constexpr std::string_view plain[] = {"mm", "cm", "dm", "km", "mg", "kg", "ml", "in", "ft", "lb"};
  bool small = lower(word) == word;
  return small && word.size() < 4 && find_symbol(word) &&
         std::find(std::begin(plain), std::end(plain), word) == std::end(plain);
}

void Dimension::raise(const std::string& name, int power) {
  auto found = powers_.try_emplace(name, 0).first;
  found->second += power;
  if (found->second == 0) powers_.erase(found);
}

void Dimension::multiply(const Unit& unit, int power) {
  if (!unit.name.empty()) return raise(unit.name, power);
  for (std::size_t i = 0; i < unit.powers.size(); ++i)
    if (unit.powers[i] != 0) raise(std::string(base_names[i]), unit.powers[i] * power);
}

Dimension::Dimension(std::string_view text) {
  int sign = 1;
  while (!text.empty()) {
    if (text.front() == ' ' || text.front() == '/') {
      sign = text.front() == '/' ? -1 : 1;
      text.remove_prefix(1);
      continue;
    }
    std::string_view one = text.substr(0, text.find_first_of(" /"));
    text.remove_prefix(one.size());
    if (one == "1") continue;
    std::size_t raised = one.find('^');
    int power = raised == one.npos ? 1 : std::stoi(std::string(one.substr(raised + 1)));
    raise(std::string(one.substr(0, raised)), sign * power);
  }
}

std::string Dimension::text() const {
  std::string above;
  std::string below;
  for (const auto& [name, power] : powers_) {
    std::string& side = power > 0 ? above : below;
    if (power < 0) side += "/";
    if (power > 0 && !side.empty()) side += " ";
    side += name;
    if (power > 1 || power < -1) side += "^" + std::to_string(power > 0 ? power : -power);
  }
  if (above.empty() && !below.empty()) above = "1";
  return above + below;
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
