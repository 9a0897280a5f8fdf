#include "actors/rewards/maths/spelling.h"

#include "actors/rewards/maths/characters.h"

#include <cstdint>
#include <utility>

namespace tramontane::maths {

namespace {

// "²³" to "^{23}", "₁₀" to "_{10}": the whole run of them, from the front of `text`.
std::size_t take_scripts(
    std::string_view text, char (*form)(char32_t), std::string_view mark, std::string& out) {
  std::string inside;
  std::size_t taken = 0;
  while (taken < text.size()) {
    auto [code, length] = decode(text.substr(taken));
    char plain = form(code);
    if (plain == 0 && !is_invisible(code)) break;
    if (plain != 0) inside += plain;
    taken += length;
  }
  out.append(mark).append("{").append(inside).append("}");
  return taken;
}

// The digits under "√", which in Unicode has no braces: "√12" is the root of twelve.
std::size_t take_radicand(std::string_view text, std::string& out) {
  std::string digits;
  std::size_t taken = 0;
  while (taken < text.size()) {
    auto [code, length] = decode(text.substr(taken));
    char plain = code < 0x80 ? static_cast<char>(code) : plain_form(code);
    if (plain < '0' || plain > '9') break;
    digits += plain;
    taken += length;
  }
  if (!digits.empty()) out.append("{").append(digits).append("}");
  return taken;
}

// Takes one character, or a run that is one thing, from the front of `text`.
std::size_t append_latex(std::string_view text, std::string& out) {
  auto [code, length] = decode(text);
  if (is_invisible(code)) return length;
  if (char plain = plain_form(code); plain != 0) {
    out += plain;
    return length;
  }
  if (raised_form(code) != 0) return take_scripts(text, raised_form, "^", out);
  if (lowered_form(code) != 0) return take_scripts(text, lowered_form, "_", out);
  if (code == 0x0338 && out.ends_with('=')) {  // "≠" in two parts
    out.back() = '\\';
    out += "neq ";
    return length;
  }
  const char* latex = latex_form(code);
  if (!latex) {
    out += text.substr(0, length);
    return length;
  }
  out += latex;
  bool root = code >= 0x221A && code <= 0x221C;
  return root ? length + take_radicand(text.substr(length), out) : length;
}

bool strip(std::string_view& text, std::string_view open, std::string_view close) {
  if (text.size() < open.size() + close.size() || !text.starts_with(open)) return false;
  if (!text.ends_with(close)) return false;
  auto inner = text.substr(open.size(), text.size() - open.size() - close.size());
  if (!open.empty() && inner.find(open) != inner.npos) return false;  // "$1$ and $2$"
  text = inner;
  return true;
}

bool strip_box(std::string_view& text) {
  for (std::string_view box : {"\\boxed{", "\\fbox{"})
    if (text.starts_with(box) && closing_brace(text, box.size() - 1) == text.size() - 1) {
      text = text.substr(box.size(), text.size() - box.size() - 1);
      return true;
    }
  return false;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  auto space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t closing_brace(std::string_view text, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string_view without_fences(std::string_view text) {
  constexpr std::size_t fenced_bytes_max = 1 << 14;  // each fence is looked for in all of the text
  bool changed = text.size() <= fenced_bytes_max;
  if (!changed) text = trimmed(text);
  while (changed) {
    text = trimmed(text);
    changed = strip(text, "$$", "$$") || strip(text, "\\[", "\\]") || strip(text, "\\(", "\\)") ||
              strip(text, "**", "**") || strip(text, "", "\\\\") || strip(text, "`", "`") ||
              strip(text, "\"", "\"") || strip(text, "“", "”") || strip(text, "``", "''") ||
              strip(text, "\\text{\"", "\"}") || strip(text, "\\text{“", "”}") || strip_box(text);
    // \$ is money, and so is the dollar sign of "$5".
    if (!changed && text.size() > 2 && !text.ends_with("\\$")) changed = strip(text, "$", "$");
    if (!changed && text.size() > 1 && text.back() == '.' && !text.ends_with("..")) {
      if (text.ends_with("\\right.")) break;
      text.remove_suffix(1);
      changed = true;
    }
  }
  return text;
}

std::string squeezed(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view rest = text.substr(i);
    if (rest.starts_with("\\left") && !rest.starts_with("\\leftarrow")) {
      i += 4;
    } else if (rest.starts_with("\\right") && !rest.starts_with("\\rightarrow")) {
      i += 5;
    } else if (rest[0] != ' ' && rest[0] != '$' && rest[0] != '\n') {
      out += rest[0];
    }
  }
  return out;
}

std::string to_latex(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<std::uint8_t>(text[i]) < 0x80) {
      out += text[i++];
    } else {
      i += append_latex(text.substr(i), out);
    }
  }
  return out;
}

}  // namespace tramontane::maths
