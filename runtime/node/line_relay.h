#pragma once
// A LineRelay keeps the lines that a worker logs until they are told to its agent, whose log has
// them too: whoever watches a job sees its actors' lines wherever they live.
//
//   log.tap(Level::info, [relay](Level level, auto who, auto text) { relay->add(level, who, text);
//   }); … WorkerLines told = relay->take();
//
// Bounded: lines that there is no room for are counted, and are in the worker's own log alone.
// Any thread.

#include "runtime/base/log.h"
#include "runtime/node/messages.h"

#include <cstddef>
#include <mutex>
#include <string_view>

namespace tramontane {

class LineRelay {
 public:
  void add(Level level, std::string_view who, std::string_view text);

  // What has come since it was last asked.
  WorkerLines take();
  // So many that were taken could not be told.
  void lose(std::size_t lines);

 private:
  static constexpr std::size_t lines_most = 256;
  static constexpr std::size_t bytes_most = 2048;  // of one; longer ones are cut

  std::mutex mutex_;
  WorkerLines waiting_;
};

}  // namespace tramontane
