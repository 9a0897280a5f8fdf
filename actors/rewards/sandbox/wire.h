#pragma once
// What client and server of a sandbox write to each other: frames of a 64-bit length and that many
// bytes. Numbers are little-endian, text and lists have a 32-bit length in front.
//
// Both are one binary on one machine, so the form has no versions. Parsers accept any bytes and
// refuse what is not exactly a value.

#include "actors/rewards/sandbox/program.h"

#include <optional>
#include <string>
#include <string_view>

namespace tramontane::sandbox {

constexpr std::uint64_t frame_bytes_max = 512ull << 20;
constexpr std::uint64_t frame_header_bytes = 8;

std::string encode(const Request& request);
std::string encode(const std::vector<Outcome>& outcomes);
std::string encode(const Report& report);

// Nothing if the bytes are not a request of one or two programs, with names that are names.
std::optional<Request> parse_request(std::string_view bytes);
std::optional<std::vector<Outcome>> parse_outcomes(std::string_view bytes);
std::optional<Report> parse_report(std::string_view bytes);

}  // namespace tramontane::sandbox
