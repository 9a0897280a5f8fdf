#include "runtime/base/log.h"

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/shown_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <ctime>
#include <utility>

namespace tramontane {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, error == std::errc() ? end : buffer);
}

struct AppendText {
  std::string& out;

  void operator()(std::int64_t value) const { append_number(out, value); }

  void operator()(double value) const {
    char buffer[32];
    out.append(
        buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, "%.6g", value)));
  }

  void operator()(bool value) const { out += value ? "true" : "false"; }

  void operator()(std::string_view value) const { out += value; }
};

struct AppendJson {
  std::string& out;

  void operator()(std::int64_t value) const { append_number(out, value); }

  void operator()(double value) const {
    if (std::isfinite(value)) {
      append_number(out, value);
    } else {
      out += std::isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"";
    }
  }

  void operator()(bool value) const { out += value ? "true" : "false"; }

  void operator()(std::string_view value) const { append_json(out, value); }
};

// How often the line has this key already: its own four, and the fields before `at`.
std::size_t earlier(Fields fields, const Field* at) {
  constexpr std::array<std::string_view, 4> own = {"time", "level", "who", "text"};
  auto same = [&](const Field& field) { return field.key == at->key; };
  return static_cast<std::size_t>(
      std::count(own.begin(), own.end(), at->key) + std::count_if(fields.begin(), at, same));
}

std::string json_line(
    Micros wall, Level level, std::string_view who, std::string_view text, Fields fields) {
  std::time_t seconds = wall / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[64];
  std::size_t length = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(time + length, sizeof time - length, ".%06dZ", static_cast<int>(wall % 1'000'000));
  std::string line = str("{\"time\":\"", time, "\",\"level\":\"", name(level), "\",\"who\":");
  append_json(line, who);
  line += ",\"text\":";
  append_json(line, text);
  for (const Field& field : fields) {
    line += ',';
    std::size_t before = earlier(fields, &field);  // a key stands once: readers keep but one
    append_json(line, before == 0 ? std::string(field.key) : str(field.key, "_", before + 1));
    line += ':';
    std::visit(AppendJson{line}, field.value);
  }
  line += "}\n";
  return line;
}

std::string text_line(
    Micros wall, Level level, std::string_view who, std::string_view text, Fields fields) {
  std::time_t seconds = wall / 1'000'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char head[64];
  std::snprintf(head, sizeof head, "%02d:%02d:%02d.%03d %-7s ", local.tm_hour, local.tm_min,
      local.tm_sec, static_cast<int>(wall / 1000 % 1000), name(level));
  return str(head, who, ": ", short_line(text, fields));
}

}  // namespace

const char* name(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::off:
      return "off";
  }
  return "?";
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (char c : valid_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string short_line(std::string_view text, Fields fields) {
  std::string line(text);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    std::visit(AppendText{line}, field.value);
  }
  return line;
}

Log::Log(const Clock& clock, LogOptions options)
    : clock_(clock),
      options_(std::move(options)),
      least_(
          options_.path.empty() ? options_.terminal : std::min(options_.terminal, options_.file)) {
  if (options_.path.empty()) return;
  file_ = std::fopen(options_.path.c_str(), "ae");
  if (file_ == nullptr) {
    throw Error(Errc::io, str("cannot open the log ", options_.path, ": ", std::strerror(errno)));
  }
}

Log::~Log() {
  if (file_ != nullptr) std::fclose(file_);
}

void Log::show_with(std::function<void(Level, std::string_view)> show) {
  std::lock_guard lock(mutex_);
  show_ = std::move(show);
}

void Log::tap(Level least, Tap tap) {
  std::lock_guard lock(mutex_);
  tapped_ = least;
  tap_ = std::move(tap);
}

void Log::write(Level level, std::string_view who, std::string_view text, Fields fields) {
  if (!enabled(level)) return;
  Micros wall = clock_.wall();
  std::string json;
  std::string line;
  if (file_ != nullptr && level >= options_.file) json = json_line(wall, level, who, text, fields);
  if (level >= options_.terminal) line = text_line(wall, level, who, text, fields);
  std::lock_guard lock(mutex_);
  if (tap_ && level >= tapped_) tap_(level, who, short_line(text, fields));
  if (!json.empty()) {
    bool written = std::fwrite(json.data(), 1, json.size(), file_) == json.size();
    if (!written || std::fflush(file_) != 0) lost_.fetch_add(1, std::memory_order_relaxed);
  }
  if (line.empty()) return;
  if (show_) {
    show_(level, line);
  } else {
    line = several_lines(line) + '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
}

}  // namespace tramontane
