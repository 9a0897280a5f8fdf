#pragma once
// Tolerant access to the fields of a RunEvent: what is absent or of another type is nothing, so
// that no view ever throws on an event it does not expect.

#include "actors/messages/run_event.h"

#include <boost/json/array.hpp>

#include <string>
#include <string_view>

namespace tramontane {

// NaN if absent or not a number.
double number(const RunEvent& event, std::string_view key);

// `otherwise` if absent or not a string. Valid UTF-8 without control characters, whatever came.
std::string text(const RunEvent& event, std::string_view key, std::string_view otherwise = "");

// False if absent.
bool flag(const RunEvent& event, std::string_view key);

// Null if absent or of another type; lives as long as the event.
const boost::json::array* list(const RunEvent& event, std::string_view key);
const RunEvent* object(const RunEvent& event, std::string_view key);

// NaN if the value is not a number.
double number(const boost::json::value& value);

}  // namespace tramontane
