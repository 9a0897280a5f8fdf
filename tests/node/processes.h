#pragma once
// What tests of child processes look at.

#include "runtime/node/child.h"
#include "tests/support/temp_folder.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tramontane {

inline std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// What a child writes, from its start to its end.
inline std::string output_of(ChildOptions options) {
  TempFolder folder;
  options.output = folder.path() + "/output";
  auto path = options.output;
  Child child = Child::start(std::move(options));
  if (!child.wait(std::chrono::seconds(60))) return "it does not end";
  return contents(path);
}

inline std::string output_of(std::vector<std::string> command) {
  return output_of(ChildOptions{.command = std::move(command)});
}

// 'S', 'Z', …; '-' where there is no such process.
inline char state_of(pid_t pid) {
  auto stat = contents("/proc/" + std::to_string(pid) + "/stat");
  auto at = stat.rfind(')');
  return at == std::string::npos || at + 2 >= stat.size() ? '-' : stat[at + 2];
}

// Running processes that have this variable. One that has just been made, and executes nothing yet,
// has that of its parent.
inline int processes_with(const std::string& variable) {
  int found = 0;
  std::error_code ended;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::string text = '\0' + contents(entry.path() / "environ");
    if (text.find('\0' + variable + '\0') != std::string::npos) ++found;
  }
  return found;
}

inline bool soon(const auto& holds) {
  for (int looks = 0; looks < 2000; ++looks) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

inline std::size_t open_descriptors() {
  namespace fs = std::filesystem;
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

inline std::vector<pid_t> children() {
  std::vector<pid_t> out;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::istringstream list(contents(thread.path() / "children"));
    for (pid_t child = 0; list >> child;) out.push_back(child);
  }
  return out;
}

// Of this process, by their states.
inline int children_in(const std::string& states) {
  int found = 0;
  for (pid_t child : children())
    if (states.find(state_of(child)) != std::string::npos) ++found;
  return found;
}

// Of this process, by a word of their command lines.
inline std::vector<pid_t> children_called(const std::string& word) {
  std::vector<pid_t> out;
  for (pid_t child : children())
    if (contents("/proc/" + std::to_string(child) + "/cmdline").find(word) != std::string::npos)
      out.push_back(child);
  return out;
}

}  // namespace tramontane
