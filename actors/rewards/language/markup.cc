#include "actors/rewards/language/markup.h"

#include <algorithm>
#include <array>

namespace tramontane {

namespace {

constexpr std::size_t none = std::string_view::npos;

// Of a longer text only so many bytes are looked at.
constexpr std::size_t bytes_max = 4U << 20;

// A tag or a piece of inline maths that goes on for longer is not one.
constexpr std::size_t tag_bytes_max = 256;
constexpr std::size_t inline_bytes_max = 1024;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The next place of a text. Asked for from growing positions only, it searches every byte once.
class NextPlace {
 public:
  NextPlace(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  std::size_t from(std::size_t at) {
    if (at > found_ || !searched_) {
      found_ = text_.find(what_, at);
      searched_ = true;
    }
    return found_;
  }

 private:
  std::string_view text_;
  std::string_view what_;
  std::size_t found_ = 0;
  bool searched_ = false;
};

// Environments whose content is prose; of any other, nothing is kept.
constexpr std::array prose = {"abstract", "center", "corollary", "definition", "description",
    "document", "enumerate", "example", "itemize", "lemma", "proof", "quote", "remark", "solution",
    "theorem"};

// Commands whose argument in braces is no prose.
constexpr std::array without_prose = {"boxed", "cite", "dfrac", "documentclass", "end", "eqref",
    "fbox", "frac", "hspace", "includegraphics", "label", "mathbb", "mathbf", "mathcal", "mathrm",
    "operatorname", "ref", "sqrt", "tfrac", "url", "usepackage", "vspace"};

template <std::size_t n>
bool holds(const std::array<const char*, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text) {}

  Stripped strip() {
    out_.prose.reserve(text_.size());
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  bool here(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  char char_at(std::size_t at) const { return at < text_.size() ? text_[at] : '\n'; }

  // Continues behind `end`, or at the end of the text.
  void skip_to(std::size_t end, char leave) { hide(out_.maths, end, leave); }

  void skip_code_to(std::size_t end, char leave) { hide(out_.code, end, leave); }

  void hide(std::string& where, std::size_t end, char leave) {
    std::size_t from = at_;
    at_ = std::min(end, text_.size());
    if (at_ - from > 1) where.append(text_, from, at_ - from);
    if (at_ - from > 1 && char_at(at_) != '{') where += '\n';  // a command keeps its argument
    out_.prose += leave;
  }

  // Continues behind `close`; without one, where the paragraph ends.
  void skip_maths(NextPlace& close, std::size_t open_bytes, std::size_t close_bytes) {
    std::size_t end = close.from(at_ + open_bytes);
    skip_to(end == none ? paragraph_.from(at_ + open_bytes) : end + close_bytes, ' ');
  }

  void step() {
    switch (text_[at_]) {
      case '`':
      case '~':
        return code();
      case '[':
        if (!here("[asy]")) return keep();
        if (std::size_t end = asy_.from(at_); end != none) return skip_code_to(end + 6, '\n');
        return skip_code_to(none, '\n');
      case '$':
        return dollar();
      case '\\':
        return command();
      case '<':
        return tag();
      case 'h':
      case 'f':
      case 'w':
        return address();
      default:
        return keep();
    }
  }

  void keep() { out_.prose += text_[at_++]; }

  void code() {
    NextPlace* fence = here("```") ? &backticks_ : here("~~~") ? &tildes_ : nullptr;
    if (fence != nullptr) {
      std::size_t end = fence->from(at_ + 3);
      return skip_code_to(end == none ? none : end + 3, '\n');
    }
    if (text_[at_] == '~') return skip_to(at_ + 1, ' ');
    std::size_t end = backtick_.from(at_ + 1);
    bool closed = end != none && end < line_.from(at_);
    skip_code_to(closed ? end + 1 : at_ + 1, ' ');
  }

  // Maths if it closes as maths does: the rule of Pandoc, by which "$5 and $6" is money.
  void dollar() {
    if (here("$$")) return skip_maths(dollars_, 2, 2);
    std::size_t limit = std::min({text_.size(), paragraph_.from(at_), at_ + inline_bytes_max});
    bool opens = !is_space(char_at(at_ + 1));
    for (std::size_t i = std::max(at_ + 1, no_close_); opens && i < limit; ++i) {
      if (text_[i] != '$' || text_[i - 1] == '\\' || is_space(text_[i - 1])) continue;
      if (!is_digit(char_at(i + 1))) return skip_to(i + 1, ' ');
    }
    if (opens) no_close_ = std::max(no_close_, limit);
    skip_to(at_ + 1, ' ');
  }

  void command() {
    if (here("\\[")) return skip_maths(display_, 2, 2);
    if (here("\\(")) return skip_maths(inline_, 2, 2);
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    if (name.empty()) return skip_to(at_ + 2, ' ');
    if (name == "begin") return environment(end);
    skip_to(end, ' ');
    while (holds(without_prose, name) && char_at(at_) == '{') skip_braces();
  }

  // `{…}` with what is in it, or to the end of the paragraph if it does not close.
  void skip_braces() {
    std::size_t limit = std::min(text_.size(), paragraph_.from(at_));
    std::size_t i = at_;
    for (int depth = 0; i < limit; ++i) {
      depth += text_[i] == '{' ? 1 : text_[i] == '}' ? -1 : 0;
      if (depth == 0) return skip_to(i + 1, ' ');
    }
    skip_to(limit, ' ');
  }

  // `at_` is at \begin, `end` behind it.
  void environment(std::size_t end) {
    std::size_t close = std::min(end + 32, text_.size());
    std::size_t brace = text_.substr(0, close).find('}', end);
    bool named = char_at(end) == '{' && brace != none;
    if (!named) return skip_to(end, ' ');
    std::string_view name = text_.substr(end + 1, brace - end - 1);
    if (holds(prose, name)) return skip_to(brace + 1, '\n');
    int depth = 1;
    std::size_t i = brace + 1;
    for (; i < text_.size() && depth > 0; ++i) {
      if (text_[i] != '\\') continue;
      if (text_.substr(i).starts_with("\\begin{")) ++depth;
      if (text_.substr(i).starts_with("\\end{")) --depth;
    }
    // At \end, which goes with its argument; or at the end.
    skip_to(depth > 0 ? text_.size() : i - 1, ' ');
  }

  void tag() {
    char first = char_at(at_ + 1);
    std::string_view rest = text_.substr(at_ + 1, tag_bytes_max);
    std::size_t end = rest.find_first_of("<>\n");
    bool is_tag = is_letter(first) || first == '/' || first == '!' || first == '|';
    if (!is_tag || end == none || rest[end] != '>') return keep();
    skip_code_to(at_ + end + 2, ' ');
  }

  void address() {
    bool word_starts = at_ == 0 || !is_letter(text_[at_ - 1]);
    bool is_address = here("http://") || here("https://") || here("ftp://") || here("www.");
    if (!word_starts || !is_address) return keep();
    skip_code_to(text_.find_first_of(" \t\r\n<>()[]\"", at_), ' ');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Stripped out_;
  std::size_t no_close_ = 0;  // between at_ and here is no dollar sign that closes maths
  NextPlace backticks_{text_, "```"};
  NextPlace tildes_{text_, "~~~"};
  NextPlace backtick_{text_, "`"};
  NextPlace asy_{text_, "[/asy]"};
  NextPlace dollars_{text_, "$$"};
  NextPlace display_{text_, "\\]"};
  NextPlace inline_{text_, "\\)"};
  NextPlace paragraph_{text_, "\n\n"};
  NextPlace line_{text_, "\n"};
};

}  // namespace

Stripped strip_markup(std::string_view text) {
  return Stripper(text.substr(0, bytes_max)).strip();
}

}  // namespace tramontane
