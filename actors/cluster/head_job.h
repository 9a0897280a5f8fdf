#pragma once
// A job as the head of a cluster knows it: what was submitted, how far it is, and where its workers
// have their seats. Values, and their form in the head's store.
//
// Thread rule: any.

#include "actors/cluster/job_worker.h"
#include "runtime/cluster/messages.h"
#include "scheduler/placement.h"

#include <boost/json/array.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

enum class JobState : std::uint8_t {
  queued,   // waits for room
  placing,  // has its places, its driver is being started
  running,
  waiting,  // its driver is gone and will be started again; `reason` says when
  finished,
  failed,
  stopped,  // somebody wanted it to end
};

const char* name(JobState state) noexcept;
bool over(JobState state);

struct SeatOfWorker {
  std::string worker;
  std::string node;
  std::vector<DeviceShare> devices;

  bool operator==(const SeatOfWorker&) const = default;
};

// A file that the job names by path.
struct JobFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::vector<std::string> groups;  // of workers that read it; empty: all

  bool operator==(const JobFile&) const = default;
};

inline constexpr std::size_t job_files_most = 1000;

struct HeadJob {
  std::uint64_t id = 0;
  std::string name;
  std::string graph;  // resolved, YAML
  std::string run;    // its directory
  std::int32_t priority = 0;
  std::int64_t submitted_ms = 0;
  std::vector<JobWorker> workers;
  std::vector<JobFile> files;

  JobState state = JobState::queued;
  std::string reason;
  std::int64_t since_ms = 0;  // in this state
  std::uint32_t attempt = 0;  // starts of its driver
  std::uint32_t deaths = 0;   // of its driver, not with its node
  std::uint32_t ended = 0;  // the last attempt whose end was told: nodes tell until they know that
  std::string driver_node;
  int pid = 0;  // of the driver, while it runs
  int exit_code = 0;
  bool stop_wanted = false;
  std::optional<InstructionSet> kernels;  // that it was placed with
  std::vector<SeatOfWorker> seats;        // empty: it has none

  bool operator==(const HeadJob&) const = default;
};

inline constexpr const char* driver_of_job = "driver";  // its worker, and that one's group

// One driver, which is where the run directory is; names of workers once each; groups of alike
// workers, which the scheduler knows what to do with. Else Error(bad_input).
void check(const HeadJob& job);

// Those that "files" of a submission names. Error(bad_input).
std::vector<JobFile> job_files_of(const boost::json::array& in);

// JSON. Error(corrupt) for a text that is no job.
std::string job_record(const HeadJob& job);
HeadJob parse_job_record(const std::string& text);

// Its request to the scheduler; actors of a group are its workers in their order.
JobRequest request_of(const HeadJob& job, std::optional<NodeId> run_node);

}  // namespace tramontane
