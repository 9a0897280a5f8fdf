#include "actors/rewards/maths/spelling.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace tramontane::maths {

namespace {

struct Spelling {
  char32_t sign;
  const char* latex;
};

// Sorted by sign.
constexpr Spelling spellings[] = {
    {0x00A0, " "},
    {0x00A3, "\\pounds "},
    {0x00A5, "\\yen "},
    {0x00B0, "^\\circ "},
    {0x00B1, "\\pm "},
    {0x00B2, "^2"},
    {0x00B3, "^3"},
    {0x00B7, "\\cdot "},
    {0x00B9, "^1"},
    {0x00BC, "\\frac{1}{4}"},
    {0x00BD, "\\frac{1}{2}"},
    {0x00BE, "\\frac{3}{4}"},
    {0x00D7, "\\times "},
    {0x00F7, "\\div "},
    {0x0391, "\\Alpha "},
    {0x0394, "\\Delta "},
    {0x03A0, "\\Pi "},
    {0x03A3, "\\Sigma "},
    {0x03A9, "\\Omega "},
    {0x03B1, "\\alpha "},
    {0x03B2, "\\beta "},
    {0x03B3, "\\gamma "},
    {0x03B4, "\\delta "},
    {0x03B5, "\\epsilon "},
    {0x03B8, "\\theta "},
    {0x03BB, "\\lambda "},
    {0x03BC, "\\mu "},
    {0x03C0, "\\pi "},
    {0x03C1, "\\rho "},
    {0x03C3, "\\sigma "},
    {0x03C4, "\\tau "},
    {0x03C6, "\\phi "},
    {0x03C9, "\\omega "},
    {0x2009, "\\,"},
    {0x2010, "-"},
    {0x2011, "-"},
    {0x2012, "-"},
    {0x2013, "-"},
    {0x2014, "-"},
    {0x2019, "'"},
    {0x2026, "\\dots "},
    {0x202F, "\\,"},
    {0x2032, "'"},
    {0x2074, "^4"},
    {0x2075, "^5"},
    {0x20AC, "\\euro "},
    {0x2102, "\\mathbb{C}"},
    {0x2115, "\\mathbb{N}"},
    {0x211A, "\\mathbb{Q}"},
    {0x211D, "\\mathbb{R}"},
    {0x2124, "\\mathbb{Z}"},
    {0x2153, "\\frac{1}{3}"},
    {0x2154, "\\frac{2}{3}"},
    {0x2205, "\\emptyset "},
    {0x2208, "\\in "},
    {0x2212, "-"},
    {0x2213, "\\mp "},
    {0x2216, "\\setminus "},
    {0x2217, "*"},
    {0x221A, "\\sqrt "},
    {0x221E, "\\infty "},
    {0x2229, "\\cap "},
    {0x222A, "\\cup "},
    {0x2248, "\\approx "},
    {0x2260, "\\neq "},
    {0x2264, "\\le "},
    {0x2265, "\\ge "},
    {0x22C5, "\\cdot "},
    {0x2A7D, "\\le "},
    {0x2A7E, "\\ge "},
    {0x3000, " "},
    {0x3002, "."},
    {0xFFE5, "\\yen "},
};

// The first digits of the decimal digits that problems come in.
constexpr char32_t zeros[] = {0x0660, 0x06F0, 0x0966, 0x09E6, 0x0C66, 0x0E50, 0xFF10};

// Decodes one code point; its length is 1 for a byte that begins none.
std::pair<char32_t, std::size_t> decode(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC0 ? 2 : 1;
  if (length == 1 || length > text.size()) return {0, 1};
  char32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 1};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  return {code, length};
}

void append_latex(std::string& out, char32_t code, std::string_view bytes) {
  for (char32_t zero : zeros)
    if (code >= zero && code < zero + 10) {
      out += static_cast<char>('0' + (code - zero));
      return;
    }
  if (code >= 0xFF01 && code <= 0xFF5E) {  // full-width forms of ASCII
    out += static_cast<char>(code - 0xFF01 + '!');
    return;
  }
  auto found = std::lower_bound(std::begin(spellings), std::end(spellings), code,
      [](const Spelling& row, char32_t wanted) { return row.sign < wanted; });
  if (found != std::end(spellings) && found->sign == code) {
    out += found->latex;
  } else {
    out += bytes;
  }
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
  bool changed = true;
  while (changed) {
    text = trimmed(text);
    changed = strip(text, "$$", "$$") || strip(text, "\\[", "\\]") || strip(text, "\\(", "\\)") ||
              strip(text, "**", "**") || strip(text, "", "\\\\") || strip(text, "`", "`") ||
              strip_box(text);
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
      continue;
    }
    auto [code, length] = decode(text.substr(i));
    append_latex(out, code, text.substr(i, length));
    i += length;
  }
  return out;
}

}  // namespace tramontane::maths
