#include "actors/rewards/code/block.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tramontane::code {
namespace {

constexpr std::array python_words = {"python", "python3", "py", "py3"};
constexpr std::array cpp_words = {"cpp", "c++", "cc", "cxx", "cpp20", "c++20", "cpp17", "c++17"};

// What stands beside a program: what it prints, how it is run, what it reads.
constexpr std::array no_programs = {"text", "txt", "plain", "plaintext", "output", "out", "stdout",
    "input", "stdin", "log", "console", "terminal", "bash", "sh", "shell", "zsh", "fish",
    "powershell", "bat", "cmd", "json", "jsonl", "yaml", "yml", "toml", "ini", "xml", "html", "csv",
    "tsv", "diff", "markdown", "md", "latex", "tex", "math", "mermaid", "makefile", "cmake",
    "dockerfile"};

constexpr std::size_t deeper_max = 3;

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
  fence.indent = std::min(line.find_first_not_of(" \t"), line.size());
  if (fence.indent == line.size()) return std::nullopt;
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

std::vector<CodeBlock> code_blocks(std::string_view text) {
  std::vector<CodeBlock> blocks;
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
      blocks.push_back({lower(info), "", false});
    } else if (fence && fence->mark == open->mark && fence->length >= open->length &&
               fence->rest.empty() && fence->indent <= open->indent + deeper_max) {
      blocks.back().closed = true;
      open.reset();
    } else {
      std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
      blocks.back().code.append(line.substr(std::min(indent, open->indent)));
      blocks.back().code.push_back('\n');
    }
  }
  return blocks;
}

std::optional<CodeBlock> last_code_block(std::string_view text) {
  auto blocks = code_blocks(text);
  if (blocks.empty()) return std::nullopt;
  return std::move(blocks.back());
}

const CodeBlock* program_among(const std::vector<CodeBlock>& blocks, Language wanted) {
  const CodeBlock* perhaps = nullptr;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    Language said = language_of(block->word);
    if (said != Language::none && (wanted == Language::none || said == wanted)) return &*block;
    bool program = std::ranges::find(no_programs, block->word) == no_programs.end();
    if (program && perhaps == nullptr) perhaps = &*block;
  }
  return perhaps;
}

}  // namespace tramontane::code
