#pragma once
// The ActorsSnapshot is RUN/actors.json (actors/run/actors_file.h) as the dashboard last saw it.
//
//   snapshot.refresh();
//   if (snapshot.live()) …         // the process that wrote it works on the run now
//
// Thread rule: one at a time.

#include "runtime/base/clock.h"
#include "runtime/base/process_mark.h"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

class ActorsSnapshot {
 public:
  explicit ActorsSnapshot(std::string path) : path_(std::move(path)) {}

  // Reads it again if it is another than before, and looks whether its process runs.
  void refresh();

  // Grows whenever there is something new, the process's end among it.
  std::uint64_t version() const { return version_; }

  bool there() const { return there_; }

  bool live() const { return live_; }

  bool ended() const { return ended_; }

  const ProcessMark& process() const { return process_; }

  Micros written() const { return written_; }

  const std::string& node() const { return node_; }

  const boost::json::array& actors() const { return actors_; }

 private:
  bool read();

  std::string path_;
  std::uint64_t version_ = 0;
  bool there_ = false;
  bool live_ = false;
  bool ended_ = false;
  ProcessMark process_;
  Micros written_ = 0;
  std::string node_;
  boost::json::array actors_;
  // Of the file that was read: one that is renamed into its place differs.
  std::uint64_t inode_ = 0;
  std::int64_t changed_ = 0;
};

}  // namespace tramontane
