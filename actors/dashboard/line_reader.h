#pragma once
// A LineReader reads a file of lines that another process may be appending to, from any place in
// it.
//
//   LineReader metrics(run + "/metrics.jsonl");
//   for (const FileLine& line : metrics.read(at, 64 << 10)) use(line.text), at = line.end;
//
// Only whole lines are seen. A file that is not there has none. Thread rule: any.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct FileLine {
  std::uint64_t begin = 0;  // bytes from the file's beginning
  std::uint64_t end = 0;    // behind its line end
  std::string text;         // without it
};

class LineReader {
 public:
  explicit LineReader(std::string path) : path_(std::move(path)) {}

  // Lines from `from` on, of about so many bytes; at least one, if there is one. A place within a
  // line counts as the beginning of the next. Lines of over 8 MiB are left out.
  std::vector<FileLine> read(std::uint64_t from, std::size_t bytes) const;

  // The line that begins there; nothing if none does.
  std::optional<FileLine> line_at(std::uint64_t begin) const;

  // The newest lines, oldest first.
  std::vector<FileLine> tail(std::size_t count, std::size_t bytes) const;

  // Bytes; 0 if it is not there.
  std::uint64_t size() const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tramontane
