#include "actors/rewards/maths/echo.h"

#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/reading.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t bits_max = 4096;  // of a sum that a question asks for
constexpr int powers_expanded = 4;        // (x+1)(x+1) is (x+1)^2

bool is_integer(const Node& node) {
  return node.kind == Kind::number && node.text.size() <= 9 &&
         node.text.find_first_not_of("0123456789") == std::string::npos;
}

long value_of(const Node& integer) {
  return std::stol(integer.text);
}

bool has_symbols(const Node& node) {
  return contains(node, Kind::symbol);
}

bool is_power_of_ten(const Node& node) {
  if (node.kind != Kind::power || node.parts[0].text != "10") return false;
  const Node& exponent = node.parts[1];
  return is_integer(exponent) || (exponent.kind == Kind::negative && is_integer(exponent.parts[0]));
}

// √12 is 2√3.
bool is_reduced_root(const Node& node) {
  if (node.kind != Kind::root || !is_integer(node.parts[0])) return false;
  long inside = value_of(node.parts[0]);
  for (long factor = 2; factor * factor <= inside && factor < 1000; ++factor)
    if (inside % (factor * factor) == 0) return false;
  return inside > 1;
}

bool is_worked_out_product(const Node& node) {
  int numbers = 0;
  for (const Node& part : node.parts) {
    bool number = part.kind == Kind::number || part.kind == Kind::quotient;
    numbers += number ? 1 : 0;
    bool fine = number ? is_worked_out(part)
                       : part.kind == Kind::constant || part.kind == Kind::symbol ||
                             is_reduced_root(part) || is_power_of_ten(part);
    if (!fine) return false;
  }
  return numbers < 2;
}

bool is_worked_out_sum(const Node& node) {
  // "1\frac{1}{2}" is read as a sum.
  if (node.parts.size() == 2 && is_integer(node.parts[0]) && node.parts[1].kind == Kind::quotient)
    return is_worked_out(node.parts[1]);
  int rational = 0;
  for (const Node& part : node.parts) {
    if (!is_worked_out(part) || has_symbols(part)) return false;
    Fraction value;
    rational += exact_value(part, bits_max, value) == Exactness::exact ? 1 : 0;
  }
  return rational < 2;
}

bool is_worked_out_relation(const Node& node) {
  if (node.text.find_first_not_of("=~") != std::string::npos) return false;
  bool named = node.parts[0].kind == Kind::symbol || node.parts[0].kind == Kind::text;
  bool worked_out = false;
  for (std::size_t i = named ? 1 : 0; i < node.parts.size(); ++i) {
    if (has_symbols(node.parts[i])) return false;
    worked_out = worked_out || is_worked_out(node.parts[i]);
  }
  return worked_out;
}

// A sum's terms, or a product's factors, with the sign or the side of the fraction bar of each.
struct Parts {
  std::vector<std::string> plain;
  std::vector<std::string> turned;  // subtracted, or below
};

// "2 + 4 + 1 - 1" is "2 + 4".
std::string joined(Parts parts, std::string_view nothing, char sign) {
  std::erase(parts.plain, nothing);
  std::erase(parts.turned, nothing);
  for (std::size_t i = 0; i < parts.turned.size();) {
    auto same = std::find(parts.plain.begin(), parts.plain.end(), parts.turned[i]);
    if (same == parts.plain.end()) {
      ++i;
      continue;
    }
    parts.plain.erase(same);
    parts.turned.erase(parts.turned.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (parts.turned.empty() && parts.plain.size() == 1) return parts.plain[0];
  if (parts.turned.empty() && parts.plain.empty()) return std::string(nothing);
  std::sort(parts.plain.begin(), parts.plain.end());
  std::sort(parts.turned.begin(), parts.turned.end());
  std::string out = "(";
  for (const std::string& part : parts.plain) out += sign + part;
  for (const std::string& part : parts.turned) out += (sign == '+' ? '-' : '/') + part;
  return out + ")";
}

void add_terms(const Node& node, bool minus, Parts& parts) {
  if (node.kind == Kind::sum) {
    for (const Node& part : node.parts) add_terms(part, minus, parts);
  } else if (node.kind == Kind::negative) {
    add_terms(node.parts[0], !minus, parts);
  } else {
    (minus ? parts.turned : parts.plain).push_back(canonical_form(node));
  }
}

void add_factors(const Node& node, bool below, Parts& parts, bool& minus) {
  auto& side = below ? parts.turned : parts.plain;
  if (node.kind == Kind::product) {
    for (const Node& part : node.parts) add_factors(part, below, parts, minus);
  } else if (node.kind == Kind::quotient) {
    add_factors(node.parts[0], below, parts, minus);
    add_factors(node.parts[1], !below, parts, minus);
  } else if (node.kind == Kind::negative) {
    minus = !minus;
    add_factors(node.parts[0], below, parts, minus);
  } else if (node.kind == Kind::power && is_integer(node.parts[1]) &&
             value_of(node.parts[1]) <= powers_expanded) {
    for (long i = 0; i < value_of(node.parts[1]); ++i)
      add_factors(node.parts[0], below, parts, minus);
  } else {
    side.push_back(canonical_form(node));
  }
}

std::string canonical_relation(const Node& node) {
  std::string left = canonical_form(node.parts[0]);
  std::string right = canonical_form(node.parts[1]);
  char code = node.text[0];
  bool falls = code == sign::more || code == sign::at_least;
  if (code == sign::more) code = sign::less;
  if (code == sign::at_least) code = sign::at_most;
  bool symmetric = code == sign::equal || code == sign::unequal || code == sign::about;
  if (falls || (symmetric && right < left)) std::swap(left, right);
  return left + code + right;
}

}  // namespace

bool is_worked_out(const Node& node) {
  auto all = [&node] { return std::all_of(node.parts.begin(), node.parts.end(), is_worked_out); };
  switch (node.kind) {
    case Kind::number:
    case Kind::constant:
    case Kind::symbol:
    case Kind::text:
    case Kind::infinity:
    case Kind::based:
      return true;
    case Kind::negative:
    case Kind::percent:
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::matrix:
    case Kind::ratio:
    case Kind::plus_minus:
      return all();
    case Kind::quantity:
      return is_worked_out(node.parts[0]) || node.parts[0].kind == Kind::sum;
    case Kind::quotient: {
      if (!is_integer(node.parts[1])) return false;
      if (is_integer(node.parts[0]))
        return std::gcd(value_of(node.parts[0]), value_of(node.parts[1])) == 1;
      return node.parts[0].kind != Kind::number && is_worked_out(node.parts[0]);
    }
    case Kind::root:
      return is_reduced_root(node);
    case Kind::product:
      return is_worked_out_product(node);
    case Kind::sum:
      return is_worked_out_sum(node);
    case Kind::relation:
      return is_worked_out_relation(node);
    default:
      return false;
  }
}

std::string canonical_form(const Node& node) {
  switch (node.kind) {
    case Kind::sum:
    case Kind::negative: {
      Parts parts;
      add_terms(node, false, parts);
      return joined(std::move(parts), "0", '+');
    }
    case Kind::product:
    case Kind::quotient:
    case Kind::power: {
      Parts parts;
      bool minus = false;
      bool bare = node.kind == Kind::power &&
                  (!is_integer(node.parts[1]) || value_of(node.parts[1]) > powers_expanded);
      if (bare) return canonical_form(node.parts[0]) + "^" + canonical_form(node.parts[1]);
      add_factors(node, false, parts, minus);
      return (minus ? "(-" : "") + joined(std::move(parts), "1", '*') + (minus ? ")" : "");
    }
    case Kind::root:
      return canonical_form(node.parts[0]) + "^(/" + canonical_form(node.parts[1]) + ")";
    case Kind::quantity:
      return canonical_form(node.parts[0]);
    case Kind::relation:
      if (node.parts.size() == 2) return canonical_relation(node);
      break;
    default:
      break;
  }
  std::string out = std::to_string(static_cast<int>(node.kind)) + node.text;
  if (node.kind == Kind::number) out = node.text;
  if (node.parts.empty()) return out;
  out += '[';
  for (const Node& part : node.parts) out += canonical_form(part) + ",";
  return out + "]";
}

bool is_own_form(const Node& answer, const Node& gold) {
  return canonical_form(answer) == canonical_form(gold) &&
         (is_worked_out(answer) || !is_worked_out(gold));
}

AskedForms::AskedForms(std::string_view question, const Node& gold, const CompareOptions& options) {
  std::vector<std::string> texts = expressions_in(question);
  if (texts.empty()) return;
  const std::string gold_form = canonical_form(gold);
  Fraction gold_value;
  bool worked_out =
      is_worked_out(gold) && exact_value(gold, bits_max, gold_value) == Exactness::exact;
  bool decimal = gold.kind == Kind::number && gold.text.find('.') != std::string::npos &&
                 question.find("decimal") != question.npos;
  for (const std::string& text : texts) {
    Reading read_text = read(text, options);
    if (!read_text.tree) continue;
    const Node& tree = *read_text.tree;
    if (is_worked_out(tree) && !(decimal && tree.kind == Kind::quotient)) continue;
    std::string form = canonical_form(tree);
    if (form != gold_form) forms_.push_back(std::move(form));
    Fraction value;
    if (worked_out && exact_value(tree, bits_max, value) == Exactness::exact)
      computes_ = computes_ || (value == gold_value && !is_worked_out(tree));
    // "Let f(x) = (x+1)^2": what a name stands for is asked for as well.
    if (tree.kind == Kind::relation && tree.parts.size() == 2 && !is_worked_out(tree.parts[1])) {
      std::string side = canonical_form(tree.parts[1]);
      if (side != gold_form) forms_.push_back(std::move(side));
    }
  }
}

bool AskedForms::is_echo(const Node& answer) const {
  switch (answer.kind) {
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
      if (is_asked(answer)) return true;
      return std::any_of(answer.parts.begin(), answer.parts.end(),
          [this](const Node& part) { return is_echo(part); });
    case Kind::quantity:
    case Kind::percent:
      return is_echo(answer.parts[0]);
    default:
      return is_echo_of_one(answer);
  }
}

bool AskedForms::is_asked(const Node& node) const {
  return std::find(forms_.begin(), forms_.end(), canonical_form(node)) != forms_.end();
}

bool AskedForms::is_echo_of_one(const Node& answer) const {
  if (is_asked(answer)) return true;
  bool named = answer.kind == Kind::relation && answer.parts.size() == 2 && answer.text == "=" &&
               (answer.parts[0].kind == Kind::symbol || answer.parts[0].kind == Kind::text);
  const Node& value = named ? answer.parts[1] : answer;
  if (named && is_asked(value)) return true;
  return computes_ && is_expression(value) && !is_worked_out(value) && !is_power_of_ten(value);
}

}  // namespace tramontane::maths
