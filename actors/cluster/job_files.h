#pragma once
// The files of a job's run directory, on the head's host: listed, read in pieces and removed for
// who asks the head.
//
//   boost::json::object page = list_files(job.run, "");          // {"files", "left_out", "next"}
//   FilePiece piece = read_piece(job.run, "metrics.jsonl", 0, piece_most);
//
// Names are relative, with '/' between folders. Only ordinary files are told and read, and nothing
// that is reached through a link. Any thread.

#include "actors/cluster/head_job.h"
#include "runtime/base/bytes.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

inline constexpr std::size_t piece_most = 1 << 20;  // bytes of a file in one message

// Relative, of at most 1,000 bytes, and no part of it empty, "." or "..".
bool is_file_name(std::string_view name);

// {"files": [{"name", "bytes"}], "left_out": [names of what is no ordinary file], "next"}: those
// after this name in order of names, `most` of both at most; "next" is null where there are no
// more.
boost::json::object list_files(
    const std::string& folder, const std::string& after, std::size_t most = 1000);

struct FilePiece {
  Bytes bytes;
  std::uint64_t size = 0;  // of the whole file
};

// Fewer bytes than asked for where the file ends. Error(bad_input): a name that is none;
// Error(not_found): there is no such file.
FilePiece read_piece(
    const std::string& folder, const std::string& name, std::uint64_t offset, std::size_t bytes);

// Removes the job's log, and its run directory unless that is to be kept. What could not be
// removed, with why; empty: nothing is left.
std::vector<std::string> remove_files(const std::string& home, const HeadJob& job, bool keep_run);

}  // namespace tramontane
