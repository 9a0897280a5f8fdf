#include "actors/view/fields.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <limits>

namespace tramontane {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Bytes of the well-formed UTF-8 sequence that `rest` begins with; 0 if there is none.
std::size_t sequence(std::string_view rest) {
  auto byte = [&](std::size_t i) {
    return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U;
  };
  auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
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

}  // namespace

double number(const boost::json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return nothing;
}

double number(const RunEvent& event, std::string_view key) {
  const auto* value = event.if_contains(key);
  return value ? number(*value) : nothing;
}

std::string text(const RunEvent& event, std::string_view key, std::string_view otherwise) {
  const auto* value = event.if_contains(key);
  if (!value || !value->is_string()) return std::string(otherwise);
  return one_line(std::string_view(value->get_string()));
}

bool flag(const RunEvent& event, std::string_view key) {
  const auto* value = event.if_contains(key);
  if (!value) return false;
  if (value->is_bool()) return value->get_bool();
  double n = number(*value);
  return std::isfinite(n) && n != 0;
}

const boost::json::array* list(const RunEvent& event, std::string_view key) {
  const auto* value = event.if_contains(key);
  return value ? value->if_array() : nullptr;
}

const RunEvent* object(const RunEvent& event, std::string_view key) {
  const auto* value = event.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t length = sequence(bytes);
    if (length == 0) {
      out += replacement;
      length = 1;
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::string one_line(std::string_view bytes) {
  std::string whole = valid_utf8(bytes);
  std::string out;
  for (std::string_view rest = whole; !rest.empty();) {
    std::size_t length = sequence(rest);
    auto first = static_cast<unsigned char>(rest[0]);
    // C1 controls (U+0080 to U+009F) begin escape sequences on some terminals, as C0 ones do.
    bool c1 = first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0;
    if (first == '\n' || first == '\t' || first == '\r')
      out += ' ';
    else if (first < 0x20 || first == 0x7F || c1)
      out += replacement;
    else
      out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return out;
}

boost::json::value clean(const boost::json::value& value) {
  if (value.is_double() && !std::isfinite(value.get_double())) return nullptr;
  if (value.is_string()) {
    std::string fixed = valid_utf8(std::string_view(value.get_string()));
    return boost::json::value(boost::json::string(fixed));
  }
  if (const auto* items = value.if_array()) {
    boost::json::array out;
    out.reserve(items->size());
    for (const auto& item : *items) out.push_back(clean(item));
    return out;
  }
  if (const auto* members = value.if_object()) {
    RunEvent out;
    out.reserve(members->size());
    for (const auto& member : *members)
      out[valid_utf8(std::string_view(member.key()))] = clean(member.value());
    return out;
  }
  return value;
}

std::string json_line(const RunEvent& event) {
  return boost::json::serialize(clean(boost::json::value(event)));
}

}  // namespace tramontane
