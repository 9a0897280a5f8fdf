#include "actors/rewards/maths/jumps.h"

#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/expressions.h"
#include "actors/rewards/maths/symbolic.h"

#include <algorithm>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::size_t parts_max = 16;
constexpr std::size_t pairs_max = 64;  // of parts that are compared

bool has_variable(const Node& node) {
  return contains(node, Kind::symbol);
}

bool is_one_of(const Node& node, std::initializer_list<std::string_view> names) {
  return node.kind == Kind::function &&
         std::find(names.begin(), names.end(), node.text) != names.end();
}

// 2^x is never zero; 0^x is, but where x is.
bool may_be_zero(const Node& base) {
  Enclosure value;
  return has_variable(base) || !enclose(base, {}, 128, value) || !value.is_finite() ||
         acb_contains_zero(value.ball.get());
}

bool jumps(const Node& node) {
  if (node.kind == Kind::power) return has_variable(node.parts[1]) && may_be_zero(node.parts[0]);
  bool kind = node.kind == Kind::floor || node.kind == Kind::ceiling ||
              is_one_of(node, {"sgn", "gcd", "lcm", "mod", "double factorial"});
  return kind && has_variable(node);
}

bool bends(const Node& node) {
  return (node.kind == Kind::absolute || is_one_of(node, {"max", "min"})) && has_variable(node);
}

template <class Is>
void collect(const Node& node, Is is, std::vector<const Node*>& found) {
  if (is(node)) found.push_back(&node);
  for (const Node& part : node.parts) collect(part, is, found);
}

template <class Is>
std::vector<const Node*> collected(const Node& node, Is is) {
  std::vector<const Node*> found;
  collect(node, is, found);
  return found;
}

// Of degree one at most, as it is written.
bool is_line(const Node& node) {
  if (!has_variable(node)) return true;
  switch (node.kind) {
    case Kind::symbol:
      return true;
    case Kind::sum:
    case Kind::negative:
      return std::all_of(node.parts.begin(), node.parts.end(), is_line);
    case Kind::product:
      return std::count_if(node.parts.begin(), node.parts.end(), has_variable) == 1 &&
             std::all_of(node.parts.begin(), node.parts.end(), is_line);
    case Kind::quotient:
      return !has_variable(node.parts[1]) && is_line(node.parts[0]);
    default:
      return false;
  }
}

bool jumps_off_lines(const Node& node) {
  return jumps(node) &&
         !(node.kind != Kind::power && std::all_of(node.parts.begin(), node.parts.end(), is_line));
}

// Of the same kind, with equal parts.
bool same_part(const Node& a, const Node& b, Context& context) {
  if (a == b) return true;
  if (a.kind != b.kind || a.text != b.text || a.parts.size() != b.parts.size()) return false;
  if (a.kind == Kind::series) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (!compare_expressions(a.parts[i], b.parts[i], context).yes()) return false;
  return true;
}

// A tree in which each part that is no rational function is a name.
class Parts {
 public:
  explicit Parts(Context& context) : context_(context) {}

  Node named(const Node& node);

  bool few() const { return parts_.size() <= parts_max; }

  // Those of the parts that have no variables.
  std::vector<std::string> constants() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (!has_variable(parts_[i])) out.push_back(name_of(i));
    return out;
  }

 private:
  static std::string name_of(std::size_t i) { return "#" + std::to_string(i); }

  Node all_named(const Node& node) {
    Node out = make(node.kind, node.text);
    for (const Node& part : node.parts) out.parts.push_back(named(part));
    return out;
  }

  Node name_for(const Node& node) {
    std::size_t i = 0;
    for (; i < parts_.size() && few(); ++i) {
      if (same_part(parts_[i], node, context_)) break;
      bool turned = node.kind == Kind::absolute && parts_[i].kind == Kind::absolute &&
                    same_part(parts_[i].parts[0], make(Kind::negative, node.parts[0]), context_);
      if (turned) break;
    }
    if (i == parts_.size()) parts_.push_back(node);
    return make(Kind::symbol, name_of(i));
  }

  Node power(const Node& node);
  Node extreme(const Node& node);

  Context& context_;
  std::vector<Node> parts_;
};

Node Parts::power(const Node& node) {
  Fraction exponent;
  bool whole =
      exact_value(node.parts[1], 64, exponent) == Exactness::exact && exponent.is_integer();
  if (!whole) return name_for(node);
  const Node& base = node.parts[0];
  bool even = fmpz_is_even(exponent.top()) != 0;
  Node inside = named(base.kind == Kind::absolute && even ? base.parts[0] : base);
  return make(Kind::power, std::move(inside), node.parts[1]);
}

// The larger of a and b is half of a + b + |a - b|.
Node Parts::extreme(const Node& node) {
  const Node& a = node.parts[0];
  const Node& b = node.parts[1];
  Node apart = make(Kind::absolute, make(Kind::sum, a, make(Kind::negative, b)));
  if (node.text == "min") apart = make(Kind::negative, std::move(apart));
  return named(make(Kind::quotient, make(Kind::sum, "", {a, b, std::move(apart)}), integer(2)));
}

Node Parts::named(const Node& node) {
  Fraction exact;
  switch (node.kind) {
    case Kind::number:
    case Kind::symbol:
      return node;
    case Kind::sum:
    case Kind::product:
    case Kind::quotient:
    case Kind::negative:
    case Kind::percent:
      return all_named(node);
    case Kind::power:
      return power(node);
    case Kind::ceiling: {
      Node below = make(Kind::floor, make(Kind::negative, node.parts[0]));
      return make(Kind::negative, named(below));
    }
    default:
      break;
  }
  if (is_one_of(node, {"max", "min"}) && node.parts.size() == 2) return extreme(node);
  bool known = !has_variable(node) &&
               exact_value(node, context_.options.number_bits_max, exact) == Exactness::exact;
  return known ? literal(exact) : name_for(node);
}

std::vector<std::string> names_of(const Node& a, const Node& b) {
  std::vector<std::string> names;
  collect_symbols(a, names);
  collect_symbols(b, names);
  return names;
}

}  // namespace

bool adds_jumps(const Node& gold, const Node& answer, Context& context) {
  auto known = collected(gold, jumps);
  auto added = collected(answer, jumps_off_lines);
  if (added.size() * known.size() > pairs_max) return true;
  return std::any_of(added.begin(), added.end(), [&](const Node* part) {
    return std::none_of(known.begin(), known.end(),
        [&](const Node* other) { return same_part(*other, *part, context); });
  });
}

bool may_vanish_between(const Node& gold, const Node& answer) {
  bool jump = !collected(gold, jumps).empty() || !collected(answer, jumps).empty();
  return jump || (collected(gold, bends).empty() && !collected(answer, bends).empty());
}

Truth equal_as_parts(const Node& gold, const Node& answer, Context& context) {
  Parts parts(context);
  Node wanted = parts.named(gold);
  Node given = parts.named(answer);
  bool equal = parts.few() && equal_functions(wanted, given, names_of(wanted, given)) == Truth::yes;
  return equal ? Truth::yes : Truth::unknown;
}

Truth proportional_as_parts(const Node& gold, const Node& answer, bool positive, Context& context) {
  Parts parts(context);
  Node wanted = parts.named(gold);
  Node given = parts.named(answer);
  if (!parts.few()) return Truth::unknown;
  std::vector<std::string> names = names_of(wanted, given);
  Truth said = proportional_functions(given, wanted, names, positive, parts.constants());
  return said == Truth::yes ? said : Truth::unknown;
}

}  // namespace tramontane::maths
