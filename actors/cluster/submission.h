#pragma once
// What is asked of a head to have a job run (head_answers.h), whoever asks.
//
//   boost::json::object job = submit_job(ask, load_job(…), priority);
//
// Files that the job graph names and that are small enough go with it (Shipment); the job finds
// them in RUN/files. The others it names by path: nodes are asked for them before anything starts.
// Blocks where it asks; else any thread.

#include "actors/cluster/fetch.h"
#include "actors/cluster/head_job.h"
#include "actors/job/job.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

// Which files of a job go with it: prompts, held-out problems, demonstrations and rewards' models
// in the order of the job graph, each if there is room for it among `shipped_most` bytes, then a
// model's folder, whole or not at all. Those named as shared:PATH do not, nor do commands, which
// may need what lies beside them.
struct Shipment {
  struct File {
    std::string path;
    std::string name;  // below RUN/files
    std::uint64_t bytes = 0;
    std::string hash;  // JobInput's
  };

  std::vector<File> files;
  std::map<std::string, std::string> names;  // by key of the job graph, for renamed_files()
  std::vector<JobFile> by_path;
};

Shipment shipment_of(const Job& job);
// One of nothing.
Shipment nothing_shipped(const Job& job);

// The request of "submit" for a job of which nothing is shipped.
boost::json::object submission_of(const Job& job, std::int64_t priority);

// Ships what goes with the job and submits it; the head's answer. Error: as `ask`; a file has
// changed since the job was loaded (bad_input).
boost::json::object submit_job(const AskHeadFor& ask, const Job& job, std::int64_t priority);

}  // namespace tramontane
