#include "actors/model/tokenizer/unicode.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <limits>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace tramontane {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

const icu::Normalizer2* normalizer_of(NormalForm form, UErrorCode& code) {
  switch (form) {
    case NormalForm::nfc:
      return icu::Normalizer2::getNFCInstance(code);
    case NormalForm::nfd:
      return icu::Normalizer2::getNFDInstance(code);
    case NormalForm::nfkc:
      return icu::Normalizer2::getNFKCInstance(code);
    case NormalForm::nfkd:
      return icu::Normalizer2::getNFKDInstance(code);
  }
  TRAM_CHECK(false, "no normal form");
  return nullptr;
}

std::uint32_t categories(char32_t point) {
  return U_GET_GC_MASK(static_cast<UChar32>(point));
}

}  // namespace

std::size_t character_bytes(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(at);
  std::size_t length = lead < 0x80                   ? 1
                       : lead >= 0xc2 && lead < 0xe0 ? 2
                       : (lead & 0xf0U) == 0xe0      ? 3
                       : lead >= 0xf0 && lead < 0xf5 ? 4
                                                     : 1;
  if (at + length > text.size()) return 1;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0U) != 0x80) return 1;
  return length;
}

Character character_at(std::string_view text, std::size_t at) {
  auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = character_bytes(text, at);
  UChar32 point = 0;
  std::size_t next = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  U8_NEXT_OR_FFFD(bytes + at, next, length, point);
  return {static_cast<char32_t>(point), length};
}

Character character_before(std::string_view text, std::size_t end) {
  std::size_t at = end - 1;
  while (at > 0 && end - at < 4 && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80) --at;
  Character c = character_at(text.substr(0, end), at);
  return at + c.bytes == end ? c : Character{0xfffd, 1};
}

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    if (bytes[at] < 0x80) {
      ++at;
      continue;
    }
    std::size_t length = character_bytes(text, at);
    std::size_t next = 0;
    UChar32 point = 0;
    U8_NEXT(bytes + at, next, length, point);
    if (point < 0 || next != length) return false;
    at += length;
  }
  return true;
}

std::string utf8(std::uint32_t point) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, point);
  return {bytes, static_cast<std::size_t>(length)};
}

std::string normal_form(std::string_view text, NormalForm form) {
  if (is_ascii(text)) return std::string(text);
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = normalizer_of(form, code);
  std::string out;
  if (text.size() > std::numeric_limits<std::int32_t>::max()) code = U_BUFFER_OVERFLOW_ERROR;
  if (U_SUCCESS(code)) {
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    normalizer->normalizeUTF8(
        0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, code);
  }
  if (U_FAILURE(code))
    throw Error(Errc::bad_input,
        str("a text of ", text.size(), " bytes has no normal form: ", u_errorName(code)));
  return out;
}

std::string nfc(std::string_view text) {
  return normal_form(text, NormalForm::nfc);
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    Character c = character_at(text, at);
    if (c.point == 0x130)
      out += "i\u0307";  // the one that becomes two
    else if (auto low = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c.point)));
             low != c.point)
      out += utf8(low);
    else
      out += text.substr(at, c.bytes);
    at += c.bytes;
  }
  return out;
}

bool is_space(char32_t point) {
  return u_isUWhiteSpace(static_cast<UChar32>(point)) != 0;
}

bool is_word(char32_t point) {
  constexpr std::uint32_t mask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  auto c = static_cast<UChar32>(point);
  return (categories(point) & mask) != 0 || u_isUAlphabetic(c) != 0 ||
         u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL) != 0;
}

bool is_numeric(char32_t point) {
  return (categories(point) & U_GC_N_MASK) != 0;
}

bool is_punctuation(char32_t point) {
  if (point < 0x80)
    return point > ' ' && point < 0x7f && (categories(point) & (U_GC_L_MASK | U_GC_N_MASK)) == 0;
  return (categories(point) & U_GC_P_MASK) != 0;
}

bool is_mark(char32_t point) {
  return (categories(point) & U_GC_M_MASK) != 0;
}

}  // namespace tramontane
