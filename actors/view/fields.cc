#include "actors/view/fields.h"

#include "runtime/base/json_text.h"

#include <boost/json/value.hpp>

#include <cmath>
#include <limits>

namespace tramontane {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::string harmless(std::string_view bytes, bool keep_line_ends) {
  std::string whole = valid_utf8(bytes);
  std::string out;
  for (std::string_view rest = whole; !rest.empty();) {
    std::size_t length = utf8_length(rest);
    auto first = static_cast<unsigned char>(rest[0]);
    // C1 controls (U+0080 to U+009F) begin escape sequences on some terminals, as C0 ones do.
    bool c1 = first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0;
    bool space = first == '\n' || first == '\t' || first == '\r';
    if (space && (!keep_line_ends || first == '\r'))
      out += ' ';
    else if (!space && (first < 0x20 || first == 0x7F || c1))
      out += replacement;
    else
      out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return out;
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

std::string one_line(std::string_view bytes) {
  return harmless(bytes, false);
}

std::string several_lines(std::string_view bytes) {
  return harmless(bytes, true);
}

}  // namespace tramontane
