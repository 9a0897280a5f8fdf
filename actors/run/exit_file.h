#pragma once
// Writes exit records to RUN/exits.jsonl as they come. One that there is no room for is written
// with the next, or at the end. Any thread.

#include "actors/messages/run_event.h"
#include "runtime/actor/exit_record.h"
#include "runtime/base/line_file.h"

#include <mutex>
#include <string>

namespace tramontane {

class ExitFile {
 public:
  // Error(io) naming the file.
  explicit ExitFile(const std::string& path) : lines_(path) {}

  // Gives the record as an event.
  RunEvent write(const ExitRecord& record);

 private:
  std::mutex mutex_;
  LineFile lines_;
};

}  // namespace tramontane
