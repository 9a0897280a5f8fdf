#pragma once
// RUN/inputs.json: what a run began with. The job graph as text, and each file that it names with
// the hash of its content. A run that is resumed must find the same, or be told to accept changes.
//
//   write_inputs(files, folder, job);                        // a new run
//   for (const auto& change : changed_inputs(…)) …           // "data.prompts (/data/a.jsonl): …"

#include "actors/job/job.h"
#include "storage/file.h"

#include <string>
#include <vector>

namespace tramontane {

// Durable when it returns.
void write_inputs(Files& files, const std::string& run, const Job& job, ByteView job_yaml);

// One sentence for each difference, in order; none if all is as it was. Of the job graph it names
// the lines that differ. Error(corrupt) if inputs.json is damaged; a run that has none has nothing
// to compare.
std::vector<std::string> changed_inputs(
    const Files& files, const std::string& run, const Job& job, ByteView job_yaml);

}  // namespace tramontane
