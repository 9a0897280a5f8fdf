#include "storage/json_member.h"

#include <algorithm>

namespace tramontane {
namespace {

constexpr std::string_view blank = " \t\r\n";

// Walks over the text of one valid JSON value after another.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  // The next character that is not blank; 0 at the end.
  char peek() {
    at_ = std::min(text_.find_first_not_of(blank, at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  void step() { ++at_; }

  std::string_view value() {
    char first = peek();
    std::size_t begin = at_;
    if (first == '"')
      string();
    else if (first == '{' || first == '[')
      nested();
    else
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    return text_.substr(begin, at_ - begin);
  }

 private:
  void string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    at_ = std::min(at_ + 1, text_.size());
  }

  void nested() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (c == '"') {
        string();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::string_view> member(std::string_view object, std::string_view key) {
  Walker walker(object);
  if (walker.peek() != '{') return std::nullopt;
  walker.step();
  std::optional<std::string_view> found;
  while (walker.peek() == '"') {
    std::string_view name = walker.value();
    if (walker.peek() != ':') return std::nullopt;
    walker.step();
    std::string_view value = walker.value();
    if (name.size() >= 2 && name.substr(1, name.size() - 2) == key) found = value;
    if (walker.peek() != ',') break;
    walker.step();
  }
  return found;
}

}  // namespace

std::optional<std::string_view> json_member(
    std::string_view object, std::span<const std::string> path) {
  std::optional<std::string_view> value = object;
  for (const std::string& key : path) {
    value = member(*value, key);
    if (!value) return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> json_items(std::string_view list) {
  std::vector<std::string_view> items;
  Walker walker(list);
  if (walker.peek() != '[') return items;
  walker.step();
  while (walker.peek() != ']' && walker.peek() != '\0') {
    items.push_back(walker.value());
    if (walker.peek() != ',') break;
    walker.step();
  }
  return items;
}

}  // namespace tramontane
