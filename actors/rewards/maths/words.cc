#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

template <std::size_t n>
bool among(std::string_view name, const std::array<std::string_view, n>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 26> functions = {"sin", "cos", "tan", "cot", "sec", "csc",
    "arcsin", "arccos", "arctan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "ln", "log", "lg",
    "exp", "sqrt", "pi", "gcd", "lcm", "max", "min", "arccot"};

constexpr std::array<std::string_view, 13> texts = {"text", "mbox", "textbf", "textit", "textrm",
    "mathrm", "mathbf", "mathit", "operatorname", "boldsymbol", "textnormal", "hbox", "mathsf"};

constexpr std::array<std::string_view, 8> prose = {
    "text", "mbox", "textbf", "textit", "textrm", "textnormal", "hbox", "mathrm"};

constexpr std::array<std::string_view, 22> ignored = {"displaystyle", "textstyle", "big", "Big",
    "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "quad",
    "qquad", "limits", "middle", "scriptstyle", "strut", "thinspace", "nolimits"};

constexpr std::array<std::string_view, 38> greek = {"alpha", "beta", "gamma", "delta", "epsilon",
    "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "Alpha"};

using Row = std::pair<std::string_view, std::string_view>;

constexpr Row signs[] = {
    {"cdot", "*"},
    {"times", "*"},
    {"ast", "*"},
    {"bullet", "*"},
    {"div", "/"},
    {"le", "<="},
    {"leq", "<="},
    {"leqslant", "<="},
    {"ge", ">="},
    {"geq", ">="},
    {"geqslant", ">="},
    {"lt", "<"},
    {"gt", ">"},
    {"ne", "!="},
    {"neq", "!="},
    {"approx", "~"},
    {"simeq", "~"},
    {"thickapprox", "~"},
    {"doteq", "~"},
    {"in", "\\in"},
    {"cup", "\\cup"},
    {"bigcup", "\\cup"},
    {"cap", "\\cap"},
    {"setminus", "\\setminus"},
    {"backslash", "\\setminus"},
    {"pm", "+-"},
    {"mp", "-+"},
    {"lvert", "|"},
    {"rvert", "|"},
    {"vert", "|"},
    {"mid", "|"},
    {"lbrace", "\\{"},
    {"rbrace", "\\}"},
    {"lbrack", "["},
    {"rbrack", "]"},
    {"lparen", "("},
    {"rparen", ")"},
    {"colon", ":"},
    {"lor", "or"},
    {"vee", "or"},
    {"land", "and"},
    {"wedge", "and"},
};

constexpr Row renamed[] = {
    {"dfrac", "frac"},
    {"tfrac", "frac"},
    {"cfrac", "frac"},
    {"dbinom", "binom"},
    {"tbinom", "binom"},
    {"choose", "binom"},
    {"ldots", "dots"},
    {"cdots", "dots"},
    {"dotsc", "dots"},
    {"varnothing", "emptyset"},
    {"degree", "circ"},
    {"asin", "arcsin"},
    {"acos", "arccos"},
    {"atan", "arctan"},
};

template <std::size_t n>
std::optional<std::string_view> look_up(const Row (&rows)[n], std::string_view name) {
  for (const Row& row : rows)
    if (row.first == name) return row.second;
  return std::nullopt;
}

// "abc", "xyz", "pqr": variables; the alphabet in order.
bool consecutive(std::string_view run) {
  std::string sorted(run);
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i] - sorted[i - 1] > 1) return false;
  return true;
}

}  // namespace

bool is_function_name(std::string_view run) {
  return among(run, functions);
}

bool is_text_command(std::string_view name) {
  return among(name, texts);
}

bool is_prose_command(std::string_view name) {
  return among(name, prose);
}

bool is_ignored_command(std::string_view name) {
  return among(name, ignored);
}

bool is_greek(std::string_view name) {
  return among(name, greek);
}

bool is_money_command(std::string_view name) {
  return name == "pounds" || name == "euro" || name == "yen";
}

std::optional<std::string_view> sign_of_command(std::string_view name) {
  return look_up(signs, name);
}

std::string_view command_spelling(std::string_view name) {
  return look_up(renamed, name).value_or(name);
}

bool looks_like_word(std::string_view run) {
  if (run.size() < 3) return static_cast<unsigned char>(run[0]) >= 0x80;
  if (run.size() > 3) return true;
  bool vowel = run.find_first_of("aeiouAEIOU") != run.npos;
  return vowel && !consecutive(run) && run.find_first_of("nxyz") == run.npos;
}

}  // namespace tramontane::maths
