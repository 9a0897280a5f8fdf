#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/markup.h"

#include <algorithm>
#include <array>

namespace tramontane {

namespace {

// So many words in a row are a sentence, wherever they stand.
constexpr std::size_t run_words_min = 4;

// A word of so many letters counts in maths even when it stands alone.
constexpr std::size_t word_letters_min = 4;

// A word in capitals of so many letters names points, or is a short form.
constexpr std::size_t capitals_max = 4;

// Commands that set their argument as text.
constexpr std::array text_commands = {"emph", "mathbf", "mathit", "mathrm", "mathsf", "mathtt",
    "mbox", "hbox", "text", "textbf", "textit", "textrm", "textsf", "texttt", "textup",
    "underline"};

// Commands whose argument is a name or a measure.
constexpr std::array named_commands = {"begin", "end", "hspace", "includegraphics", "label",
    "mathbb", "mathcal", "operatorname", "ref", "vspace"};

// Commands that are a space.
constexpr std::array space_commands = {"quad", "qquad", "space", "newline"};

// Words of programs, which end a row of words.
constexpr std::array keywords = {"and", "as", "assert", "auto", "bool", "break", "char", "class",
    "const", "continue", "def", "double", "elif", "else", "except", "float", "for", "from", "if",
    "import", "in", "include", "int", "is", "lambda", "let", "long", "namespace", "none", "None",
    "not", "or", "pass", "print", "return", "std", "string", "struct", "try", "unsigned", "using",
    "vector", "void", "while", "with", "yield"};

// What may follow # in a program that is no comment.
constexpr std::array directives = {
    "define", "elif", "else", "endif", "if", "ifdef", "ifndef", "include", "pragma", "undef"};

template <std::size_t n>
bool holds(const std::array<const char*, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A letter of any alphabet, or a mark on one; bytes that are no UTF-8 are none.
bool is_word_byte(char c) {
  return is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

// Collects words in rows; a row that is no sentence leaves its long words, or nothing.
class Rows {
 public:
  explicit Rows(bool keeps_long_words) : keeps_long_words_(keeps_long_words) {}

  void word(std::string_view word) {
    std::size_t letters = 0;
    bool capitals = true;
    for (std::size_t at = 0; at < word.size();) {
      letters += letter_weight(next_point(word, at)) > 0 ? 1 : 0;
      capitals = capitals && word[at - 1] >= 'A' && word[at - 1] <= 'Z';
    }
    if (letters == 0 || (capitals && letters <= capitals_max)) return;
    if (!row_.empty()) row_ += ' ';
    row_ += word;
    bool wide = static_cast<unsigned char>(word[0]) >= 0xe0;  // scripts that may have no spaces
    if (letters >= word_letters_min || wide) long_.append(" ").append(word);
    words_ += wide ? (letters + 1) / 2 : 1;
    single_ += letters == 1 ? 1 : 0;
  }

  void end_row() {
    if (words_ >= run_words_min && 2 * single_ <= words_)
      out_ += row_ + '\n';
    else if (keeps_long_words_ && !long_.empty())
      out_ += long_ + '\n';
    row_.clear();
    long_.clear();
    words_ = 0;
    single_ = 0;
  }

  std::string take() {
    end_row();
    return std::move(out_);
  }

 private:
  bool keeps_long_words_;
  std::string row_;
  std::string long_;
  std::size_t words_ = 0;
  std::size_t single_ = 0;
  std::string out_;
};

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word_byte(text[at])) ++at;
  return at;
}

// Behind `{…}` at `at`, or `at`.
std::size_t behind_braces(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '{') return at;
  std::size_t end = text.find_first_of("}\n", at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

// `at` is at the backslash.
std::size_t behind_command(std::string_view text, std::size_t at, Rows& rows) {
  std::size_t end = at + 1;
  while (end < text.size() && is_ascii_letter(text[end])) ++end;
  std::string_view name = text.substr(at + 1, end - at - 1);
  if (name.empty()) return at + 2;  // \, \; \( and the like
  if (!holds(text_commands, name) && !holds(space_commands, name)) rows.end_row();
  if (!holds(named_commands, name)) return end;
  end = behind_braces(text, end);
  return name == "begin" ? behind_braces(text, end) : end;  // the columns of an array
}

void read_maths(std::string_view text, Rows& rows) {
  constexpr std::string_view soft = " \t\n,.;:!?'-~{}$\"0123456789";
  for (std::size_t at = 0; at < text.size();) {
    if (std::size_t end = word_end(text, at); end > at) {
      rows.word(text.substr(at, end - at));
      at = end;
    } else if (text[at] == '\\') {
      at = behind_command(text, at, rows);
    } else {
      if (soft.find(text[at]) == std::string_view::npos) rows.end_row();
      ++at;
    }
  }
  rows.end_row();
}

// Where a line's comment begins, or none.
std::size_t comment_at(std::string_view line) {
  std::size_t first = std::min(line.find_first_not_of(" \t"), line.size());
  std::string_view rest = line.substr(first);
  if (rest.starts_with("#") && holds(directives, rest.substr(1, word_end(rest, 1) - 1)))
    return line.size();
  if (rest.starts_with("*") || rest.starts_with("--") || rest.starts_with("%")) return first;
  return std::min({line.find('#'), line.find("//"), line.find("/*"), line.find("<!--")});
}

void read_words(std::string_view text, bool program, Rows& rows) {
  constexpr std::string_view soft = " \t,.;:!?'-_0123456789\r";
  for (std::size_t at = 0; at < text.size();) {
    if (std::size_t end = word_end(text, at); end > at) {
      std::string_view word = text.substr(at, end - at);
      if (program && holds(keywords, word))
        rows.end_row();
      else
        rows.word(word);
      at = end;
    } else {
      if (program && soft.find(text[at]) == std::string_view::npos) rows.end_row();
      ++at;
    }
  }
}

// Comments are a text of their own; what else a line has are rows of words, which end with it.
void read_code(std::string_view text, Rows& comments, Rows& rows) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    std::size_t comment = std::min(comment_at(line), line.size());
    read_words(line.substr(0, comment), true, rows);
    rows.end_row();
    read_words(line.substr(comment), false, comments);
  }
}

// Words of prose that have _ = @ in them, which are taken for names and addresses.
std::string names_in(std::string_view prose) {
  std::string out;
  for (std::size_t at = 0; at < prose.size();) {
    std::size_t end = std::min(prose.find_first_of(" \t\r\n", at), prose.size());
    std::string_view word = prose.substr(at, end - at);
    if (word.find_first_of("_=@") != std::string_view::npos) out.append(word) += '\n';
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string hidden_prose(const Stripped& parts) {
  Rows maths(true);
  read_maths(parts.maths, maths);
  Rows comments(false);
  Rows rows(false);
  read_code(parts.code, comments, rows);
  read_code(names_in(parts.prose), comments, rows);
  std::string comment_text = comments.take();
  return maths.take() + comment_text + rows.take();
}

}  // namespace tramontane
