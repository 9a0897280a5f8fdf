#include "runtime/base/shell.h"

#include <filesystem>
#include <fstream>

namespace tramontane {

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:+@%=";
  // A word with a = may be an assignment where a command begins; quotes keep it a word.
  bool plain = !word.empty() && word.find_first_not_of(safe) == std::string_view::npos;
  if (plain && word.find('=') == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string shell_command(std::initializer_list<std::string_view> words) {
  std::string out;
  for (auto word : words) out += (out.empty() ? "" : " ") + shell_quoted(word);
  return out;
}

std::string program_as_called() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string first;
  std::getline(in, first, '\0');
  // A process of this program's own was started by a name that means another one elsewhere.
  std::error_code error;
  if (first == "/proc/self/exe") first = std::filesystem::read_symlink(first, error).string();
  return first.empty() ? "tram" : first;
}

}  // namespace tramontane
