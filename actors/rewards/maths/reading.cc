#include "actors/rewards/maths/reading.h"

#include "actors/rewards/maths/parser.h"
#include "actors/rewards/maths/rewriting.h"
#include "actors/rewards/maths/spelling.h"
#include "actors/rewards/maths/words.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace tramontane::maths {

namespace {

// The words, if the tokens are words and little else.
std::string prose_of(const std::vector<Token>& tokens) {
  std::string out;
  bool words = false;
  for (const Token& token : tokens) {
    switch (token.kind) {
      case TokenKind::word:
        words = true;
        break;
      case TokenKind::letter:
        if (token.text.size() > 1) return "";
        break;
      case TokenKind::mark:
        if (token.text == "and" || token.text == "or") break;
        if (std::string("(){}.!:'-").find(token.text) == std::string::npos) return "";
        continue;
      case TokenKind::end:
        continue;
      default:
        return "";
    }
    std::string word = token.text;
    if (token.kind == TokenKind::letter) word = word_spelling(word);
    bool glued = !out.empty() && !token.spaced;
    if (!out.empty() && !glued) out += ' ';
    out += word;
  }
  for (std::string_view article : {"a ", "an ", "the "})
    if (out.starts_with(article)) out.erase(0, article.size());
  return words ? out : "";
}

char choice_letter(const Token& token) {
  if (token.kind != TokenKind::letter || token.text.size() != 1) return 0;
  auto letter = static_cast<char>(std::toupper(static_cast<unsigned char>(token.text[0])));
  return letter >= 'A' && letter <= 'J' ? letter : '\0';
}

// Whether the letter at `i` may be that of a choice, and is no part of a formula.
bool names_a_choice(const std::vector<Token>& tokens, std::size_t i) {
  if (choice_letter(tokens[i]) == 0) return false;
  const Token& before = tokens[i - 1];
  const Token& after = tokens[std::min(i + 1, tokens.size() - 1)];
  if (before.text == "(" && after.text == ")") return true;
  if (std::islower(static_cast<unsigned char>(tokens[i].text[0])) != 0) return false;
  auto beside = [](const Token& token) {
    return token.kind == TokenKind::end || token.text == ")" || token.text == "(" ||
           token.text == "." || token.text == ":" || token.text == ";" || token.text == ",";
  };
  return beside(after) && (beside(before) || before.kind == TokenKind::number);
}

// "(C)", "C", "C.", "C)", "(C) 5", "C: the last one".
void find_choice(const std::vector<Token>& tokens, Reading& reading) {
  std::size_t at = tokens[0].text == "(" ? 1 : 0;
  bool bracketed = at == 1;
  if (at + 1 >= tokens.size()) return;
  char letter = choice_letter(tokens[at]);
  if (letter == 0) return;
  const Token& next = tokens[at + 1];
  bool closed = next.text == ")" || (!bracketed && (next.text == "." || next.text == ":"));
  bool alone = !bracketed && next.kind == TokenKind::end;
  if (!closed && !alone) return;
  if (!bracketed && std::islower(static_cast<unsigned char>(tokens[at].text[0])) != 0) return;
  // "(C) or (D)" chooses nothing, and neither does "A) B) C)" or "C D".
  for (std::size_t i = at + 2; i < tokens.size(); ++i) {
    if (tokens[i].text == "or" || tokens[i].text == "and") return;
    if (names_a_choice(tokens, i)) return;
  }
  reading.choice = letter;
  reading.bare_choice = alone && !tokens[at].in_text;
}

// The "(C)" of "Option (C)" and "\text{choice C}"; any other text as it is.
std::string_view without_choice_word(std::string_view text) {
  std::string_view rest = text;
  bool wrapped = rest.starts_with("\\text{") && rest.ends_with('}') &&
                 std::count(rest.begin(), rest.end(), '}') == 1;
  if (wrapped) rest = rest.substr(6, rest.size() - 7);
  for (std::string_view word : {"option ", "choice "}) {
    auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    bool leads = rest.size() > word.size() && std::equal(word.begin(), word.end(), rest.begin(),
                                                  [&](char a, char b) { return same(b, a); });
    if (!leads) continue;
    rest.remove_prefix(word.size());
    std::string_view letter = rest;
    if (letter.starts_with('(') && letter.ends_with(')'))
      letter = letter.substr(1, letter.size() - 2);
    if (letter.size() == 1 && letter[0] >= 'A' && letter[0] <= 'J') return rest;
  }
  return text;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                              [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Reading skim(std::string_view text) {
  Reading out;
  out.text = without_fences(text);
  out.simple = parse_simple(out.text);
  return out;
}

Reading read(std::string_view text, const CompareOptions& options, const ReadAs& as) {
  Reading out;
  out.text = without_choice_word(without_fences(text));
  if (out.text.size() > options.text_bytes_max) {
    out.why = "longer than " + std::to_string(options.text_bytes_max) + " bytes";
    return out;
  }
  const std::string latex = to_latex(out.text);
  auto tokens = lex(without_fences(latex), out.why);
  if (!tokens) return out;
  out.spelled = spelled(*tokens);
  find_choice(*tokens, out);
  if (as.strict) out.why = shown_otherwise(*tokens);
  if (!out.why.empty()) return out;
  rewrite(*tokens, {as.close_units});
  out.prose = prose_of(*tokens);
  out.tree = parse(std::move(*tokens), {options.depth_max, options.nodes_max}, out.why);
  return out;
}

std::optional<Reading> read_chosen(const Reading& reading, const CompareOptions& options) {
  if (reading.choice == 0 || reading.bare_choice) return std::nullopt;
  std::string_view text = reading.text;
  auto skip = [&text](std::initializer_list<std::string_view> what) {
    for (bool again = true; again;) {
      again = false;
      for (std::string_view one : what)
        if (text.starts_with(one)) {
          text.remove_prefix(one.size());
          again = true;
        }
    }
  };
  skip({"\\textbf", "\\text", "\\mathrm", "\\mathbf", "\\mbox", "{", "(", " ", "~", "$"});
  if (text.empty() || std::toupper(static_cast<unsigned char>(text[0])) != reading.choice)
    return std::nullopt;
  text.remove_prefix(1);
  skip({")", ".", ":", "}", " ", "~", "\\ ", "\\quad", "\\,", "\\;"});
  auto count = [text](char c) { return std::count(text.begin(), text.end(), c); };
  if (text.ends_with('}') && count('}') == count('{') + 1) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  return read(text, options, {.strict = true});
}

std::optional<Reading> read_otherwise(
    const Reading& answer, const Node& gold, const CompareOptions& options) {
  std::string_view text = answer.text;
  if (gold.kind == Kind::quantity && !text.empty() &&
      std::isalpha(static_cast<unsigned char>(text.back())) != 0) {
    Reading measured = read(text, options, {.strict = true, .close_units = true});
    bool unit = measured.tree && measured.tree->kind == Kind::quantity;
    return unit ? std::optional(std::move(measured)) : std::nullopt;
  }
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::size_t comma = text.find(',');
  if (comma == text.npos) return std::nullopt;
  if (gold.kind == Kind::list) {
    // Only what has the form of one number was read as one.
    if (!parse_simple(answer.text)) return std::nullopt;
    std::string spaced;
    for (char c : answer.text) {
      spaced += c;
      if (c == ',') spaced += ' ';
    }
    return read(spaced, options);
  }
  bool decimal = all_digits(text.substr(0, comma)) && all_digits(text.substr(comma + 1)) &&
                 text.size() - comma - 1 != 3;
  if (!decimal) return std::nullopt;
  std::string pointed = answer.text;
  pointed[comma + (negative ? 1 : 0)] = '.';
  Reading out = read(pointed, options);
  if (out.tree && out.tree->kind != Kind::number && out.tree->kind != Kind::negative)
    return std::nullopt;
  return out;
}

}  // namespace tramontane::maths
