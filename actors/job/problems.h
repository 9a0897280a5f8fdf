#pragma once
// The problems of a job, read from a data file, put to its model and made tokens.

#include "actors/job/job.capnp.h"
#include "actors/job/job.h"
#include "storage/file.h"

#include <string>
#include <vector>

namespace tramontane {

// `key` names the file's place in the job graph, for errors. Of `job` the model and its tokenizer
// are looked at. Error(bad_input) names file and line.
std::vector<Problem> read_problems(const Files& files, const std::string& path,
    const std::string& key, schema::Job::Reader graph, const Job& job);

}  // namespace tramontane
