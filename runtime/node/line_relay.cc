#include "runtime/node/line_relay.h"

#include "runtime/base/json_text.h"

#include <utility>

namespace tramontane {

void LineRelay::add(Level level, std::string_view who, std::string_view text) {
  std::lock_guard lock(mutex_);
  if (waiting_.lines.size() >= lines_most) {
    ++waiting_.lost;
    return;
  }
  bool cut = text.size() > bytes_most;
  std::string shown = valid_utf8(text.substr(0, bytes_most)) + (cut ? " …" : "");
  waiting_.lines.push_back({level, std::string(who), std::move(shown)});
}

void LineRelay::lose(std::size_t lines) {
  std::lock_guard lock(mutex_);
  waiting_.lost += lines;
}

WorkerLines LineRelay::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

}  // namespace tramontane
