#include "actors/cluster/job_logs.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace tramontane {
namespace {

constexpr std::int64_t piece_most = 64 << 10;

std::string path_of(const std::string& home, const HeadJob& job, const std::string& who) {
  if (who == "driver") return driver_log(home, job);
  if (who == "events") return job.run + "/metrics.jsonl";
  std::vector<std::string> names;
  for (const JobWorker& worker : job.workers) names.push_back(worker.name);
  if (std::find(names.begin(), names.end(), who) == names.end())
    throw Error(Errc::not_found, unknown_name("worker", who, names));
  std::string file = who;
  std::replace(file.begin(), file.end(), '/', '-');
  return str(job.run, "/workers/", file, ".log");
}

}  // namespace

std::string driver_log(const std::string& home, const HeadJob& job) {
  return str(home, "/logs/job-", job.id, ".log");
}

boost::json::object read_log(
    const std::string& home, const HeadJob& job, const std::string& who, std::int64_t offset) {
  std::string path = path_of(home, job, who);
  std::error_code error;
  auto size = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
  if (error) return {{"text", ""}, {"next", 0}, {"size", 0}};  // it has not begun
  if (offset < 0) offset = std::max<std::int64_t>(size + offset, 0);
  offset = std::min(offset, size);
  std::string text(static_cast<std::size_t>(std::min(piece_most, size - offset)), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  // Where there is more, a piece ends with a line.
  std::size_t lines = text.rfind('\n') + 1;
  if (lines > 0 && offset + static_cast<std::int64_t>(text.size()) < size) text.resize(lines);
  std::int64_t next = offset + static_cast<std::int64_t>(text.size());
  return {{"text", valid_utf8(text)}, {"next", next}, {"size", size}};
}

}  // namespace tramontane
