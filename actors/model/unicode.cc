#include "actors/model/unicode.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <limits>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/regex.h>
#include <unicode/utf8.h>

namespace tramontane {

namespace {

constexpr std::size_t expression_bytes_max = 4096;

// Bounds on one split. A tick is 10,000 steps back that the matcher remembers: milliseconds.
constexpr std::int64_t ticks_min = 500;
constexpr std::size_t tick_bytes = 64;  // and one more for so many bytes
constexpr std::int32_t stack_bytes_max = 64 << 20;

// Text as ICU's matcher takes it, and where each of its units came from.
struct Units {
  explicit Units(std::string_view text) {
    units.reserve(text.size());
    offsets.reserve(text.size() + 1);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t length = character_bytes(text, at);
      UChar32 point = 0;
      std::size_t next = 0;
      U8_NEXT_OR_FFFD(bytes + at, next, length, point);
      // A surrogate or an overlong form is as wide as it looks, but no character.
      if (next != length) length = 1;
      if (point > 0xffff) {
        units += static_cast<char16_t>(U16_LEAD(point));
        offsets.push_back(at);
        units += static_cast<char16_t>(U16_TRAIL(point));
      } else {
        units += static_cast<char16_t>(point);
      }
      offsets.push_back(at);
      at += length;
    }
    offsets.push_back(at);
  }

  std::u16string units;
  std::vector<std::size_t> offsets;  // (units + 1) in bytes
};

UBool U_CALLCONV spend_tick(const void* left, std::int32_t) {
  // ICU hands the context back as const; it is the caller's own counter.
  return --*static_cast<std::int64_t*>(const_cast<void*>(left)) > 0 ? 1 : 0;
}

[[noreturn]] void refuse_text(UErrorCode code, std::size_t bytes) {
  throw Error(Errc::bad_input, str("the tokenizer's pattern cannot cut a text of ", bytes,
                                   " bytes in bounded time and memory: ", u_errorName(code)));
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

std::string utf8(std::uint32_t point) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, point);
  return {bytes, static_cast<std::size_t>(length)};
}

std::string nfc(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFCInstance(code);
  std::string out;
  if (text.size() > std::numeric_limits<std::int32_t>::max()) code = U_BUFFER_OVERFLOW_ERROR;
  if (U_SUCCESS(code)) {
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    form->normalizeUTF8(
        0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, code);
  }
  if (U_FAILURE(code))
    throw Error(Errc::bad_input,
        str("a text of ", text.size(), " bytes has no normal form: ", u_errorName(code)));
  return out;
}

struct Pattern::State {
  std::unique_ptr<icu::RegexPattern> compiled;
};

Pattern::Pattern(std::string_view expression, bool literal) : state_(std::make_unique<State>()) {
  if (expression.empty() || expression.size() > expression_bytes_max)
    throw Error(Errc::unsupported,
        str("a pattern of ", expression.size(), " bytes; supported are 1..", expression_bytes_max));
  UErrorCode code = U_ZERO_ERROR;
  UParseError place{};
  auto source = icu::UnicodeString::fromUTF8(
      {expression.data(), static_cast<std::int32_t>(expression.size())});
  state_->compiled.reset(icu::RegexPattern::compile(
      source, literal ? static_cast<std::uint32_t>(UREGEX_LITERAL) : 0U, place, code));
  if (U_FAILURE(code))
    throw Error(Errc::unsupported, str("the pattern '", expression, "' does not compile: ",
                                       u_errorName(code), " at character ", place.offset));
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

std::vector<std::string_view> Pattern::split(std::string_view text) const {
  if (text.size() > std::numeric_limits<std::int32_t>::max())
    refuse_text(U_INDEX_OUTOFBOUNDS_ERROR, text.size());
  Units source(text);
  // An alias: it must not outlive `source`.
  icu::UnicodeString alias(
      false, source.units.data(), static_cast<std::int32_t>(source.units.size()));
  UErrorCode code = U_ZERO_ERROR;
  std::unique_ptr<icu::RegexMatcher> matcher(state_->compiled->matcher(alias, code));
  if (U_FAILURE(code)) refuse_text(code, text.size());
  std::int64_t ticks = ticks_min + static_cast<std::int64_t>(text.size() / tick_bytes);
  matcher->setStackLimit(stack_bytes_max, code);
  matcher->setMatchCallback(spend_tick, &ticks, code);

  std::vector<std::string_view> pieces;
  std::size_t done = 0;
  auto cut = [&](std::size_t end) {
    if (end > done) pieces.push_back(text.substr(done, end - done));
    done = end;
  };
  while (matcher->find(code)) {
    cut(source.offsets[static_cast<std::size_t>(matcher->start(code))]);
    cut(source.offsets[static_cast<std::size_t>(matcher->end(code))]);
  }
  if (U_FAILURE(code)) refuse_text(code, text.size());
  cut(text.size());
  return pieces;
}

}  // namespace tramontane
