#pragma once
// The one way in which this program writes JSON. What it knows may hold any bytes (a completion can
// end inside a character) and any double; what it writes is UTF-8 that every JSON reader takes.
//
//   out << json_text(event) << "\n";
//
// Pure functions: any thread.

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace tramontane {

// Bytes of the well-formed UTF-8 character that `rest` begins with; 0 if it begins with none.
std::size_t utf8_length(std::string_view rest);

// `bytes` as valid UTF-8, with U+FFFD for each byte that is not: none is dropped.
std::string valid_utf8(std::string_view bytes);

// On one line, without a line end. Strings are valid UTF-8; a number that is not finite is null.
std::string json_text(const boost::json::value& value);
std::string json_text(const boost::json::object& object);

}  // namespace tramontane
