#pragma once
// Fetching copies a job's run directory, or some of it, from a cluster's head into a folder here.
//
//   Fetched got = fetch_job(ask, 3, "results", {"checkpoints/*"});
//
// A file comes in pieces, each with its checksum, under another name (NAME.fetching), and gets its
// own once all of it is there and on disk. So what has its name is whole; a fetch that was cut off
// goes on where it was when it is repeated. Nothing is overwritten: a file that is there and is the
// same is left alone, one that is another is refused by name before anything is copied.
//
// Of a job that is not over, files that go meanwhile are left out, and one that is replaced by a
// shorter one is begun again.
//
// Blocks. Thread rule: any; nobody else writes in the folder meanwhile.

#include "runtime/base/bytes.h"
#include "runtime/cluster/messages.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tramontane {

// Asks a head (head_answers.h): with bytes, and for bytes. Throws Error as HeadClient does.
using AskHeadFor = std::function<HeadAnswer(
    const std::string& what, const boost::json::object& request, ByteView bytes)>;

struct Fetched {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;            // that came, without what was there
  std::uint64_t already = 0;          // files that were there
  std::vector<std::string> left_out;  // no ordinary files
  bool without_ledger = false;        // the job is not over: a copy of it would not open
};

// `only`: patterns (fnmatch, where * matches / too) of names to fetch; none: all. Error: the head
// says no (not_found, bad_input) or is not reached; a file is there already and is another
// (refused); one changed meanwhile (stale); pieces come damaged again and again (corrupt); no room
// here (io).
Fetched fetch_job(const AskHeadFor& ask, std::uint64_t job, const std::string& folder,
    const std::vector<std::string>& only);

}  // namespace tramontane
