#include "actors/run/files.h"

#include "actors/run/inputs.h"
#include "actors/run/reporter.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/shell.h"
#include "storage/checkpoint.h"
#include "storage/file.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace tramontane {

std::string RunFiles::default_folder(const std::string& job_name) {
  char date[32];
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  std::strftime(date, sizeof date, "%Y%m%d-%H%M%S", &parts);
  std::string base = str("runs/", job_name, "-", date);
  std::string folder = base;
  for (int again = 2; std::filesystem::exists(folder); ++again) folder = str(base, "-", again);
  return folder;
}

RunFiles::RunFiles(std::string folder) : folder_(std::move(folder)) {
  std::string path = folder_ + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) throw Error(Errc::io, str(path, ": ", std::strerror(errno)));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw Error(Errc::io,
        folder_ + " is being worked on by another process; stop that one first (Ctrl-C, or kill)");
  }
}

RunFiles::RunFiles(RunFiles&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}

RunFiles::~RunFiles() {
  if (lock_ >= 0) ::close(lock_);
}

RunFiles RunFiles::create(const std::string& folder, const Job& job) {
  auto files = system_files();
  if (files->exists(folder + "/job.yaml"))
    throw Error(Errc::bad_input,
        str(folder, " is a run already; `", shell_command({program_as_called(), "resume", folder}),
            "` goes on with it, or give another --run"));
  files->make_folder(folder);
  RunFiles run(std::filesystem::weakly_canonical(folder).string());
  // A folder with a job.yaml is a run: that comes last.
  write_inputs(*files, run.folder(), job, as_bytes(job.resolved));
  write_durably(*files, run.path("job.yaml"), as_bytes(job.resolved));
  return run;
}

RunFiles RunFiles::open(const std::string& folder) {
  if (!system_files()->exists(folder + "/job.yaml"))
    throw Error(Errc::not_found, folder + " is no run: it has no job.yaml");
  return RunFiles(std::filesystem::weakly_canonical(folder).string());
}

PastMetrics RunFiles::replay_metrics(RunTotals& totals, EventSink& view) const {
  std::ifstream in(path("metrics.jsonl"));
  PastMetrics past;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    bool whole = !in.eof();  // the last one a crash may have cut off
    boost::system::error_code error;
    auto value = boost::json::parse(line, error);
    const auto* event = error ? nullptr : value.if_object();
    if (event == nullptr) {
      if (whole) past.damaged += str(past.damaged.empty() ? "" : ", ", number);
      continue;
    }
    totals.add(*event);
    view.past(*event);
    auto number_of = [&](const char* key) {
      const auto* field = event->if_contains(key);
      return field != nullptr && field->is_number() ? field->to_number<double>() : 0.0;
    };
    auto text_of = [&](const char* key) {
      const auto* field = event->if_contains(key);
      return field != nullptr && field->is_string() ? std::string(field->as_string()) : "";
    };
    if (event->contains("seconds")) past.seconds = number_of("seconds");
    if (text_of("event") == "summary") past.finished = text_of("stopped") == "finished";
    if (text_of("event") == "step") past.finished = false;
    if (text_of("event") == "step" && text_of("kind") == "reinforce")
      past.newest_step = std::max(past.newest_step, static_cast<std::uint64_t>(number_of("step")));
  }
  return past;
}

std::vector<std::string> RunFiles::problems_of(const PastMetrics& past) const {
  std::vector<std::string> problems;
  if (!past.damaged.empty())
    problems.push_back(str(path("metrics.jsonl"), " is damaged in line ", past.damaged,
        ": what stood there is left out of figures and report"));
  return problems;
}

std::optional<std::uint64_t> RunFiles::newest_checkpoint() const {
  auto files = system_files();
  CheckpointStore store(*files, path("checkpoints"), {});
  std::optional<std::uint64_t> newest;
  for (const auto& info : store.list())
    if (info.valid()) newest = info.version;
  return newest;
}

}  // namespace tramontane
