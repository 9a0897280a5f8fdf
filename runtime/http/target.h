#pragma once
// The parts of an HTTP request that are text of others: the target, cookies, the Host header, and
// addresses as users write them.
//
//   auto target = parse_target("/api/v1/actors/generator%2F0?fields=name,state");
//   target->path;        // "/api/v1/actors/generator/0"
//
// Pure functions: any thread. None throws for what it is given.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

struct HttpTarget {
  std::string path;                   // decoded
  std::vector<std::string> segments;  // of the path, each decoded: "/a/b%2Fc" has "a", "b/c"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
};

inline constexpr std::size_t query_parameters_most = 100;

// Nothing for what does not begin with "/", has % without two hexadecimal digits, control
// characters (also as %00), or more parameters than anybody needs.
std::optional<HttpTarget> parse_target(std::string_view target);

// "a%20b+c" is "a b c", the plus only of a query.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

// The value of the cookie of that name in a Cookie header; the first, if there are several.
std::optional<std::string> cookie_value(std::string_view header, std::string_view name);

// The name of a Host header, without its port and in small letters; of "[::1]:80", "::1". Nothing
// for what is no host.
std::optional<std::string> host_name(std::string_view header);

// Whether it names this machine and no other: localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);

struct HttpAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any that is free

  // "127.0.0.1:8080", "[::1]:8080".
  std::string text() const;
};

// HOST:PORT, [V6]:PORT, or a PORT of 127.0.0.1. Error(bad_input) says what is wrong with it.
HttpAddress parse_http_address(const std::string& text);

// For logs: runs of 32 and more hexadecimal digits, as secrets are, become "…"; control characters
// are none, and it is cut.
std::string loggable(std::string_view text);

}  // namespace tramontane
