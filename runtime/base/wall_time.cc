#include "runtime/base/wall_time.h"

#include <cstdio>
#include <ctime>

namespace tramontane {
namespace {

// The number that so many digits at `at` make; nothing if they are none.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string iso_time(Micros wall) {
  constexpr Micros second = 1'000'000;
  Micros seconds = wall / second - (wall % second < 0 ? 1 : 0);
  auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return "";
  char date[64];
  std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char rest[16];
  std::snprintf(rest, sizeof rest, ".%03dZ", static_cast<int>((wall - seconds * second) / 1000));
  return std::string(date, length) + rest;
}

std::optional<Micros> parse_iso_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() < form.size() + 1 || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] != '0' && form[i] != text[i]) return std::nullopt;
  std::tm parts{};
  auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2),
       hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_hour = *hour;
  parts.tm_min = *minute;
  parts.tm_sec = *second;
  Micros wall = static_cast<Micros>(::timegm(&parts)) * 1'000'000;
  std::string_view rest = text.substr(form.size(), text.size() - form.size() - 1);
  if (rest.empty()) return wall;
  if (rest[0] != '.' || rest.size() < 2 || rest.size() > 10) return std::nullopt;
  if (!digits(rest, 1, rest.size() - 1)) return std::nullopt;
  std::string six(rest.substr(1, 6));
  six.resize(6, '0');
  return wall + *digits(six, 0, 6);
}

}  // namespace tramontane
