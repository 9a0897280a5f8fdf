#pragma once
// Moments as people and files write them: ISO 8601 in UTC.
//
//   iso_time(1767225600123456);                 // "2026-01-01T00:00:00.123Z"
//   parse_iso_time("2026-01-01T00:00:00Z");     // 1767225600000000
//
// Pure functions: any thread.

#include "runtime/base/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

// To the millisecond. Of microseconds since 1970.
std::string iso_time(Micros wall);

// With up to nine digits of a second. Nothing for what is written otherwise.
std::optional<Micros> parse_iso_time(std::string_view text);

}  // namespace tramontane
