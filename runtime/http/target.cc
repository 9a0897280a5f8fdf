#include "runtime/http/target.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/shown_text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <charconv>

namespace tramontane {
namespace {

constexpr std::size_t logged_bytes = 200;
constexpr std::size_t secret_digits = 32;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// What stands before the separator, which is taken away with it.
std::string_view take_until(std::string_view& rest, char separator) {
  auto end = rest.find(separator);
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return part;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool parse_path(std::string_view path, HttpTarget& target) {
  path.remove_prefix(1);
  while (true) {
    bool more = path.find('/') != path.npos;
    auto segment = percent_decoded(take_until(path, '/'), false);
    if (!segment) return false;
    target.path += "/" + *segment;
    target.segments.push_back(std::move(*segment));
    if (!more) return true;
  }
}

bool parse_query(std::string_view query, HttpTarget& target) {
  while (!query.empty()) {
    std::string_view pair = take_until(query, '&');
    if (pair.empty()) continue;
    if (target.query.size() == query_parameters_most) return false;
    auto name = percent_decoded(take_until(pair, '='), true);
    auto value = percent_decoded(pair, true);
    if (!name || !value) return false;
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (is_control(c)) return std::nullopt;
    out += c;
  }
  return out;
}

std::optional<HttpTarget> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('#'));
  HttpTarget out;
  std::string_view path = take_until(target, '?');
  if (!parse_path(path, out) || !parse_query(target, out)) return std::nullopt;
  return out;
}

std::optional<std::string> cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    std::string_view pair = trimmed(take_until(header, ';'));
    if (trimmed(take_until(pair, '=')) == name) return std::string(trimmed(pair));
  }
  return std::nullopt;
}

std::optional<std::string> host_name(std::string_view header) {
  header = trimmed(header);
  std::string_view name = header;
  std::string_view port;
  if (header.starts_with('[')) {
    auto end = header.find(']');
    if (end == header.npos) return std::nullopt;
    name = header.substr(1, end - 1);
    port = header.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return std::nullopt;
  } else if (auto colon = header.find(':'); colon != header.npos) {
    name = header.substr(0, colon);
    port = header.substr(colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  if (name.empty() || port.size() > 5) return std::nullopt;
  for (char c : port)
    if (c < '0' || c > '9') return std::nullopt;
  std::string out;
  for (char c : name) {
    bool fine = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
                c == '_' || c == ':';
    if (!fine) return std::nullopt;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  std::string text(host);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string HttpAddress::text() const {
  bool six = host.find(':') != host.npos;
  return six ? str("[", host, "]:", port) : str(host, ":", port);
}

HttpAddress parse_http_address(const std::string& text) {
  HttpAddress address;
  auto colon = text.rfind(':');
  std::string port = colon == text.npos ? text : text.substr(colon + 1);
  if (colon != text.npos) {
    auto name = host_name(text.substr(0, colon));
    bool bare_six = name && name->find(':') != name->npos && !text.starts_with('[');
    if (!name || bare_six)
      throw Error(
          Errc::bad_input, str("'", text, "' is no HOST:PORT, like 127.0.0.1:8080 or [::1]:0"));
    address.host = *name;
  }
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size())
    throw Error(
        Errc::bad_input, str("'", text, "' has no port: HOST:PORT, or HOST:0 for a free one"));
  return address;
}

std::string loggable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < logged_bytes;) {
    std::size_t end = i;
    while (end < text.size() && hex_digit(text[end]) >= 0) ++end;
    if (end - i >= secret_digits) {
      out += "…";
      i = end;
    } else {
      end = std::max(end, i + 1);
      out += text.substr(i, end - i);
      i = end;
    }
  }
  return one_line(out);
}

}  // namespace tramontane
