#pragma once
// A LineFile is a file that grows by whole lines: after a crash at most its last line is cut, and
// opening it cuts that off. A line that there is no room for is kept, and written with the next.
//
//   LineFile lines(run + "/metrics.jsonl");
//   if (auto error = lines.append(json_text(event))) throw *error;
//
// One thread at a time.

#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace tramontane {

class LineFile {
 public:
  // Throws Error(io) naming the file.
  explicit LineFile(const std::string& path);
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  ~LineFile() { close(); }

  // A line without its end. Where it cannot be written: why, and what helps. The file ends with a
  // whole line then as before, and this one waits for the next, or is lost if a mebibyte waits.
  [[nodiscard]] std::optional<Error> append(std::string_view line);

  // Tries once more to write what waits. What is appended from now on is lost.
  void close();

 private:
  std::optional<Error> write();
  Error failure(const std::string& what, int error) const;
  off_t whole_lines() const;

  const std::string path_;
  Descriptor file_;
  off_t size_ = 0;
  std::string unwritten_;
};

}  // namespace tramontane
