#include "actors/run/inputs.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "storage/content_hash.h"

#include <boost/json.hpp>

#include <algorithm>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t lines_shown = 6;

std::string path_of(const std::string& run) {
  return run + "/inputs.json";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string trimmed(const std::string& line) {
  auto begin = line.find_first_not_of(" -");
  return begin == std::string::npos ? "" : line.substr(begin);
}

// "`steps: 30` is now `steps: 40`, …" for graphs of as many lines; else that there are others.
std::string graph_change(std::string_view before, std::string_view after) {
  auto old_lines = lines_of(before);
  auto new_lines = lines_of(after);
  if (old_lines.size() != new_lines.size())
    return str("job.yaml has ", new_lines.size(), " lines, it had ", old_lines.size());
  std::string text;
  std::size_t count = 0;
  for (std::size_t i = 0; i < old_lines.size(); ++i) {
    if (old_lines[i] == new_lines[i]) continue;
    if (++count > lines_shown) continue;
    text += str(count == 1 ? "job.yaml: `" : ", `", trimmed(old_lines[i]), "` is now `",
        trimmed(new_lines[i]), "`");
  }
  if (count > lines_shown) text += str(", and ", count - lines_shown, " lines more");
  return text;
}

// Of what else the record holds: a damaged record is no change of the inputs.
std::string check_of(const json::object& record) {
  json::object checked{{"job", record.at("job")}, {"files", record.at("files")}};
  return content_hash(as_bytes(json_text(checked)));
}

bool is_whole(const json::object& record) {
  const auto* graph = record.if_contains("job");
  const auto* inputs = record.if_contains("files");
  if (graph == nullptr || !graph->is_string() || inputs == nullptr || !inputs->is_object())
    return false;
  if (record.size() == 2) return true;  // older runs have no check
  const auto* check = record.if_contains("check");
  return record.size() == 3 && check != nullptr && *check == json::value(check_of(record));
}

json::object read(const Files& files, const std::string& path) {
  boost::system::error_code error;
  auto value = json::parse(as_text(files.read(path)), error);
  const auto* record = error ? nullptr : value.if_object();
  if (record == nullptr || !is_whole(*record))
    throw Error(Errc::corrupt,
        path + " is damaged: what the run began with is not known; --accept-changes goes on");
  return *record;
}

}  // namespace

void write_inputs(Files& files, const std::string& run, const Job& job, ByteView job_yaml) {
  json::object named;
  for (const JobInput& input : job.inputs)
    named[input.key] = {{"path", input.path}, {"hash", input.hash}};
  json::object record{{"job", as_text(job_yaml)}, {"files", std::move(named)}};
  record["check"] = check_of(record);
  write_durably(files, path_of(run), as_bytes(json_text(record) + "\n"));
}

std::vector<std::string> changed_inputs(
    const Files& files, const std::string& run, const Job& job, ByteView job_yaml) {
  std::string path = path_of(run);
  std::vector<std::string> changes;
  if (!files.exists(path)) return changes;
  json::object began = read(files, path);
  std::string_view graph = began["job"].as_string();
  std::string now = valid_utf8(as_text(job_yaml));  // as the record has it
  if (graph != now) changes.push_back(graph_change(graph, now));
  const json::object& before = began["files"].as_object();
  for (const JobInput& input : job.inputs) {
    const auto* was = before.if_contains(input.key);
    const auto* hash =
        was != nullptr && was->is_object() ? was->as_object().if_contains("hash") : nullptr;
    if (hash == nullptr)
      changes.push_back(str(input.key, " (", input.path, ") is new"));
    else if (*hash != json::value(input.hash))
      changes.push_back(str(input.key, " (", input.path, ") is not what it was"));
  }
  return changes;
}

}  // namespace tramontane
