#pragma once
// A worker that a job wants to have, as it is submitted. Values: any thread.

#include "scheduler/job_request.h"

#include <string>
#include <vector>

namespace tramontane {

// A worker that the job will have, or its driver.
struct JobWorker {
  std::string name;
  std::string group;  // those of one group are alike
  Work work = Work::passes;
  Need need;
  bool at_run_directory = false;
  Strategy strategy = Strategy::by_work;
  std::vector<Label> needs_labels;
  std::vector<Label> prefers_labels;
  std::vector<std::string> near;  // groups
  std::vector<std::string> apart;

  bool operator==(const JobWorker&) const = default;
};

// What `tram submit` says of workers, as JSON and back. Error(bad_input).
std::string workers_text(const std::vector<JobWorker>& workers);
std::vector<JobWorker> parse_workers(const std::string& text);

}  // namespace tramontane
