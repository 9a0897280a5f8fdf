#pragma once
// Where a watcher is in the files of a run: what the ids of the stream's events say.
//
//   StreamPlace place = *parse_stream_place("5120.0.733");
//   place.text();                                  // the same
//
// Any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

// Bytes behind what is known of metrics.jsonl, exits.jsonl and log.jsonl.
struct StreamPlace {
  std::array<std::uint64_t, 3> at{};

  std::string text() const;  // "5120.0.733"
};

// Nothing if it is none. "0" is the beginning.
std::optional<StreamPlace> parse_stream_place(std::string_view text);

}  // namespace tramontane
