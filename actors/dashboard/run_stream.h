#pragma once
// A RunStream is one watcher's stream of a run (api.h says of what): where he is in each of its
// files, and which of what has no place he has seen.
//
//   response.stream = std::make_unique<RunStream>(run, parse_stream_place("5120.0.733"), kinds);
//
// It holds nothing that waits: what is not taken stays in the files. Thread rule: next() where the
// run is used; its end anywhere.

#include "actors/dashboard/stream_place.h"
#include "actors/dashboard/watched_run.h"
#include "runtime/http/message.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tramontane {

// The end of the run's files as they are now.
StreamPlace stream_end(const std::string& run_folder);

class RunStream final : public EventSource {
 public:
  // `kinds`: none are all.
  RunStream(std::shared_ptr<WatchedRun> run, StreamPlace from, std::set<std::string> kinds);

  std::string next(std::size_t room) override;

 private:
  void add_lines(std::size_t file, std::size_t room, Time until, std::string& out);

  bool wants(std::string_view kind) const {
    return kinds_.empty() || kinds_.contains(std::string(kind));
  }

  std::shared_ptr<WatchedRun> run_;
  StreamPlace place_;
  const std::set<std::string> kinds_;
  std::array<LineReader, 3> files_;
  std::optional<std::uint64_t> job_told_;
  std::optional<std::uint64_t> actors_told_;
  Time actors_at_{};
};

}  // namespace tramontane
