#pragma once
// Numbers as a configuration writes them, and the bounds that a schema's type sets.

#include <capnp/schema.capnp.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

// Nothing if the whole text is not a number.
std::optional<double> number_in(const std::string& text);

// Likewise, or if it is out of bounds. 1e6 is a whole number too.
std::optional<std::int64_t> integer_in(const std::string& text, double least, double most);

struct IntegerRange {
  double least;
  double most;
};

// Nothing for what is no integer.
std::optional<IntegerRange> integer_range(capnp::schema::Type::Which kind);

}  // namespace tramontane
