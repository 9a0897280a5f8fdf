#include "actors/rewards/maths/boxes.h"

#include <algorithm>
#include <cctype>

namespace tramontane::maths {

namespace {

constexpr std::string_view commands[] = {"boxed", "fbox", "framebox"};

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

// The end of the command that begins after the backslash at `at`, if it makes a box; else 0.
std::size_t end_of_command(std::string_view text, std::size_t at) {
  for (std::string_view command : commands) {
    if (!text.substr(at + 1).starts_with(command)) continue;
    std::size_t end = at + 1 + command.size();
    bool longer = end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0;
    if (!longer) return end;
  }
  return 0;
}

// "\boxed 5", "\boxed x": the end of the argument, or `at` if it is none.
std::size_t end_of_bare_argument(std::string_view text, std::size_t at) {
  auto digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  std::size_t end = at;
  if (end < text.size() && text[end] == '-') ++end;
  if (!digit(end)) {
    bool letter =
        at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0 &&
        (at + 1 == text.size() || std::isalpha(static_cast<unsigned char>(text[at + 1])) == 0);
    return letter ? at + 1 : at;
  }
  while (digit(end) ||
         (end < text.size() && (text[end] == '.' || text[end] == ',' || text[end] == '/') &&
             digit(end + 1)))
    ++end;
  return end;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  Boxes run() {
    // Braces before the first box close none.
    std::size_t first = text_.find("box");
    while (first != text_.npos && first > 0 && text_[first - 1] != '\\' &&
           text_[first - 1] != 'f' && text_[first - 1] != 'e')
      first = text_.find("box", first + 3);
    if (first == text_.npos) return {};
    for (std::size_t at = first - std::min<std::size_t>(first, 6); at < text_.size();)
      at = step(at);
    std::size_t last_open = 0;
    bool open = false;
    for (const Brace& brace : braces_)
      if (brace.boxes) {
        open = true;
        last_open = brace.begin;
      }
    out_.last_is_open = open && last_open == last_begun_;
    return std::move(out_);
  }

 private:
  struct Brace {
    std::size_t begin;  // of the command, or of the brace
    std::size_t open;
    bool boxes;
  };

  // Goes on after what begins at `at`.
  std::size_t step(std::size_t at) {
    char c = text_[at];
    if (c == '\\') {
      if (std::size_t end = end_of_command(text_, at); end > 0) return command(at, end);
      // "\\\\boxed", as text that was escaped once too often has it.
      bool twice =
          at + 1 < text_.size() && text_[at + 1] == '\\' && end_of_command(text_, at + 1) > 0;
      return at + (twice ? 1 : 2);
    }
    if (c == '{') braces_.push_back({at, at, false});
    if (c == '}' && !braces_.empty()) {
      Brace brace = braces_.back();
      braces_.pop_back();
      if (brace.boxes) close({brace.begin, brace.open + 1, at, at + 1});
    }
    return at + 1;
  }

  std::size_t command(std::size_t at, std::size_t end) {
    std::size_t next = end;
    if (next < text_.size() && text_[next] == '[') {  // "\framebox[2cm]{…}"
      std::size_t bracket = text_.substr(next, 20).find(']');
      if (bracket != std::string_view::npos) next += bracket + 1;
    }
    while (next < text_.size() && is_space(text_[next])) ++next;
    if (next < text_.size() && text_[next] == '{') {
      begin(at);
      braces_.push_back({at, next, true});
      return next + 1;
    }
    std::size_t to = end_of_bare_argument(text_, next);
    if (to == next) return end;
    begin(at);
    close({at, next, to, to});
    return to;
  }

  void begin(std::size_t at) {
    out_.any = true;
    last_begun_ = at;
  }

  // The boxes inside this one are no longer boxes of their own.
  void close(Box box) {
    while (!out_.closed.empty() && out_.closed.back().begin > box.begin) out_.closed.pop_back();
    out_.closed.push_back(box);
  }

  std::string_view text_;
  std::vector<Brace> braces_;
  std::size_t last_begun_ = 0;
  Boxes out_;
};

}  // namespace

Boxes find_boxes(std::string_view text) {
  return Finder(text).run();
}

}  // namespace tramontane::maths
