#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace tramontane::maths {

namespace {

template <std::size_t n>
bool among(std::string_view name, const std::array<std::string_view, n>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 44> functions = {"sin", "cos", "tan", "cot", "sec", "csc",
    "arcsin", "arccos", "arctan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "ln", "log", "lg",
    "exp", "sqrt", "pi", "gcd", "lcm", "max", "min", "arccot", "coth", "sech", "csch", "arcsec",
    "arccsc", "arcsinh", "arccosh", "arctanh", "asinh", "acosh", "atanh", "arsinh", "arcosh",
    "artanh", "sgn", "cis", "det", "tr"};

constexpr std::array<std::string_view, 33> texts = {"text", "mbox", "textbf", "textit", "textrm",
    "mathrm", "mathbf", "mathit", "operatorname", "boldsymbol", "textnormal", "hbox", "mathsf",
    "emph", "textsf", "texttt", "textsl", "textsc", "textup", "textmd", "bm", "pmb", "mathtt",
    "mathnormal", "underline", "uline", "boxed", "fbox", "framebox", "ensuremath", "mathop", "unit",
    "si"};

constexpr std::array<std::string_view, 15> prose = {"text", "mbox", "textbf", "textit", "textrm",
    "textnormal", "hbox", "mathrm", "emph", "textsf", "textsl", "textsc", "textup", "unit", "si"};

constexpr std::array<std::string_view, 46> ignored = {"displaystyle", "textstyle", "big", "Big",
    "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "quad",
    "qquad", "limits", "middle", "scriptstyle", "strut", "thinspace", "nolimits", "large", "Large",
    "LARGE", "huge", "Huge", "small", "tiny", "normalsize", "footnotesize", "bf", "rm", "it", "tt",
    "sf", "bfseries", "mathstrut", "nonumber", "notag", "allowbreak", "relax", "medspace",
    "enspace", "hfill", "boldmath"};

struct Arguments {
  std::string_view name;
  std::size_t skipped;
  bool shown;
};

constexpr Arguments arguments[] = {{"color", 1, false}, {"textcolor", 1, true},
    {"colorbox", 1, true}, {"fcolorbox", 2, true}, {"label", 1, false}, {"tag", 1, false},
    {"hspace", 1, false}, {"vspace", 1, false}, {"mspace", 1, false}};

const Arguments* arguments_of(std::string_view name) {
  for (const Arguments& row : arguments)
    if (row.name == name) return &row;
  return nullptr;
}

constexpr std::array<std::string_view, 38> greek = {"alpha", "beta", "gamma", "delta", "epsilon",
    "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "Alpha"};

constexpr std::array<std::string_view, 15> currencies = {"pounds", "euro", "yen", "cent", "rupee",
    "won", "ruble", "baht", "dong", "shekel", "lira", "hryvnia", "naira", "peso", "bitcoin"};

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
    {"equiv", "==="},
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
    {"ldots", "dots"},
    {"cdots", "dots"},
    {"dotsc", "dots"},
    {"varnothing", "emptyset"},
    {"asin", "arcsin"},
    {"acos", "arccos"},
    {"atan", "arctan"},
    {"asinh", "arcsinh"},
    {"acosh", "arccosh"},
    {"atanh", "arctanh"},
    {"arsinh", "arcsinh"},
    {"arcosh", "arccosh"},
    {"artanh", "arctanh"},
    {"sign", "sgn"},
    {"mod", "bmod"},
};

constexpr Row joints[] = {{"或者", "or"}, {"或", "or"}, {"以及", "and"}, {"并且", "and"},
    {"且", "and"}, {"和", "and"}, {"与", "and"}, {"及", "and"}};

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

std::size_t skipped_arguments(std::string_view name) {
  const Arguments* row = arguments_of(name);
  return row ? row->skipped : 0;
}

bool has_shown_argument(std::string_view name) {
  const Arguments* row = arguments_of(name);
  return row && row->shown;
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
  return among(name, currencies);
}

std::optional<std::string_view> sign_of_command(std::string_view name) {
  return look_up(signs, name);
}

std::string_view command_spelling(std::string_view name) {
  return look_up(renamed, name).value_or(name);
}

Joint joint_at(std::string_view text) {
  for (const Row& row : joints)
    if (text.starts_with(row.first)) return {row.second, row.first.size()};
  return {};
}

std::string word_spelling(std::string_view run) {
  std::string small(run);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool genotype = small.size() % 2 == 0;
  for (std::size_t i = 0; genotype && i < small.size(); i += 2) genotype = small[i] == small[i + 1];
  return genotype ? std::string(run) : small;
}

bool looks_like_word(std::string_view run) {
  if (run.size() < 3) return false;
  if (run.size() > 3) return true;
  bool vowel = run.find_first_of("aeiouAEIOU") != run.npos;
  return vowel && !consecutive(run) && run.find_first_of("nxyz") == run.npos;
}

}  // namespace tramontane::maths
