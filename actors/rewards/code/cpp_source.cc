#include "actors/rewards/code/cpp_source.h"

#include "actors/rewards/code/inside.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cctype>

namespace tramontane::code {
namespace {

bool is_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The text with comments and literals blanked, so that brackets can be counted.
std::string blanked(std::string_view text) {
  std::string out(text);
  std::size_t i = 0;
  auto blank_to = [&](std::size_t end) {
    for (end = std::min(end, out.size()); i < end; ++i)
      if (out[i] != '\n') out[i] = ' ';
  };
  while (i < out.size()) {
    if (text.substr(i, 2) == "//") {
      blank_to(std::min(text.find('\n', i), text.size()));
    } else if (text.substr(i, 2) == "/*") {
      std::size_t end = text.find("*/", i + 2);
      blank_to(end == std::string_view::npos ? text.size() : end + 2);
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_letter(text[i - 1])))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != text[i] && text[end] != '\n')
        end += text[end] == '\\' ? 2 : 1;
      blank_to(end + 1);
    } else {
      ++i;
    }
  }
  return out;
}

// Blanked as well: lines of the preprocessor.
std::string without_directives(std::string text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::size_t first = std::min(text.find_first_not_of(" \t", at), text.size());
    if (first < end && text[first] == '#')
      std::fill(text.begin() + static_cast<long>(at), text.begin() + static_cast<long>(end), ' ');
    at = end + 1;
  }
  return text;
}

// "bool f(vector<int> a, int b)": its parts.
struct Head {
  std::size_t name = 0, name_end = 0;  // places in the text
  std::size_t open = 0, close = 0;     // of the parameters' brackets
};

// The head that ends before `end`.
std::optional<Head> head_before(const std::string& text, std::size_t begin, std::size_t end) {
  Head head;
  std::size_t at = end;
  while (at > begin && is_space(text[at - 1])) --at;
  if (at == begin || text[at - 1] != ')') return std::nullopt;
  head.close = at - 1;
  int depth = 0;
  for (at = head.close + 1; at > begin; --at) {
    if (text[at - 1] == ')') ++depth;
    if (text[at - 1] == '(' && --depth == 0) break;
  }
  if (at == begin) return std::nullopt;
  head.open = at - 1;
  at = head.open;
  while (at > begin && is_space(text[at - 1])) --at;
  head.name_end = at;
  while (at > begin && is_letter(text[at - 1])) --at;
  head.name = at;
  if (head.name == head.name_end || head.name == begin) return std::nullopt;
  return head;
}

// The names in "(vector<int> a, int b = 3)"; nothing if one has none.
std::optional<std::vector<std::string>> argument_names(std::string_view inside) {
  std::vector<std::string> names;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= inside.size(); ++i) {
    if (i < inside.size()) {
      char c = inside[i];
      if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
      if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
      if (c != ',' || depth != 0) continue;
    }
    std::string_view one = inside.substr(begin, i - begin);
    begin = i + 1;
    one = trimmed(one.substr(0, one.find('=')));
    if (one.empty() && names.empty() && i == inside.size()) break;  // no parameters
    std::size_t at = one.size();
    while (at > 0 && is_letter(one[at - 1])) --at;
    std::string_view type = trimmed(one.substr(0, at));
    if (at == one.size() || type.empty() || one.find('[') != std::string_view::npos)
      return std::nullopt;
    names.emplace_back(one.substr(at));
  }
  return names;
}

// A name that the tests and the candidate do not use.
std::string declared(const std::string& entry) {
  return "tram_declared_" + entry;
}

std::string calls_of(const Declaration& declaration) {
  return str("tram_carry::Calls<decltype(&", declared(declaration.entry), ")>");
}

std::string head_line(const Declaration& declaration, const std::string& name) {
  return str(declaration.before, " ", name, declaration.parameters);
}

}  // namespace

std::optional<Declaration> split_declaration(std::string_view text) {
  Declaration out;
  std::string plain = without_directives(blanked(text));
  std::vector<std::pair<std::size_t, Head>> helpers;  // where they begin
  std::size_t begin = 0;                              // of what is at the outermost level
  std::size_t opened = std::string::npos;
  int depth = 0;
  std::size_t kept = 0;  // what of the text is in the preamble
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '{' && depth++ == 0) opened = i;
    if (plain[i] == '}') {
      if (--depth < 0) return std::nullopt;
      if (depth == 0) {
        while (begin < opened && is_space(plain[begin])) ++begin;
        if (auto head = head_before(plain, begin, opened)) {
          out.preamble += text.substr(kept, begin - kept);
          out.helpers.push_back({plain.substr(head->name, head->name_end - head->name),
              std::string(text.substr(begin, i + 1 - begin))});
          kept = i + 1;
        }
        begin = i + 1;
      }
    }
    if (plain[i] == ';' && depth == 0) begin = i + 1;
  }
  if (depth == 0) return std::nullopt;
  while (begin < opened && is_space(plain[begin])) ++begin;
  auto head = head_before(plain, begin, opened);
  if (!head) return std::nullopt;
  auto part = [&](std::size_t from, std::size_t to) {
    return std::string(text.substr(from, to - from));
  };
  out.preamble += part(kept, begin);
  out.before = part(begin, head->name);
  out.entry = part(head->name, head->name_end);
  out.parameters = part(head->open, head->close + 1);
  auto names = argument_names(plain.substr(head->open + 1, head->close - head->open - 1));
  if (!names) return std::nullopt;
  out.arguments = std::move(*names);
  return out;
}

bool defines_function(std::string_view code, std::string_view name) {
  std::string plain = blanked(code);
  for (std::size_t at = plain.find(name); at != std::string::npos; at = plain.find(name, at + 1)) {
    std::size_t end = at + name.size();
    if ((at > 0 && is_letter(plain[at - 1])) || (end < plain.size() && is_letter(plain[end])))
      continue;
    while (end < plain.size() && is_space(plain[end])) ++end;
    if (end == plain.size() || plain[end] != '(') continue;
    int depth = 0;
    do {
      if (plain[end] == '(') ++depth;
      if (plain[end] == ')') --depth;
    } while (++end < plain.size() && depth > 0);
    while (end < plain.size() && is_space(plain[end])) ++end;
    if (end < plain.size() && plain[end] == '{') return true;
  }
  return false;
}

std::string harness_source(const Declaration& declaration, std::string_view test) {
  std::string helpers;
  for (const auto& helper : declaration.helpers) helpers += helper.text + "\n";
  std::string arguments;
  for (const auto& argument : declaration.arguments)
    arguments += (arguments.empty() ? "" : ", ") + argument;
  return str(declaration.preamble, "\n", helpers, carry_inc, "\n",
      head_line(declaration, declared(declaration.entry)), ";\n",
      head_line(declaration, declaration.entry), " {\n  return ", calls_of(declaration),
      "::remote(", arguments, ");\n}\n", test, "\n");
}

std::string candidate_source(
    const Declaration& declaration, std::string_view text, std::string_view code) {
  std::string source;
  if (defines_function(code, declaration.entry)) {
    source = declaration.preamble + "\n";
    for (const auto& helper : declaration.helpers)
      if (!defines_function(code, helper.name)) source += helper.text + "\n";
  } else {
    source = text;
  }
  // Its main(), which it may have as an example, is not ours. Macros of keywords end with its code.
  source +=
      str("\n#define main tram_candidate_main\n#line 1 \"solution.cc\"\n", code, "\n#undef main\n");
  for (const char* word : {"int", "long", "double", "float", "char", "bool", "for", "if", "while",
           "return", "auto", "const", "static", "struct", "template", "class"})
    source += str("#undef ", word, "\n");
  return str(source, "#line 1 \"carry.inc\"\n", carry_inc, "\n",
      head_line(declaration, declared(declaration.entry)), ";\nint main() {\n  return ",
      calls_of(declaration), "::serve([](auto&&... a) -> decltype(auto) {\n    return ",
      declaration.entry, "(static_cast<decltype(a)>(a)...);\n  });\n}\n");
}

}  // namespace tramontane::code
