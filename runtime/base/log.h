#pragma once
// A Log writes structured lines: short text for people (stderr), JSON lines for machines (a file).
//
//   log.write(Level::info, "ledger", "batch sealed", {{"step", 12}, {"tokens", 9310}});
//
//   12:03:04.512 info  ledger: batch sealed step=12 tokens=9310
//   {"time":"2026-01-01T12:03:04.512034Z","level":"info","who":"ledger","text":"batch
//   sealed","step":12,…}
//
// Thread-safe. A line that cannot be written is counted, never thrown about.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

namespace tramontane {

class Clock;

enum class Level : std::uint8_t { debug, info, warning, error, off };

const char* name(Level level) noexcept;

// One key with its value.
struct Field {
  template <class T>
  Field(std::string_view k, const T& v) : key(k) {
    if constexpr (std::is_same_v<T, bool>) {
      value = v;
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<std::int64_t>(v);
    } else if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(v);
    } else {
      value = std::string_view(v);
    }
  }

  std::string_view key;
  std::variant<std::int64_t, double, bool, std::string_view> value;
};

using Fields = std::initializer_list<Field>;

// Appends `text` as a JSON string, quotes included.
void append_json(std::string& out, std::string_view text);

// The short form: "batch sealed step=12 tokens=9310".
std::string short_line(std::string_view text, Fields fields);

struct LogOptions {
  Level terminal = Level::info;  // least level shown on stderr
  Level file = Level::debug;     // least level written to the file
  std::string path;              // of the JSON lines, appended to; empty: none
};

class Log {
 public:
  // Throws Error(io) if the file cannot be opened. The clock outlives the log.
  Log(const Clock& clock, LogOptions options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(Level level) const { return level >= least_; }

  // In JSON a key that the line has already ("time", "level", "who", "text", an earlier field) is
  // written as "key_2".
  void write(Level level, std::string_view who, std::string_view text, Fields fields = {});

  // Instead of stderr, for a live view that owns the terminal. `show` gets whole lines.
  void show_with(std::function<void(Level, std::string_view line)> show);

  // Lines from this level on also go there, as short lines; from any thread, one at a time. Before
  // anybody writes.
  using Tap = std::function<void(Level, std::string_view who, std::string_view line)>;
  void tap(Level least, Tap tap);

  std::uint64_t lines_lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  const Clock& clock_;
  const LogOptions options_;
  const Level least_;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;
  std::function<void(Level, std::string_view)> show_;
  Level tapped_ = Level::off;
  Tap tap_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace tramontane
