#include "actors/model/tokenizer/normalizer.h"

#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"

#include <boost/json.hpp>

namespace tramontane {

namespace {

std::string replace(const Pattern& pattern, std::string_view text, std::string_view content) {
  std::vector<Piece> pieces;
  pattern.cut(text, pieces);
  std::string out;
  out.reserve(text.size());
  for (const Piece& piece : pieces)
    out += piece.matched ? content : text.substr(piece.begin, piece.end - piece.begin);
  return out;
}

std::string strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty() && is_space(character_at(text, 0).point))
    text.remove_prefix(character_at(text, 0).bytes);
  while (right && !text.empty() && is_space(character_before(text, text.size()).point))
    text.remove_suffix(character_before(text, text.size()).bytes);
  return std::string(text);
}

std::string without_marks(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    Character c = character_at(text, at);
    if (!is_mark(c.point)) out += text.substr(at, c.bytes);
    at += c.bytes;
  }
  return out;
}

}  // namespace

void Normalizer::parse(const boost::json::value& value) {
  detail::each_of(
      value, "normalizers", "normalizer", [&](const boost::json::value& part) { parse_one(part); });
}

void Normalizer::parse_one(const boost::json::value& value) {
  constexpr std::pair<std::string_view, Kind> plain[] = {{"NFC", Kind::nfc}, {"NFD", Kind::nfd},
      {"NFKC", Kind::nfkc}, {"NFKD", Kind::nfkd}, {"Lowercase", Kind::lowercase},
      {"StripAccents", Kind::strip_accents}, {"ByteLevel", Kind::byte_level}};
  std::string type = detail::type_of(value, "normalizer");
  const boost::json::object& fields = value.as_object();
  for (const auto& [name, kind] : plain) {
    if (type != name) continue;
    steps_.push_back({.kind = kind});
    return;
  }
  if (type == "Strip") {
    steps_.push_back({.kind = Kind::strip,
        .left = detail::flag_of(fields, "strip_left", true),
        .right = detail::flag_of(fields, "strip_right", true)});
  } else if (type == "Prepend") {
    std::string text = detail::string_of(detail::find(fields, "prepend"), "the text of a Prepend");
    steps_.push_back({.kind = Kind::prepend, .content = std::move(text)});
  } else if (type == "Replace") {
    std::string text = detail::string_of(detail::find(fields, "content"), "a Replace's content");
    steps_.push_back({.kind = Kind::replace,
        .content = std::move(text),
        .pattern = detail::pattern_of(fields, "a Replace")});
  } else if (type == "Precompiled" &&
             detail::string_or(fields, "precompiled_charsmap", "").empty()) {
    return;
  } else {
    detail::refuse(Errc::unsupported,
        str("normalizer '", type,
            "' is not supported; supported are none, NFC, NFD, NFKC, NFKD, Lowercase, "
            "StripAccents, Strip, Prepend, Replace, ByteLevel and a Sequence of them"));
  }
}

std::string Normalizer::apply(std::string_view text, bool goes_on) const {
  std::string out(text);
  for (const Step& step : steps_) out = run(step, std::move(out), goes_on);
  return out;
}

std::string Normalizer::run(const Step& step, std::string text, bool goes_on) {
  switch (step.kind) {
    case Kind::nfc:
      return normal_form(text, NormalForm::nfc);
    case Kind::nfd:
      return normal_form(text, NormalForm::nfd);
    case Kind::nfkc:
      return normal_form(text, NormalForm::nfkc);
    case Kind::nfkd:
      return normal_form(text, NormalForm::nfkd);
    case Kind::lowercase:
      return lower(text);
    case Kind::strip_accents:
      return without_marks(text);
    case Kind::strip:
      return strip(text, step.left, step.right);
    case Kind::prepend:
      return text.empty() || goes_on ? text : step.content + text;
    case Kind::replace:
      return replace(*step.pattern, text, step.content);
    case Kind::byte_level:
      return to_symbols(text);
  }
  return text;
}

}  // namespace tramontane
