#include "runtime/node/environment.h"

#include "runtime/base/check.h"
#include "runtime/node/parent.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::string_view passed_on[] = {"PATH", "HOME", "TMPDIR", "LANG", "LC_*", "TZ",
    "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "TRAM_*", "http_proxy", "https_proxy",
    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};

bool names(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_passed_on(const ChildOptions& options, std::string_view name) {
  if (name == parent_variable) return false;  // it is about this process
  if (std::ranges::count(options.keep, name) > 0) return true;
  if (name.starts_with("TRAM_TOKEN")) return false;
  auto named = [&](std::string_view pattern) { return names(pattern, name); };
  return options.whole_environment || std::ranges::any_of(passed_on, named) ||
         std::ranges::any_of(options.keep, named);
}

}  // namespace

std::vector<std::string> child_environment(const ChildOptions& options) {
  std::map<std::string, std::string, std::less<>> values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    auto at = text.find('=');
    if (at == std::string_view::npos || !is_passed_on(options, text.substr(0, at))) continue;
    values.emplace(text.substr(0, at), text.substr(at + 1));  // of several, the first is read
  }
  for (const std::string& entry : options.environment) {
    auto at = entry.find('=');
    TRAM_CHECK(at != std::string::npos, "a variable of a child is NAME=value", entry);
    values.insert_or_assign(entry.substr(0, at), entry.substr(at + 1));
  }
  std::vector<std::string> out;
  out.reserve(values.size());
  for (const auto& [name, value] : values) out.push_back(name + "=" + value);
  return out;
}

}  // namespace tramontane
