#include "runtime/base/json_text.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_finite(const json::value& value);

bool all_finite(const json::object& object) {
  return std::all_of(
      object.begin(), object.end(), [](const auto& member) { return is_finite(member.value()); });
}

bool is_finite(const json::value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* items = value.if_array())
    return std::all_of(items->begin(), items->end(), is_finite);
  if (const auto* members = value.if_object()) return all_finite(*members);
  return true;
}

void make_finite(json::value& value) {
  if (const auto* number = value.if_double(); number != nullptr && !std::isfinite(*number))
    value = nullptr;
  if (auto* items = value.if_array())
    for (auto& item : *items) make_finite(item);
  if (auto* members = value.if_object())
    for (auto& member : *members) make_finite(member.value());
}

std::string with_valid_utf8(std::string text) {
  std::size_t at = 0;
  while (at < text.size()) {
    bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    std::size_t length = ascii ? 1 : utf8_length(std::string_view(text).substr(at));
    if (length == 0) return text.substr(0, at) + valid_utf8(std::string_view(text).substr(at));
    at += length;
  }
  return text;
}

}  // namespace

std::size_t utf8_length(std::string_view rest) {
  auto byte = [&](std::size_t i) {
    return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U;
  };
  auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if (rest.empty()) return 0;
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    bool overlong = first == 0xE0 && byte(1) < 0xA0;
    bool surrogate = first == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    bool outside = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return tail(1) && tail(2) && tail(3) && !outside ? 4 : 0;
  }
  return 0;
}

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t length = utf8_length(bytes);
    out += length == 0 ? replacement : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string json_text(const json::value& value) {
  // A byte outside ASCII is written as it is, so what is no UTF-8 in a string is none in the text.
  if (is_finite(value)) return with_valid_utf8(json::serialize(value));
  json::value finite = value;
  make_finite(finite);
  return with_valid_utf8(json::serialize(finite));
}

std::string json_text(const json::object& object) {
  if (all_finite(object)) return with_valid_utf8(json::serialize(object));
  return json_text(json::value(object));
}

}  // namespace tramontane
