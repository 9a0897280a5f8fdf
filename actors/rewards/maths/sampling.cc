#include "actors/rewards/maths/sampling.h"

#include "actors/rewards/maths/enclosure.h"
#include "runtime/base/random.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace tramontane::maths {

namespace {

constexpr std::uint64_t seed = 0x7261'6d6f'6e74'616e;
constexpr double grid = 1U << 20;      // points of a unit of the domain
constexpr std::size_t nodes_max = 6;   // whose breakpoints are looked for
constexpr std::size_t breaks_max = 5;  // of a node along one variable
constexpr int scale_low = -6;          // breakpoints between ±2^-6 and ±2^36
constexpr int scale_high = 36;
constexpr slong search_bits = 80;
constexpr double wide_scales[] = {30, 1e3, 1e6};

Fraction fraction(double value) {
  int exponent = 0;
  double digits = std::frexp(value, &exponent);
  Fraction out;
  fmpq_set_si(out.get(), static_cast<slong>(std::ldexp(digits, 53)), 1);
  exponent -= 53;
  if (exponent > 0) fmpq_mul_2exp(out.get(), out.get(), static_cast<flint_bitcnt_t>(exponent));
  if (exponent < 0) fmpq_div_2exp(out.get(), out.get(), static_cast<flint_bitcnt_t>(-exponent));
  return out;
}

class Sampler {
 public:
  Sampler(const std::vector<std::string>& names, const CompareOptions& options)
      : names_(names), options_(options) {}

  void between(double low, double high) {
    Point point;
    for (const std::string& name : names_) point.emplace_back(name, fraction(drawn(low, high)));
    points_.push_back(std::move(point));
  }

  void everywhere() {
    for (std::uint32_t i = 0; i < options_.points; ++i)
      between(options_.domain_low, options_.domain_high);
    for (std::uint32_t i = 0; i < options_.points; ++i)
      between(-options_.domain_high, options_.domain_high);
    for (double scale : wide_scales) {
      between(scale / 10, scale);
      between(-scale, -scale / 10);
    }
  }

  // Around each breakpoint of `node` along each variable, the others at a point of the domain.
  void around_breaks(const Node& node) {
    for (const std::string& name : names_) {
      Point rest;
      for (const std::string& other : names_)
        if (other != name)
          rest.emplace_back(other, fraction(drawn(options_.domain_low, options_.domain_high)));
      around_breaks(node, name, rest);
    }
  }

  // Small ones first, then the neighbours of squares and powers of two, then larger ones.
  void whole_numbers() {
    constexpr std::int64_t small = 14;
    constexpr double singles[] = {15, 16, 17, 24, 25, 26, 31, 32, 33, 48, 49, 50, 63, 64, 65, 99,
        100, 101, 127, 128, 255, 256, 257};
    if (names_.size() == 1) {
      for (std::int64_t n = 1; n <= small; ++n) all_at(static_cast<double>(n));
      for (double n : singles) all_at(n);
    } else {
      for (std::size_t i = 0; i < 24; ++i) whole_between(1, 9);
    }
    for (double high : {20.0, 100.0, 1000.0, 1e6}) {
      whole_between(1, high);
      whole_between(1, high);
      whole_between(1, high);
    }
  }

  std::vector<Point> take() { return std::move(points_); }

  void round_all() {
    for (Point& point : points_)
      for (auto& [name, value] : point) {
        fmpz_fdiv_q(value.top(), value.top(), value.bottom());
        fmpz_one(value.bottom());
      }
    std::erase_if(points_, [](const Point& point) {
      return std::any_of(point.begin(), point.end(),
          [](const auto& one) { return fmpz_sgn(one.second.top()) <= 0; });
    });
  }

 private:
  double drawn(double low, double high) {
    double steps = std::max(1.0, (high - low) * grid);
    return low + static_cast<double>(random_.below(static_cast<std::uint64_t>(steps))) / grid;
  }

  void all_at(double value) {
    Point point;
    for (const std::string& name : names_) point.emplace_back(name, fraction(value));
    points_.push_back(std::move(point));
  }

  void whole_between(double low, double high) {
    Point point;
    for (const std::string& name : names_)
      point.emplace_back(name, fraction(std::floor(drawn(low, high + 1))));
    points_.push_back(std::move(point));
  }

  // Which form `node` has where `name` is `at`: the sign inside |…|, the floor, the larger one.
  static std::optional<double> form(
      const Node& node, const std::string& name, const Point& rest, double at) {
    Point point = rest;
    point.emplace_back(name, fraction(at));
    std::vector<double> values;
    for (const Node& part : node.parts) {
      Enclosure value;
      if (!enclose(part, point, search_bits, value) || !value.is_finite()) return std::nullopt;
      double middle = arf_get_d(arb_midref(acb_realref(value.ball.get())), ARF_RND_NEAR);
      if (!std::isfinite(middle)) return std::nullopt;
      values.push_back(middle);
    }
    if (node.kind == Kind::floor || node.kind == Kind::ceiling) return std::floor(values[0]);
    if (values.size() == 1) return values[0] < 0 ? -1 : 1;
    return static_cast<double>(std::max_element(values.begin(), values.end()) - values.begin());
  }

  void around_breaks(const Node& node, const std::string& name, const Point& rest) {
    std::vector<double> places = {0};
    for (int exponent = scale_low; exponent <= scale_high; ++exponent)
      for (double sign : {1.0, -1.0}) places.push_back(sign * std::ldexp(1.0, exponent));
    for (int c = 1; c < 12; ++c)
      for (double sign : {1.0, -1.0}) places.push_back(sign * (c + 0.375));
    std::sort(places.begin(), places.end());
    std::vector<std::optional<double>> forms;
    forms.reserve(places.size());
    for (double place : places) forms.push_back(form(node, name, rest, place));
    std::vector<std::size_t> changes;  // between this place and the next
    for (std::size_t i = 0; i + 1 < places.size(); ++i)
      if (forms[i] && forms[i + 1] && *forms[i] != *forms[i + 1]) changes.push_back(i);
    // Those nearest to 0, and the farthest.
    std::sort(changes.begin(), changes.end(),
        [&](std::size_t a, std::size_t b) { return std::abs(places[a]) < std::abs(places[b]); });
    std::size_t most = names_.size() == 1 ? breaks_max : breaks_max / 2;
    if (changes.size() > most) {
      changes[most - 1] = changes.back();
      changes.resize(most);
    }
    for (std::size_t i : changes)
      around(name, rest, halved(node, name, rest, places[i], places[i + 1], *forms[i]));
  }

  static double halved(const Node& node, const std::string& name, const Point& rest, double low,
      double high, double low_form) {
    constexpr int steps = 44;
    for (int i = 0; i < steps; ++i) {
      double middle = low + (high - low) / 2;
      auto said = form(node, name, rest, middle);
      if (!said) break;
      (*said == low_form ? low : high) = middle;
    }
    return high;
  }

  void around(const std::string& name, const Point& rest, double at) {
    double size = std::max(1.0, std::abs(at));
    std::vector<double> places;
    for (double off : {0.0625, 0.0005, 1e-7, 1e-11})
      for (double sign : {1.0, -1.0}) places.push_back(at + sign * off * size);
    double nearest = std::round(at);
    if (std::abs(at - nearest) <= 1e-6) {
      places.push_back(nearest - 1);
      places.push_back(nearest + 1);
    }
    for (double place : places) put(name, rest, fraction(place));
    // The break itself, where it is a simple fraction.
    Fraction low = fraction(at - 1e-9 * size);
    Fraction high = fraction(at + 1e-9 * size);
    fmpq_simplest_between(low.get(), low.get(), high.get());
    put(name, rest, low);
  }

  void put(const std::string& name, const Point& rest, const Fraction& value) {
    Point point = rest;
    point.emplace_back(name, value);
    points_.push_back(std::move(point));
  }

  const std::vector<std::string>& names_;
  const CompareOptions& options_;
  Random random_{seed};
  std::vector<Point> points_;
};

bool has_variable(const Node& node) {
  return contains(node, Kind::symbol);
}

bool changes_form(const Node& node) {
  switch (node.kind) {
    case Kind::absolute:
    case Kind::floor:
    case Kind::ceiling:
      return has_variable(node);
    case Kind::function:
      return (node.text == "max" || node.text == "min" || node.text == "sgn") && has_variable(node);
    default:
      return false;
  }
}

void find_breaking(const Node& node, std::vector<const Node*>& found) {
  bool known = std::any_of(
      found.begin(), found.end(), [&](const Node* other) { return other->parts == node.parts; });
  if (changes_form(node) && !known && found.size() < nodes_max) found.push_back(&node);
  for (const Node& part : node.parts) find_breaking(part, found);
}

// n, m, k, …, with an index or without.
bool is_whole_name(const std::string& name) {
  static constexpr std::string_view letters = "nmkjlN";
  return letters.find(name[0]) != letters.npos && (name.size() == 1 || name[1] == '_');
}

// A negative number or i, raised.
bool alternates(const Node& node) {
  if (node.kind != Kind::power || !has_variable(node.parts[1])) return false;
  const Node& base = node.parts[0];
  return !has_variable(base) &&
         (base.kind == Kind::negative || (base.kind == Kind::constant && base.text == "i"));
}

bool is_turn(const Node& node) {
  if (node.kind == Kind::constant) return node.text == "pi" || node.text == "degree";
  return std::any_of(node.parts.begin(), node.parts.end(), is_turn);
}

// gcd, lcm, mod and n!! have no values elsewhere, whatever the names.
bool divides_whole_numbers(const Node& node) {
  static constexpr std::string_view names[] = {"gcd", "lcm", "mod", "double factorial"};
  bool whole = node.kind == Kind::function &&
               std::find(std::begin(names), std::end(names), node.text) != std::end(names);
  return (whole && has_variable(node)) ||
         std::any_of(node.parts.begin(), node.parts.end(), divides_whole_numbers);
}

// Whether the tree holds what is made for whole numbers.
bool is_of_whole_numbers(const Node& node) {
  switch (node.kind) {
    case Kind::floor:
    case Kind::ceiling:
    case Kind::factorial:
    case Kind::binomial:
    case Kind::series:
      if (has_variable(node)) return true;
      break;
    case Kind::function: {
      bool turns =
          (node.text == "sin" || node.text == "cos" || node.text == "cis") && is_turn(node);
      if (turns && has_variable(node)) return true;
      break;
    }
    case Kind::power:
      if (alternates(node)) return true;
      break;
    default:
      break;
  }
  return std::any_of(node.parts.begin(), node.parts.end(), is_of_whole_numbers);
}

}  // namespace

Sample choose_points(const Node& gold, const Node& answer, const std::vector<std::string>& names,
    const CompareOptions& options) {
  Sampler sampler(names, options);
  Sample out;
  // A variable that only the answer has is nothing that the gold answer counts.
  std::vector<std::string> counted;
  collect_symbols(gold, counted);
  bool of_whole = is_of_whole_numbers(gold) || is_of_whole_numbers(answer);
  bool counting = of_whole && std::all_of(names.begin(), names.end(), is_whole_name);
  out.whole = divides_whole_numbers(gold) ||
              (counted == names && (counting || divides_whole_numbers(answer)));
  if (out.whole) {
    sampler.whole_numbers();
  } else {
    sampler.everywhere();
  }
  out.points = sampler.take();
  return out;
}

std::vector<Point> points_at_breaks(const Node& gold, const Node& answer,
    const std::vector<std::string>& names, bool whole, const CompareOptions& options) {
  std::vector<const Node*> breaking;
  find_breaking(gold, breaking);
  find_breaking(answer, breaking);
  Sampler sampler(names, options);
  for (const Node* node : breaking) sampler.around_breaks(*node);
  if (whole) sampler.round_all();
  return sampler.take();
}

}  // namespace tramontane::maths
