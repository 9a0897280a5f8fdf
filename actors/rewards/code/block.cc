#include "actors/rewards/code/block.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tramontane::code {
namespace {

constexpr std::array python_words = {"python", "python3", "py", "py3"};
constexpr std::array cpp_words = {"cpp", "c++", "cc", "cxx", "cpp20", "c++20", "cpp17", "c++17"};

struct Fence {
  char mark = 0;
  std::size_t length = 0;
  std::size_t indent = 0;
  std::string_view rest;
};

std::string_view trimmed(std::string_view text) {
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<Fence> fence_of(std::string_view line) {
  Fence fence;
  while (fence.indent < line.size() && line[fence.indent] == ' ') ++fence.indent;
  if (fence.indent > 3 || fence.indent == line.size()) return std::nullopt;
  fence.mark = line[fence.indent];
  if (fence.mark != '`' && fence.mark != '~') return std::nullopt;
  std::size_t end = std::min(line.find_first_not_of(fence.mark, fence.indent), line.size());
  fence.length = end - fence.indent;
  fence.rest = trimmed(line.substr(end));
  if (fence.length < 3) return std::nullopt;
  if (fence.mark == '`' && fence.rest.find('`') != std::string_view::npos) return std::nullopt;
  return fence;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(
      out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

const char* name(Language language) {
  constexpr std::array names = {"none", "python", "cpp"};
  return names[static_cast<std::size_t>(language)];
}

Language language_of(std::string_view word) {
  std::string small = lower(word);
  if (std::ranges::find(python_words, small) != python_words.end()) return Language::python;
  if (std::ranges::find(cpp_words, small) != cpp_words.end()) return Language::cpp;
  return Language::none;
}

std::optional<CodeBlock> last_code_block(std::string_view text) {
  std::optional<CodeBlock> last;
  std::optional<Fence> open;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    auto fence = fence_of(line);
    if (!open) {
      if (!fence) continue;
      open = fence;
      std::string_view info = fence->rest.substr(0, fence->rest.find_first_of(" \t{"));
      last = CodeBlock{lower(info), "", false};
    } else if (fence && fence->mark == open->mark && fence->length >= open->length &&
               fence->rest.empty()) {
      last->closed = true;
      open.reset();
    } else {
      std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
      last->code.append(line.substr(std::min(indent, open->indent)));
      last->code.push_back('\n');
    }
  }
  return last;
}

}  // namespace tramontane::code
