#pragma once
// A run's directory (run.h lists what is in it), locked while a process works on it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class EventSink;
class RunTotals;
struct Job;

// What metrics.jsonl tells of a run's earlier lives.
struct PastMetrics {
  double seconds = 0;             // that they took
  std::uint64_t newest_step = 0;  // of reinforcement
  bool finished = false;          // the last of them came to the job's end
  std::string damaged;            // the numbers of lines that are no events: "12, 40"
};

class RunFiles {
 public:
  // runs/NAME-DATE-TIME below the current folder.
  static std::string default_folder(const std::string& job_name);

  // A new directory with job.yaml and inputs.json. Error(bad_input) if there is one already.
  static RunFiles create(const std::string& folder, const Job& job);

  // An existing one, locked. Error(not_found) if it is no run; Error(io) if another process
  // works on it.
  static RunFiles open(const std::string& folder);

  RunFiles(RunFiles&& other) noexcept;
  ~RunFiles();

  const std::string& folder() const { return folder_; }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Adds the events of earlier lives to the totals and what the view knows.
  PastMetrics replay_metrics(RunTotals& totals, EventSink& view) const;

  // What is not as earlier lives left it, one sentence each.
  std::vector<std::string> problems_of(const PastMetrics& past) const;

  std::optional<std::uint64_t> newest_checkpoint() const;

 private:
  explicit RunFiles(std::string folder);

  std::string folder_;
  int lock_ = -1;
};

}  // namespace tramontane
