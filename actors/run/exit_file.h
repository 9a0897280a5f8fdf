#pragma once
// Writes exit records to RUN/exits.jsonl as they come. Any thread.

#include "actors/messages/run_event.h"
#include "runtime/actor/exit_record.h"

#include <fstream>
#include <mutex>
#include <string>

namespace tramontane {

class ExitFile {
 public:
  explicit ExitFile(const std::string& path) : out_(path, std::ios::app) {}

  // Gives the record as an event.
  RunEvent write(const ExitRecord& record);

 private:
  std::mutex mutex_;
  std::ofstream out_;
};

}  // namespace tramontane
