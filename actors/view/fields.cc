#include "actors/view/fields.h"

#include "runtime/base/shown_text.h"

#include <boost/json/value.hpp>

#include <cmath>
#include <limits>

namespace tramontane {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
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

}  // namespace tramontane
