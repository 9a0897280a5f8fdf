#include "actors/rewards/maths/characters.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>

namespace tramontane::maths {

namespace {

struct Spelling {
  char32_t sign;
  const char* latex;
};

// Sorted by sign.
constexpr Spelling spellings[] = {{0x0085, " "}, {0x00A0, " "}, {0x00A2, "\\cent "},
    {0x00A3, "\\pounds "}, {0x00A5, "\\yen "}, {0x00AC, "\\neg "}, {0x00B0, "^\\circ "},
    {0x00B1, "\\pm "}, {0x00B4, "'"}, {0x00B5, "\\mu "}, {0x00B7, "\\cdot "}, {0x00BA, "^\\circ "},
    {0x00BC, "\\frac{1}{4}"}, {0x00BD, "\\frac{1}{2}"}, {0x00BE, "\\frac{3}{4}"},
    {0x00D7, "\\times "}, {0x00F7, "\\div "}, {0x02B9, "'"}, {0x02DA, "^\\circ "}, {0x0391, "A"},
    {0x0392, "B"}, {0x0393, "\\Gamma "}, {0x0394, "\\Delta "}, {0x0395, "E"}, {0x0396, "Z"},
    {0x0397, "H"}, {0x0398, "\\Theta "}, {0x0399, "I"}, {0x039A, "K"}, {0x039B, "\\Lambda "},
    {0x039C, "M"}, {0x039D, "N"}, {0x039E, "\\Xi "}, {0x039F, "O"}, {0x03A0, "\\Pi "},
    {0x03A1, "P"}, {0x03A3, "\\Sigma "}, {0x03A4, "T"}, {0x03A5, "Y"}, {0x03A6, "\\Phi "},
    {0x03A7, "X"}, {0x03A8, "\\Psi "}, {0x03A9, "\\Omega "}, {0x03B1, "\\alpha "},
    {0x03B2, "\\beta "}, {0x03B3, "\\gamma "}, {0x03B4, "\\delta "}, {0x03B5, "\\epsilon "},
    {0x03B6, "\\zeta "}, {0x03B7, "\\eta "}, {0x03B8, "\\theta "}, {0x03B9, "\\iota "},
    {0x03BA, "\\kappa "}, {0x03BB, "\\lambda "}, {0x03BC, "\\mu "}, {0x03BD, "\\nu "},
    {0x03BE, "\\xi "}, {0x03BF, "o"}, {0x03C0, "\\pi "}, {0x03C1, "\\rho "}, {0x03C2, "\\sigma "},
    {0x03C3, "\\sigma "}, {0x03C4, "\\tau "}, {0x03C5, "\\upsilon "}, {0x03C6, "\\phi "},
    {0x03C7, "\\chi "}, {0x03C8, "\\psi "}, {0x03C9, "\\omega "}, {0x03D1, "\\theta "},
    {0x03D5, "\\phi "}, {0x03D6, "\\varpi "}, {0x03F1, "\\rho "}, {0x03F5, "\\epsilon "},
    {0x060C, ","}, {0x061B, ";"}, {0x066A, "%"}, {0x066B, "."}, {0x066C, ","}, {0x0E3F, "\\baht "},
    {0x1680, " "}, {0x2000, " "}, {0x2001, " "}, {0x2002, " "}, {0x2003, " "}, {0x2004, " "},
    {0x2005, " "}, {0x2006, " "}, {0x2007, " "}, {0x2008, " "}, {0x2009, "\\,"}, {0x200A, " "},
    {0x2010, "-"}, {0x2011, "-"}, {0x2012, "-"}, {0x2013, "-"}, {0x2014, "-"}, {0x2015, "-"},
    {0x2016, "\\|"}, {0x2018, "'"}, {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""},
    {0x2022, "\\cdot "}, {0x2026, "\\dots "}, {0x2027, "\\cdot "}, {0x2028, " "}, {0x2029, " "},
    {0x202F, "\\,"}, {0x2030, "\\permil "}, {0x2032, "'"}, {0x2033, "''"}, {0x2034, "'''"},
    {0x2043, "-"}, {0x2044, "/"}, {0x205F, " "}, {0x20A6, "\\naira "}, {0x20A9, "\\won "},
    {0x20AA, "\\shekel "}, {0x20AB, "\\dong "}, {0x20AC, "\\euro "}, {0x20B1, "\\peso "},
    {0x20B4, "\\hryvnia "}, {0x20B9, "\\rupee "}, {0x20BA, "\\lira "}, {0x20BD, "\\ruble "},
    {0x20BF, "\\bitcoin "}, {0x2102, "\\mathbb{C}"}, {0x2103, "^\\circ C"}, {0x2109, "^\\circ F"},
    {0x210A, "g"}, {0x210B, "H"}, {0x210D, "\\mathbb{H}"}, {0x210E, "h"}, {0x210F, "\\hbar "},
    {0x2110, "I"}, {0x2112, "L"}, {0x2113, "\\ell "}, {0x2115, "\\mathbb{N}"},
    {0x2119, "\\mathbb{P}"}, {0x211A, "\\mathbb{Q}"}, {0x211B, "R"}, {0x211D, "\\mathbb{R}"},
    {0x2124, "\\mathbb{Z}"}, {0x2126, "\\Omega "}, {0x212A, "K"}, {0x212B, "\\angstrom "},
    {0x212C, "B"}, {0x212F, "e"}, {0x2130, "E"}, {0x2131, "F"}, {0x2133, "M"}, {0x2134, "o"},
    {0x2145, "d"}, {0x2146, "d"}, {0x2147, "e"}, {0x2148, "i"}, {0x2149, "j"},
    {0x2150, "\\frac{1}{7}"}, {0x2151, "\\frac{1}{9}"}, {0x2152, "\\frac{1}{10}"},
    {0x2153, "\\frac{1}{3}"}, {0x2154, "\\frac{2}{3}"}, {0x2155, "\\frac{1}{5}"},
    {0x2156, "\\frac{2}{5}"}, {0x2157, "\\frac{3}{5}"}, {0x2158, "\\frac{4}{5}"},
    {0x2159, "\\frac{1}{6}"}, {0x215A, "\\frac{5}{6}"}, {0x215B, "\\frac{1}{8}"},
    {0x215C, "\\frac{3}{8}"}, {0x215D, "\\frac{5}{8}"}, {0x215E, "\\frac{7}{8}"}, {0x2160, "I"},
    {0x2161, "II"}, {0x2162, "III"}, {0x2163, "IV"}, {0x2164, "V"}, {0x2165, "VI"}, {0x2166, "VII"},
    {0x2167, "VIII"}, {0x2168, "IX"}, {0x2169, "X"}, {0x216A, "XI"}, {0x216B, "XII"},
    {0x2189, "\\frac{0}{3}"}, {0x2190, "\\leftarrow "}, {0x2192, "\\to "},
    {0x2194, "\\leftrightarrow "}, {0x21A6, "\\mapsto "}, {0x21D2, "\\Rightarrow "},
    {0x21D4, "\\Leftrightarrow "}, {0x2200, "\\forall "}, {0x2202, "\\partial "},
    {0x2203, "\\exists "}, {0x2204, "\\nexists "}, {0x2205, "\\emptyset "}, {0x2206, "\\Delta "},
    {0x2207, "\\nabla "}, {0x2208, "\\in "}, {0x2209, "\\notin "}, {0x220B, "\\ni "},
    {0x220F, "\\prod "}, {0x2211, "\\sum "}, {0x2212, "-"}, {0x2213, "\\mp "}, {0x2215, "/"},
    {0x2216, "\\setminus "}, {0x2217, "*"}, {0x2218, "\\circ "}, {0x2219, "\\cdot "},
    {0x221A, "\\sqrt "}, {0x221B, "\\sqrt[3]"}, {0x221C, "\\sqrt[4]"}, {0x221D, "\\propto "},
    {0x221E, "\\infty "}, {0x2220, "\\angle "}, {0x2221, "\\angle "}, {0x2223, "|"},
    {0x2224, "\\nmid "}, {0x2225, "\\parallel "}, {0x2226, "\\nparallel "}, {0x2227, "\\land "},
    {0x2228, "\\lor "}, {0x2229, "\\cap "}, {0x222A, "\\cup "}, {0x222B, "\\int "},
    {0x222C, "\\iint "}, {0x222E, "\\oint "}, {0x2234, "\\therefore "}, {0x2235, "\\because "},
    {0x2236, ":"}, {0x2237, "\\Colon "}, {0x223C, "\\sim "}, {0x2243, "\\simeq "},
    {0x2245, "\\cong "}, {0x2248, "\\approx "}, {0x2250, "\\doteq "}, {0x2252, "\\approx "},
    {0x2254, ":="}, {0x2260, "\\neq "}, {0x2261, "\\equiv "}, {0x2262, "\\not\\equiv "},
    {0x2264, "\\le "}, {0x2265, "\\ge "}, {0x2266, "\\le "}, {0x2267, "\\ge "}, {0x226A, "\\ll "},
    {0x226B, "\\gg "}, {0x226E, "\\nless "}, {0x226F, "\\ngtr "}, {0x227A, "\\prec "},
    {0x227B, "\\succ "}, {0x2282, "\\subset "}, {0x2283, "\\supset "}, {0x2284, "\\not\\subset "},
    {0x2286, "\\subseteq "}, {0x2287, "\\supseteq "}, {0x228A, "\\subsetneq "},
    {0x2295, "\\oplus "}, {0x2297, "\\otimes "}, {0x22A4, "\\top "}, {0x22A5, "\\perp "},
    {0x22C0, "\\land "}, {0x22C1, "\\lor "}, {0x22C2, "\\cap "}, {0x22C3, "\\cup "},
    {0x22C5, "\\cdot "}, {0x22C6, "*"}, {0x22EF, "\\cdots "}, {0x2300, "\\emptyset "},
    {0x2308, "\\lceil "}, {0x2309, "\\rceil "}, {0x230A, "\\lfloor "}, {0x230B, "\\rfloor "},
    {0x25A1, "\\square "}, {0x25B1, "\\parallelogram "}, {0x25B2, "\\triangle "},
    {0x25B3, "\\triangle "}, {0x2715, "\\times "}, {0x2716, "\\times "}, {0x2794, "\\to "},
    {0x2795, "+"}, {0x2796, "-"}, {0x2797, "\\div "}, {0x27C2, "\\perp "}, {0x27E6, "["},
    {0x27E7, "]"}, {0x27E8, "\\langle "}, {0x27E9, "\\rangle "}, {0x27F9, "\\Rightarrow "},
    {0x27FA, "\\Leftrightarrow "}, {0x29B0, "\\emptyset "}, {0x29F8, "/"}, {0x2A2F, "\\times "},
    {0x2A7D, "\\le "}, {0x2A7E, "\\ge "}, {0x3000, " "}, {0x3001, ","}, {0x3002, "."},
    {0x3007, "0"}, {0x3008, "\\langle "}, {0x3009, "\\rangle "}, {0x300A, "\""}, {0x300B, "\""},
    {0x300C, "\""}, {0x300D, "\""}, {0x3010, "["}, {0x3011, "]"}, {0x3014, "("}, {0x3015, ")"},
    {0x301C, "\\sim "}, {0x30FB, "\\cdot "}, {0xFE63, "-"}, {0xFE69, "\\$"}, {0xFE6A, "%"},
    {0xFF04, "\\$"}, {0xFF0E, "."}, {0xFFE1, "\\pounds "}, {0xFFE5, "\\yen "}};

struct Range {
  char32_t first;
  char32_t last;
};

// Sorted. Letters and the marks that belong to their scripts; circled digits, which name choices.
constexpr Range letters[] = {{0x00AA, 0x00AA}, {0x00C0, 0x00D6}, {0x00D8, 0x00F6}, {0x00F8, 0x02AF},
    {0x0370, 0x03FF}, {0x0400, 0x052F}, {0x0531, 0x0587}, {0x0591, 0x05F4}, {0x0620, 0x065F},
    {0x066E, 0x06D3}, {0x06D5, 0x06EF}, {0x06FA, 0x06FF}, {0x0750, 0x077F}, {0x0900, 0x0965},
    {0x0971, 0x09E5}, {0x09F0, 0x0C65}, {0x0C70, 0x0E3A}, {0x0E40, 0x0E4F}, {0x0E81, 0x0FFF},
    {0x1000, 0x10FF}, {0x1100, 0x11FF}, {0x1200, 0x139F}, {0x13A0, 0x167F}, {0x1780, 0x17DD},
    {0x1820, 0x18AA}, {0x1C80, 0x1CBF}, {0x1D00, 0x1DBF}, {0x1E00, 0x1FFF}, {0x2460, 0x24FF},
    {0x2776, 0x2793}, {0x2C00, 0x2DDF}, {0x3005, 0x3007}, {0x3041, 0x3096}, {0x309D, 0x30FA},
    {0x30FC, 0x318E}, {0x31A0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
    {0xA640, 0xA69F}, {0xA720, 0xA7FF}, {0xAC00, 0xD7AF}, {0xF900, 0xFAFF}, {0xFB00, 0xFB06},
    {0xFB1D, 0xFDFB}, {0xFE70, 0xFEFC}, {0xFF66, 0xFFDC}, {0x20000, 0x3134F}};

constexpr Range combining[] = {{0x0300, 0x0337}, {0x0339, 0x036F}, {0x20D0, 0x20DC}};

constexpr Range invisible[] = {{0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C},
    {0x180B, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF}, {0xE0000, 0xE01EF}};

// The first digits of the decimal digits that problems come in.
constexpr char32_t zeros[] = {0x0660, 0x06F0, 0x0966, 0x09E6, 0x0C66, 0x0E50};

constexpr char32_t raised[] =
    U"\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079"
    U"\u207A\u207B\u207C\u207D\u207E\u207F\u2071\u02E3\u02B8\u1D43"
    U"\u1D47\u1D4F\u1D50\u1D57";
constexpr char raised_as[] = "0123456789+-=()nixyabkmt";
constexpr char32_t lowered[] =
    U"\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089"
    U"\u208A\u208B\u208C\u208D\u208E\u2090\u2091\u2092\u2093\u2095"
    U"\u2096\u2097\u2098\u2099\u209A\u209B\u209C\u1D62\u2C7C";
constexpr char lowered_as[] = "0123456789+-=()aeoxhklmnpstij";

template <std::size_t n>
bool within(const Range (&ranges)[n], char32_t code) {
  auto after = std::upper_bound(std::begin(ranges), std::end(ranges), code,
      [](char32_t wanted, const Range& range) { return wanted < range.first; });
  return after != std::begin(ranges) && code <= std::prev(after)->last;
}

template <std::size_t n>
char form_of(const char32_t (&signs)[n], const char* forms, char32_t code) {
  const auto* end = std::end(signs) - 1;  // before the terminator
  const auto* found = std::find(std::begin(signs), end, code);
  return found == end ? '\0' : forms[found - std::begin(signs)];
}

}  // namespace

std::pair<char32_t, std::size_t> decode(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC0 ? 2 : 1;
  if (length == 1 || length > text.size()) return {0, 1};
  char32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 1};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  return {code, length};
}

bool is_foreign_letter(char32_t code) {
  return within(letters, code);
}

bool is_ideograph(char32_t code) {
  return (code >= 0x3005 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0x20000 && code <= 0x3134F);
}

bool is_combining(char32_t code) {
  return within(combining, code);
}

bool is_invisible(char32_t code) {
  return within(invisible, code);
}

char plain_form(char32_t code) {
  for (char32_t zero : zeros)
    if (code >= zero && code < zero + 10) return static_cast<char>('0' + (code - zero));
  if (code >= 0xFF01 && code <= 0xFF5E) return static_cast<char>(code - 0xFF01 + '!');
  if (code >= 0x1D7CE && code <= 0x1D7FF) return static_cast<char>('0' + (code - 0x1D7CE) % 10);
  if (code < 0x1D400 || code > 0x1D6A3) return 0;
  auto place = static_cast<char>((code - 0x1D400) % 52);
  return static_cast<char>(place < 26 ? 'A' + place : 'a' + (place - 26));
}

const char* latex_form(char32_t code) {
  const auto* found = std::lower_bound(std::begin(spellings), std::end(spellings), code,
      [](const Spelling& row, char32_t wanted) { return row.sign < wanted; });
  return found != std::end(spellings) && found->sign == code ? found->latex : nullptr;
}

char raised_form(char32_t code) {
  return form_of(raised, raised_as, code);
}

char lowered_form(char32_t code) {
  return form_of(lowered, lowered_as, code);
}

std::string character_name(std::string_view text) {
  auto [code, length] = decode(text);
  char number[16];
  if (code == 0 || code < 0x20 || code == 0x7F) {
    std::snprintf(number, sizeof number, "0x%02X", static_cast<unsigned char>(text[0]));
    return std::string("the byte ") + number;
  }
  std::snprintf(number, sizeof number, "U+%04X", static_cast<unsigned>(code));
  return "the character '" + std::string(text.substr(0, length)) + "' (" + number + ")";
}

std::string_view whole_characters(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace tramontane::maths
