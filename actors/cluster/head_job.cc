#include "actors/cluster/head_job.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::array<const char*, 7> state_names = {
    "queued", "placing", "running", "waiting", "finished", "failed", "stopped"};
constexpr std::array<const char*, 3> work_names = {"passes", "computes", "generates"};
constexpr std::array<const char*, 5> strategy_names = {
    "by_work", "pack", "spread", "strict_pack", "strict_spread"};

std::string text(const json::object& in, const char* key) {
  return std::string(in.at(key).as_string());
}

// Exactly: what T cannot hold is thrown.
template <class T = std::int64_t>
T number(const json::object& in, const char* key) {
  return in.at(key).to_number<T>();
}

template <class E, std::size_t n>
E one_of(const std::array<const char*, n>& names, const std::string& word) {
  auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) throw Error(Errc::bad_input, str("\"", word, "\" is none of its kind"));
  return static_cast<E>(found - names.begin());
}

json::array array_of(const std::vector<Label>& labels) {
  json::array out;
  for (const Label& label : labels) out.push_back({{"key", label.key}, {"value", label.value}});
  return out;
}

std::vector<Label> labels_of(const json::object& in, const char* key) {
  std::vector<Label> labels;
  for (const json::value& each : in.at(key).as_array())
    labels.push_back({text(each.as_object(), "key"), text(each.as_object(), "value")});
  return labels;
}

std::vector<std::string> texts_of(const json::object& in, const char* key) {
  std::vector<std::string> texts;
  for (const json::value& each : in.at(key).as_array()) texts.emplace_back(each.as_string());
  return texts;
}

json::object object_of(const JobWorker& worker) {
  return {{"name", worker.name}, {"group", worker.group},
      {"work", work_names[static_cast<std::size_t>(worker.work)]},
      {"cpu_milli", worker.need.cpu_milli}, {"memory_bytes", worker.need.memory_bytes},
      {"gpu_milli", worker.need.gpu_milli}, {"at_run_directory", worker.at_run_directory},
      {"strategy", strategy_names[static_cast<std::size_t>(worker.strategy)]},
      {"needs", array_of(worker.needs_labels)}, {"prefers", array_of(worker.prefers_labels)},
      {"near", json::array(worker.near.begin(), worker.near.end())},
      {"apart", json::array(worker.apart.begin(), worker.apart.end())}};
}

JobWorker worker_of(const json::object& in) {
  JobWorker worker{.name = text(in, "name"),
      .group = text(in, "group"),
      .work = one_of<Work>(work_names, text(in, "work")),
      .need = {.cpu_milli = number(in, "cpu_milli"),
          .memory_bytes = number(in, "memory_bytes"),
          .gpu_milli = number<std::int32_t>(in, "gpu_milli")},
      .at_run_directory = in.at("at_run_directory").as_bool()};
  if (!in.contains("strategy")) return worker;  // of an earlier head
  worker.strategy = one_of<Strategy>(strategy_names, text(in, "strategy"));
  worker.needs_labels = labels_of(in, "needs");
  worker.prefers_labels = labels_of(in, "prefers");
  worker.near = texts_of(in, "near");
  worker.apart = texts_of(in, "apart");
  return worker;
}

// Whether they may be of one group.
bool alike(const JobWorker& one, JobWorker other) {
  other.name = one.name;
  return other == one;
}

json::array array_of(const std::vector<JobWorker>& workers) {
  json::array out;
  for (const JobWorker& worker : workers) out.push_back(object_of(worker));
  return out;
}

json::array array_of(const std::vector<SeatOfWorker>& seats) {
  json::array out;
  for (const SeatOfWorker& seat : seats) {
    json::array devices;
    for (const DeviceShare& share : seat.devices)
      devices.push_back({{"device", share.device}, {"milli", share.milli}});
    out.push_back(json::object{{"worker", seat.worker}, {"node", seat.node}, {"devices", devices}});
  }
  return out;
}

json::array array_of(const std::vector<JobFile>& files) {
  json::array out;
  for (const JobFile& file : files)
    out.push_back(json::object{{"path", file.path}, {"bytes", file.bytes},
        {"groups", json::array(file.groups.begin(), file.groups.end())}});
  return out;
}

std::vector<SeatOfWorker> seats_of(const json::array& in) {
  std::vector<SeatOfWorker> seats;
  for (const json::value& each : in) {
    const json::object& seat = each.as_object();
    SeatOfWorker out{.worker = text(seat, "worker"), .node = text(seat, "node")};
    for (const json::value& share : seat.at("devices").as_array())
      out.devices.push_back({number<std::uint32_t>(share.as_object(), "device"),
          number<std::int32_t>(share.as_object(), "milli")});
    for (const DeviceShare& share : out.devices)
      if (share.device >= devices_max || share.milli < 0 || share.milli > whole_gpu_milli)
        throw Error(Errc::bad_input, str("a share of a GPU that is none, on node ", out.node));
    if (out.node.empty() || out.node.size() > name_length_max)
      throw Error(Errc::bad_input, "a seat on a node without a name");
    seats.push_back(std::move(out));
  }
  return seats;
}

std::vector<JobWorker> workers_of(const json::array& in) {
  std::vector<JobWorker> workers;
  for (const json::value& each : in) workers.push_back(worker_of(each.as_object()));
  return workers;
}

// What Boost.JSON throws for a value of another kind is nobody's bug here.
template <class Read>
auto read(Errc code, const char* what, const std::string& text, Read read) {
  try {
    return read(json::parse(text));
  } catch (const Error& error) {
    throw Error(code, str(what, ": ", error.text()));
  } catch (const std::exception& error) {
    throw Error(code, str(what, ": ", error.what()));
  }
}

}  // namespace

const char* name(JobState state) noexcept {
  return state_names.at(static_cast<std::size_t>(state));
}

bool over(JobState state) {
  return state >= JobState::finished;
}

void check(const HeadJob& job) {
  std::map<std::string, const JobWorker*> groups;
  std::set<std::string> names;
  for (const JobWorker& worker : job.workers) {
    if (worker.name.empty() || !names.insert(worker.name).second)
      throw Error(Errc::bad_input, str("two workers \"", worker.name, "\", or one without a name"));
    const JobWorker& first = *groups.try_emplace(worker.group, &worker).first->second;
    if (!alike(first, worker))
      throw Error(Errc::bad_input,
          str("workers \"", first.name, "\" and \"", worker.name, "\" of one group are not alike"));
    bool drives = worker.group == driver_of_job;
    if (drives != (worker.name == driver_of_job) || (drives && !worker.at_run_directory))
      throw Error(Errc::bad_input, str("worker \"", worker.name, "\" is half a driver"));
  }
  if (!names.contains(driver_of_job)) throw Error(Errc::bad_input, "a job without a driver");
  check(request_of(job, NodeId{1}));
}

std::string job_record(const HeadJob& job) {
  json::object out{{"id", job.id}, {"name", job.name}, {"graph", job.graph}, {"run", job.run},
      {"priority", job.priority}, {"submitted_ms", job.submitted_ms},
      {"workers", array_of(job.workers)}, {"state", name(job.state)}, {"reason", job.reason},
      {"since_ms", job.since_ms}, {"attempt", job.attempt}, {"deaths", job.deaths},
      {"ended", job.ended}, {"driver_node", job.driver_node}, {"pid", job.pid},
      {"exit_code", job.exit_code}, {"stop_wanted", job.stop_wanted},
      {"seats", array_of(job.seats)}};
  if (!job.files.empty()) out["files"] = array_of(job.files);
  if (job.kernels) out["kernels"] = static_cast<int>(*job.kernels);
  return json_text(out);
}

HeadJob parse_job_record(const std::string& record) {
  return read(Errc::corrupt, "a job of the head's store", record, [](const json::value& value) {
    const json::object& in = value.as_object();
    HeadJob job{.id = number<std::uint64_t>(in, "id"),
        .name = text(in, "name"),
        .graph = text(in, "graph"),
        .run = text(in, "run"),
        .priority = number<std::int32_t>(in, "priority"),
        .submitted_ms = number(in, "submitted_ms"),
        .workers = workers_of(in.at("workers").as_array()),
        .state = one_of<JobState>(state_names, text(in, "state")),
        .reason = text(in, "reason"),
        .since_ms = number(in, "since_ms"),
        .attempt = number<std::uint32_t>(in, "attempt"),
        .deaths = number<std::uint32_t>(in, "deaths"),
        .ended = number<std::uint32_t>(in, "ended"),
        .driver_node = text(in, "driver_node"),
        .pid = number<int>(in, "pid"),
        .exit_code = number<int>(in, "exit_code"),
        .stop_wanted = in.at("stop_wanted").as_bool()};
    if (in.contains("kernels")) {
      std::int64_t set = number(in, "kernels");
      if (set < 0 || set > 2) throw Error(Errc::corrupt, "an instruction set that is none");
      job.kernels = static_cast<InstructionSet>(set);
    }
    if (in.contains("files")) job.files = job_files_of(in.at("files").as_array());
    job.seats = seats_of(in.at("seats").as_array());
    check(job);
    return job;
  });
}

std::vector<JobFile> job_files_of(const json::array& in) {
  if (in.size() > job_files_most)
    throw Error(Errc::bad_input, str("a job names ", job_files_most, " files at most"));
  std::vector<JobFile> files;
  for (const json::value& each : in) {
    const json::object& file = each.as_object();
    files.push_back(
        {text(file, "path"), number<std::uint64_t>(file, "bytes"), texts_of(file, "groups")});
    if (!files.back().path.starts_with('/'))
      throw Error(Errc::bad_input, str(""
                                       ", files.back().path, "
                                       " is no whole path"));
  }
  return files;
}

std::string workers_text(const std::vector<JobWorker>& workers) {
  return json_text(json::value(array_of(workers)));
}

std::vector<JobWorker> parse_workers(const std::string& text) {
  return read(Errc::bad_input, "the workers of a job", text,
      [](const json::value& value) { return workers_of(value.as_array()); });
}

JobRequest request_of(const HeadJob& job, std::optional<NodeId> run_node) {
  JobRequest request{.id = job.id, .name = job.name, .run_node = run_node, .kernels = job.kernels};
  for (const JobWorker& worker : job.workers) {
    auto same = std::find_if(request.groups.begin(), request.groups.end(),
        [&](const JobGroup& group) { return group.name == worker.group; });
    if (same != request.groups.end()) {
      ++same->count;
      continue;
    }
    request.groups.push_back({.name = worker.group,
        .need = worker.need,
        .work = worker.work,
        .strategy = worker.strategy,
        .at_run_directory = worker.at_run_directory,
        .needs_labels = worker.needs_labels,
        .prefers_labels = worker.prefers_labels,
        .near = worker.near,
        .apart = worker.apart});
  }
  return request;
}

}  // namespace tramontane
