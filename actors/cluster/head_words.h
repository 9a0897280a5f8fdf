#pragma once
// Small things that a head says of jobs. Pure functions: any thread.

#include "runtime/cluster/messages.h"
#include "scheduler/obstacle.h"

#include <chrono>
#include <string>

namespace tramontane {

// Until a job that is to stop is killed, where nobody said otherwise.
inline constexpr Duration stop_patience = std::chrono::seconds(60);

// The name with what is no letter, digit, dot, dash or underscore replaced.
inline std::string file_name_of(const std::string& name) {
  std::string file;
  for (char c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_' || (c == '.' && !file.empty());
    file += plain ? c : '-';
    if (file.size() == 64) break;
  }
  return file.empty() ? "job" : file;
}

// Why there is no room, for people.
inline std::string first_lines(const Obstacles& obstacles) {
  std::string text;
  for (const std::string& line : obstacles.lines(8)) text += (text.empty() ? "" : "\n") + line;
  return text;
}

// The last line that the process printed, which says why it ended.
inline std::string last_words(const ProcessEnd& end) {
  for (auto line = end.last_lines.rbegin(); line != end.last_lines.rend(); ++line)
    if (!line->empty()) return line->starts_with("tram: ") ? line->substr(6) : *line;
  return {};
}

}  // namespace tramontane
