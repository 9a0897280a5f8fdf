#include "actors/model/tokenizer/token_decoder.h"

#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"

#include <boost/json.hpp>

#include <charconv>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::int64_t strip_max = 1 << 20;

std::string fuse(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

// The byte of "<0x0A>".
std::optional<char> fallback_byte(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned byte = 0;
  auto [end, code] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (code != std::errc() || end != token.data() + 5) return std::nullopt;
  return static_cast<char>(byte);
}

std::vector<std::string> with_bytes(const std::vector<std::string>& tokens) {
  std::vector<std::string> out;
  std::string bytes;
  auto flush = [&] {
    if (is_utf8(bytes))
      out.push_back(bytes);
    else
      for (std::size_t i = 0; i < bytes.size(); ++i) out.emplace_back("\xEF\xBF\xBD");
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    if (auto byte = fallback_byte(token)) {
      bytes += *byte;
      continue;
    }
    if (!bytes.empty()) flush();
    out.push_back(token);
  }
  if (!bytes.empty()) flush();
  return out;
}

// Metaspace: its sign is a space, and nothing in the first token where one was put before.
std::string spaced(std::string_view token, std::string_view sign, bool drops) {
  std::string out;
  for (std::size_t at = 0; at < token.size();) {
    if (token.compare(at, sign.size(), sign) == 0) {
      out += drops ? "" : " ";
      at += sign.size();
    } else {
      out += token[at++];
    }
  }
  return out;
}

std::string stripped(
    std::string_view token, std::string_view sign, std::size_t start, std::size_t stop) {
  for (; start > 0 && token.starts_with(sign); --start) token.remove_prefix(sign.size());
  for (; stop > 0 && token.ends_with(sign); --stop) token.remove_suffix(sign.size());
  return std::string(token);
}

std::string replaced(const std::string& token, const Pattern& pattern, const std::string& content) {
  std::vector<Piece> pieces;
  pattern.cut(token, pieces);
  std::string out;
  for (const Piece& piece : pieces)
    out += piece.matched ? content : token.substr(piece.begin, piece.end - piece.begin);
  return out;
}

std::string one_character(const json::object& fields, const char* name, std::string fallback) {
  std::string sign = detail::string_or(fields, name, fallback);
  if (sign.empty() || character_bytes(sign, 0) != sign.size())
    detail::refuse(Errc::bad_input, str("a decoder's '", name, "' is not one character"));
  return sign;
}

}  // namespace

void TokenDecoder::parse(const json::value& value) {
  detail::each_of(value, "decoders", "decoder", [&](const json::value& part) { parse_one(part); });
}

void TokenDecoder::parse_none(bool writes_bytes) {
  steps_.push_back({.kind = writes_bytes ? Kind::byte_level : Kind::fuse});
}

void TokenDecoder::parse_one(const json::value& value) {
  std::string type = detail::type_of(value, "decoder");
  const json::object& fields = value.as_object();
  if (type == "ByteLevel") {
    steps_.push_back({.kind = Kind::byte_level});
  } else if (type == "Fuse") {
    steps_.push_back({.kind = Kind::fuse});
  } else if (type == "ByteFallback") {
    steps_.push_back({.kind = Kind::byte_fallback});
  } else if (type == "Metaspace") {
    bool adds = detail::flag_of(fields, "add_prefix_space", true);
    bool never = detail::string_or(fields, "prepend_scheme", adds ? "always" : "never") == "never";
    steps_.push_back({.kind = Kind::metaspace,
        .content = one_character(fields, "replacement", "\u2581"),
        .drops_first = !never});
  } else if (type == "Replace") {
    steps_.push_back({.kind = Kind::replace,
        .content = detail::string_of(detail::find(fields, "content"), "a Replace's content"),
        .pattern = detail::pattern_of(fields, "a Replace")});
  } else if (type == "Strip") {
    auto count = [&](const char* name) {
      return static_cast<std::size_t>(
          detail::whole_of(detail::find(fields, name), str("a Strip's '", name, "'"), strip_max));
    };
    steps_.push_back({.kind = Kind::strip,
        .content = one_character(fields, "content", " "),
        .start = count("start"),
        .stop = count("stop")});
  } else {
    detail::refuse(Errc::unsupported,
        str("decoder '", type,
            "' is not supported; supported are none, ByteLevel, Metaspace, Replace, ByteFallback, "
            "Fuse, Strip and a Sequence of them"));
  }
}

std::string TokenDecoder::join(std::vector<std::string> tokens) const {
  for (const Step& step : steps_) run(step, tokens);
  return fuse(tokens);
}

void TokenDecoder::run(const Step& step, std::vector<std::string>& tokens) {
  switch (step.kind) {
    case Kind::byte_level:
      for (std::string& token : tokens)
        if (auto bytes = from_symbols(token)) token = std::move(*bytes);
      [[fallthrough]];
    case Kind::fuse:
      tokens = {fuse(tokens)};
      break;
    case Kind::byte_fallback:
      tokens = with_bytes(tokens);
      break;
    case Kind::metaspace:
      for (std::size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = spaced(tokens[i], step.content, i == 0 && step.drops_first);
      break;
    case Kind::replace:
      for (std::string& token : tokens) token = replaced(token, *step.pattern, step.content);
      break;
    case Kind::strip:
      for (std::string& token : tokens)
        token = stripped(token, step.content, step.start, step.stop);
      break;
  }
}

}  // namespace tramontane
