#include "actors/rewards/maths/families.h"

#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/expressions.h"
#include "actors/rewards/maths/substitution.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace tramontane::maths {

namespace {

constexpr std::size_t members_max = 8;
constexpr int multiple_max = 48;  // of a step that the common period may be

// "k ∈ ℤ"
bool is_domain(const Node& node) {
  return node.kind == Kind::relation && node.text == std::string(1, sign::in) &&
         node.parts[0].kind == Kind::symbol && node.parts[1].kind == Kind::symbol &&
         node.parts[1].text.starts_with("\\mathbb");
}

struct Family {
  std::vector<Node> members;
  std::string parameter;  // "" if it is not said which
  std::string domain;     // "" if it is not said
};

// Without "x =" before it.
Node valued(const Node& node) {
  bool named = node.kind == Kind::relation && node.parts.size() == 2 &&
               node.parts[0].kind == Kind::symbol &&
               (node.text[0] == sign::equal || node.text[0] == sign::in);
  return named ? node.parts[1] : node;
}

std::optional<Family> as_family(const Node& node);

// The parts of a list, of a set, of each set of a union; or the node alone.
void collect_members(const Node& node, std::vector<Node>& members) {
  bool parted = node.kind == Kind::unite || node.kind == Kind::set || node.kind == Kind::list;
  if (!parted) {
    members.push_back(node);
    return;
  }
  for (const Node& part : node.parts) {
    if (node.kind == Kind::unite && part.kind != Kind::list) {
      collect_members(part, members);
    } else {
      members.push_back(part);
    }
  }
}

// A family of its own, "2kπ, k ∈ ℤ" in braces, becomes one of the whole. False if it counts
// otherwise.
bool take_family(const Family& inner, Family& out) {
  if (!inner.domain.empty() && !out.domain.empty() && inner.domain != out.domain) return false;
  if (out.parameter.empty()) out.parameter = inner.parameter;
  if (out.domain.empty()) out.domain = inner.domain;
  Node name = make(Kind::symbol, std::string(out.parameter));
  for (const Node& member : inner.members)
    out.members.push_back(
        inner.parameter.empty() ? member : substituted(member, inner.parameter, name));
  return true;
}

bool take_member(const Node& member, Family& out) {
  if (member.kind == Kind::list) {
    auto inner = as_family(member);
    return inner && take_family(*inner, out);
  }
  if (!is_expression(member)) return false;
  out.members.push_back(member);
  return true;
}

std::optional<Family> as_family(const Node& node) {
  Family out;
  std::vector<Node> parts =
      node.kind == Kind::list || node.kind == Kind::set ? node.parts : std::vector<Node>{node};
  for (const Node& part : parts) {
    if (is_domain(part)) {
      if (!out.parameter.empty() && out.parameter != part.parts[0].text) return std::nullopt;
      out.parameter = part.parts[0].text;
      out.domain = part.parts[1].text;
      continue;
    }
    std::vector<Node> inside;
    collect_members(valued(part), inside);
    for (const Node& one : inside)
      if (!take_member(one, out)) return std::nullopt;
  }
  if (out.members.empty() || out.members.size() > members_max) return std::nullopt;
  return out;
}

bool is_turn(const Node& node) {
  if (node.kind == Kind::constant) return node.text == "pi" || node.text == "degree";
  return std::any_of(node.parts.begin(), node.parts.end(), is_turn);
}

std::vector<std::string> symbols_of(const Family& family) {
  std::vector<std::string> names;
  for (const Node& member : family.members) collect_symbols(member, names);
  return names;
}

// The only variable, if it may be one that counts.
std::string counting_variable(const Family& family) {
  static constexpr std::string_view letters = "knmlj";
  std::vector<std::string> names = symbols_of(family);
  bool one = names.size() == 1 && names[0].size() == 1 && letters.find(names[0]) != letters.npos;
  return one ? names[0] : std::string();
}

// start + k·step for every whole k.
struct Progression {
  Node start;
  Node step;
  double start_near = 0;
  double step_near = 0;
};

std::optional<double> near_value(const Node& node) {
  Enclosure value;
  if (!enclose(node, {}, 128, value) || !value.is_narrow() || !value.is_real()) return std::nullopt;
  return arf_get_d(arb_midref(acb_realref(value.ball.get())), ARF_RND_NEAR);
}

Node minus(const Node& left, const Node& right) {
  return make(Kind::sum, left, make(Kind::negative, right));
}

// Nothing if the member is not linear in the parameter.
std::optional<Progression> as_progression(
    const Node& member, const std::string& parameter, Context& context) {
  Progression out;
  out.start = substituted(member, parameter, integer(0));
  out.step = minus(substituted(member, parameter, integer(1)), out.start);
  Node line = make(Kind::sum, out.start,
      make(Kind::product, out.step, make(Kind::symbol, std::string(parameter))));
  if (!compare_expressions(member, line, context).yes()) return std::nullopt;
  auto start = near_value(out.start);
  auto step = near_value(out.step);
  if (!start || !step || *step == 0) return std::nullopt;
  out.start_near = *start;
  out.step_near = *step;
  return out;
}

std::optional<std::vector<Progression>> progressions(const Family& family, Context& context) {
  std::vector<Progression> out;
  Node twice = make(Kind::product, integer(2), make(Kind::symbol, std::string(family.parameter)));
  for (const Node& member : family.members) {
    if (auto line = as_progression(member, family.parameter, context)) {
      out.push_back(std::move(*line));
      continue;
    }
    // (-1)^k·π/6 + kπ: the even and the odd k apart.
    for (const Node& half : {twice, make(Kind::sum, twice, integer(1))}) {
      auto line =
          as_progression(substituted(member, family.parameter, half), family.parameter, context);
      if (!line) return std::nullopt;
      out.push_back(std::move(*line));
    }
  }
  return out;
}

// How many steps make the period; 0 if no few do.
int steps_in(const Progression& line, double period) {
  double times = std::abs(period / line.step_near);
  double whole = std::round(times);
  bool few = whole >= 1 && whole <= multiple_max && std::abs(times - whole) < 1e-9;
  return few ? static_cast<int>(whole) : 0;
}

// Whether every class of `some` is one of `others`, where all have the same period.
Judgement all_within(const std::vector<Progression>& some, const std::vector<Progression>& others,
    const Node& period, double period_near, Context& context) {
  for (const Progression& line : some)
    for (int turn = 0; turn < steps_in(line, period_near); ++turn) {
      Node start = make(Kind::sum, line.start, make(Kind::product, line.step, integer(turn)));
      double near = line.start_near + turn * line.step_near;
      bool found = false;
      for (const Progression& other : others)
        for (int k = 0; k < steps_in(other, period_near) && !found; ++k) {
          double turns = (near - other.start_near - k * other.step_near) / period_near;
          double whole = std::round(turns);
          if (std::abs(turns - whole) > 1e-9 || std::abs(whole) > 1e6) continue;
          Node same = make(Kind::sum, other.start, make(Kind::product, other.step, integer(k)));
          same = make(Kind::sum, std::move(same),
              make(Kind::product, period, integer(static_cast<std::int64_t>(whole))));
          found = compare_expressions(start, same, context).yes();
        }
      if (!found) return judged(false, to_text(start) + " is in one family only");
    }
  return judged(true, "as families");
}

Judgement compare_progressions(const std::vector<Progression>& gold,
    const std::vector<Progression>& answer, Context& context) {
  // The least common multiple of the steps: a few times the first.
  for (int times = 1; times <= multiple_max; ++times) {
    double period_near = times * gold[0].step_near;
    auto fits = [&](const Progression& line) { return steps_in(line, period_near) > 0; };
    bool common = std::all_of(gold.begin(), gold.end(), fits) &&
                  std::all_of(answer.begin(), answer.end(), fits);
    if (!common) continue;
    Node period = make(Kind::product, gold[0].step, integer(times));
    for (const auto* side : {&gold, &answer})
      for (const Progression& line : *side) {
        int sign = line.step_near * period_near < 0 ? -1 : 1;
        Node multiple = make(Kind::product, line.step, integer(sign * steps_in(line, period_near)));
        if (!compare_expressions(period, multiple, context).yes())
          return judged(false, "steps without a common multiple");
      }
    Judgement there = all_within(gold, answer, period, period_near, context);
    if (!there.yes()) return there;
    return all_within(answer, gold, period, period_near, context);
  }
  return judged(false, "steps without a common multiple");
}

// Each member with its own of the other side, in any order, with one name for the parameter.
Judgement compare_members(const Family& gold, const Family& answer, Context& context) {
  if (gold.members.size() != answer.members.size())
    return judged(false, "another number of families");
  Node name = make(Kind::symbol, std::string(gold.parameter));
  std::vector<Node> given;
  for (const Node& member : answer.members)
    given.push_back(substituted(member, answer.parameter, name));
  Judgement all = judged(true, "as families, member by member");
  for (const Node& wanted : gold.members) {
    Judgement last = judged(false, "nothing equals " + to_text(wanted));
    auto same = std::find_if(given.begin(), given.end(), [&](const Node& member) {
      Judgement one = compare_expressions(wanted, member, context);
      if (one.truth != Truth::no) last = one;
      return one.yes();
    });
    if (last.truth == Truth::no) return last;
    if (same == given.end()) {
      all = last;
    } else {
      given.erase(same);
    }
  }
  return all;
}

}  // namespace

std::optional<Judgement> compare_families(
    const Node& gold_node, const Node& answer_node, Context& context) {
  auto gold = as_family(gold_node);
  auto answer = as_family(answer_node);
  if (!gold || !answer) return std::nullopt;
  bool said = !gold->domain.empty() || !answer->domain.empty();
  if (!said) {
    auto turns = [](const Family& family) {
      return std::all_of(family.members.begin(), family.members.end(), is_turn);
    };
    if (!turns(*gold) || !turns(*answer)) return std::nullopt;
  }
  for (Family* side : {&*gold, &*answer}) {
    if (side->parameter.empty()) side->parameter = counting_variable(*side);
    std::vector<std::string> names = symbols_of(*side);
    bool counts = std::find(names.begin(), names.end(), side->parameter) != names.end();
    if (!counts) return std::nullopt;
  }
  if (!gold->domain.empty() && !answer->domain.empty() && gold->domain != answer->domain)
    return judged(false, "parameters of different domains");
  if (!context.symbolic) {
    context.wants_symbolic = true;
    return unknown("needs the symbolic stage");
  }
  bool whole = gold->domain.empty() || gold->domain == "\\mathbbZ";
  bool alone = symbols_of(*gold).size() == 1 && symbols_of(*answer).size() == 1;
  if (whole && alone) {
    auto wanted = progressions(*gold, context);
    auto given = progressions(*answer, context);
    if (wanted && given) return compare_progressions(*wanted, *given, context);
    if (wanted.has_value() != given.has_value())
      return judged(false, "one steps evenly and the other does not");
  }
  return compare_members(*gold, *answer, context);
}

Node with_constant_named(const Node& answer, const Node& gold) {
  auto added = [](const Node& node, std::string_view name) {
    return node.kind == Kind::sum &&
           std::any_of(node.parts.begin(), node.parts.end(),
               [&](const Node& part) { return part.kind == Kind::symbol && part.text == name; });
  };
  auto holds = [](const Node& node, std::string_view name) {
    std::vector<std::string> names;
    collect_symbols(node, names);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  static constexpr std::string_view constants[] = {"C", "c", "K", "C_1"};
  for (std::string_view wanted : constants) {
    if (!added(gold, wanted) || holds(answer, wanted)) continue;
    for (std::string_view given : constants)
      if (added(answer, given) && !holds(gold, given))
        return substituted(answer, std::string(given), make(Kind::symbol, std::string(wanted)));
  }
  return answer;
}

}  // namespace tramontane::maths
