#include "actors/dashboard/watched_run.h"

#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"
#include "storage/file.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t file_shown_bytes = 200'000;

bool there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string whole_path(const std::string& folder) {
  if (!there(folder + "/job.yaml") && !there(folder + "/graph.yaml"))
    throw Error(Errc::not_found, folder + " is no run: it has neither job.yaml nor graph.yaml");
  return std::filesystem::weakly_canonical(folder).string();
}

json::value or_null(double value) {
  return std::isfinite(value) ? json::value(value) : json::value();
}

json::value whole_or_null(double value) {
  return std::isfinite(value) && std::abs(value) < 9e15
             ? json::value(static_cast<std::int64_t>(std::llround(value)))
             : json::value();
}

// What the newest of these events says of it.
double newest(const RunEvent* event, std::string_view key) {
  return event == nullptr ? std::nan("") : number(*event, key);
}

json::string clean(std::string_view text) {
  return json::string(valid_utf8(text));
}

json::value time_or_null(double wall) {
  return std::isfinite(wall) ? json::value(clean(iso_time(static_cast<Micros>(wall))))
                             : json::value();
}

// By name and size alone: whether one is whole is for who loads it.
json::array checkpoints_in(const std::string& folder) {
  namespace fs = std::filesystem;
  constexpr std::string_view prefix = "step-";
  json::array out;
  std::error_code error;
  std::map<std::uint64_t, fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder + "/checkpoints", error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) &&
        name.find_first_not_of("0123456789", prefix.size()) == name.npos)
      found[std::strtoull(name.c_str() + prefix.size(), nullptr, 10)] = entry.path();
  }
  for (const auto& [version, path] : found) {
    std::uint64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(path, error))
      if (auto size = file.file_size(error); !error) bytes += size;
    out.push_back({{"version", version}, {"folder", clean(path.string())}, {"bytes", bytes}});
  }
  return out;
}

json::array alarms_now(const AlarmList& alarms) {
  json::array out;
  for (const auto& row : alarms.standing())
    out.push_back(
        {{"rule", clean(row.rule)}, {"actor", clean(row.actor)}, {"text", clean(row.text)},
            {"look", clean(row.look)}, {"times", row.times}, {"seconds", row.since}});
  return out;
}

}  // namespace

WatchedRun::WatchedRun(const std::string& folder, const Clock& clock)
    : clock_(clock),
      folder_(whole_path(folder)),
      id_(std::filesystem::path(folder_).filename().string()),
      is_graph_(!there(folder_ + "/job.yaml")),
      history_(folder_),
      snapshot_(folder_ + "/actors.json"),
      ledger_(folder_, clock) {}

void WatchedRun::refresh(Time deadline) {
  if (refreshed_ != Time{} && clock_.now() - refreshed_ < 100ms) return;
  history_.refresh(clock_, deadline);
  snapshot_.refresh();
  ledger_.live(snapshot_.live());
  use_.clear();
  refreshed_ = clock_.now();
}

ProcessUse WatchedRun::use_of(int pid) {
  if (!snapshot_.live()) return {};
  auto [found, fresh] = use_.try_emplace(pid);
  if (fresh) found->second = use_of_process(pid);
  return found->second;
}

// ---- the job -----------------------------------------------------------------------------------

void WatchedRun::add_run(json::object& job) {
  const RunEvent* run = history_.last("run");
  const RunEvent* summary = history_.summary();
  job["name"] = run == nullptr ? clean(id_) : clean(text(*run, "name", id_));
  job["kind"] = is_graph_ ? "graph" : "reinforcement";
  job["started"] = nullptr;
  if (run != nullptr && run->contains("started")) job["started"] = clean(text(*run, "started"));
  job["seconds"] = 0.0;
  for (const char* kind : {"run", "stage", "step", "evaluation", "summary"})
    if (double seconds = newest(history_.last(kind), "seconds");
        seconds > job["seconds"].as_double())
      job["seconds"] = seconds;
  job["isolation"] = nullptr;
  bool apart = std::any_of(snapshot_.actors().begin(), snapshot_.actors().end(),
      [](const auto& row) { return !text(row.as_object(), "worker").empty(); });
  if (snapshot_.there())
    job["isolation"] = apart ? "process" : "thread";
  else if (summary != nullptr && summary->contains("isolation"))
    job["isolation"] = clean(text(*summary, "isolation"));
  job["seed"] = whole_or_null(newest(run, "seed"));
  job["parameters"] = whole_or_null(newest(run, "parameters"));
  job["exits"] = history_.failures();
  job["alarms"] = history_.alarms();
  job["alarms_now"] = alarms_now(history_.alarms_of_rules());
  job["summary"] = summary == nullptr ? json::value() : json::value(*summary);
}

void WatchedRun::add_progress(json::object& job) {
  const RunEvent* stage = history_.last("stage");
  const RunEvent* step = history_.last("step");
  const RunEvent* learnt = history_.last("step/reinforce");
  if (stage != nullptr && step != nullptr && number(*step, "stage") != number(*stage, "stage"))
    step = nullptr;  // none of this stage yet
  job["stage"] = whole_or_null(newest(stage, "stage"));
  job["stage_kind"] = stage == nullptr ? json::value() : json::value(clean(text(*stage, "kind")));
  job["step"] = whole_or_null(step != nullptr ? number(*step, "step") : stage ? 0 : std::nan(""));
  job["steps"] = whole_or_null(newest(stage, "steps"));
  job["eta_seconds"] = or_null(newest(step, "eta_seconds"));
  job["version"] = whole_or_null(newest(learnt, "version"));
  job["score"] = or_null(newest(learnt, "score"));
  job["correct"] = or_null(newest(learnt, "correct_average"));
  job["lag_max"] = whole_or_null(newest(learnt, "lag_max"));
  job["log_prob_gap_max"] = or_null(newest(learnt, "log_prob_gap_max"));
  job["tokens_per_s"] = or_null(newest(learnt, "tokens_per_second"));
  const auto* queues = learnt == nullptr ? nullptr : object(*learnt, "queues");
  job["queues"] = queues == nullptr ? json::value() : json::value(*queues);
  job["heldout_before"] = nullptr;
  job["heldout"] = nullptr;
  for (const RunEvent& evaluation : history_.evaluations()) {
    std::string label = text(evaluation, "label");
    if (label == "before") job["heldout_before"] = or_null(number(evaluation, "sampled"));
    if (label != "forced_thinking") job["heldout"] = or_null(number(evaluation, "sampled"));
  }
}

void WatchedRun::add_state(json::object& job) {
  const RunEvent* summary = history_.summary();
  auto say = [&](const char* state, const std::string& reason) {
    job["state"] = state;
    job["reason"] = clean(reason);
  };
  if (summary != nullptr) {
    std::string how = text(*summary, "stopped");
    return say(how == "finished"      ? "finished"
               : how == "interrupted" ? "stopped"
                                      : "failed",
        text(*summary, "reason"));
  }
  const RunEvent* stage = history_.last("stage");
  if (snapshot_.live()) {
    const auto& actors = snapshot_.actors();
    bool starting = std::any_of(actors.begin(), actors.end(), [](const auto& row) {
      std::string state = text(row.as_object(), "state");
      return state == "building" || state == "starting";
    });
    if (stage == nullptr && (starting || actors.empty() || !is_graph_))
      return say("placing", "its actors are being started");
    if (stage == nullptr) return say("running", "");
    return say("running", str(text(*stage, "kind"), ", step ", json_text(job["step"]), " of ",
                              json_text(job["steps"])));
  }
  if (!snapshot_.there() && history_.runs().empty())
    return say("queued", "nothing of it has begun");
  say("failed", snapshot_.ended() ? "it ended without saying how"
                                  : "its process has ended without a word (killed, or the machine "
                                    "went down); `tram resume` goes on with a job");
}

json::object WatchedRun::job() {
  json::object job{{"id", clean(id_)}, {"run", clean(folder_)}};
  add_run(job);
  add_progress(job);
  add_state(job);
  job["live"] = snapshot_.live();
  job["pid"] = snapshot_.there() ? json::value(snapshot_.process().pid) : json::value();
  job["node"] = snapshot_.there() ? json::value(clean(snapshot_.node())) : json::value();
  return job;
}

json::object WatchedRun::job_details() {
  json::object job = this->job();
  job["file"] = nullptr;
  if (std::ifstream in(folder_ + (is_graph_ ? "/graph.yaml" : "/job.yaml"), std::ios::binary); in) {
    std::string text(file_shown_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > file_shown_bytes) text = text.substr(0, file_shown_bytes) + "\n… (cut)";
    job["file"] = clean(text);
  }
  job["runs"] = json::array(history_.runs().begin(), history_.runs().end());
  job["evaluations"] = json::array(history_.evaluations().begin(), history_.evaluations().end());
  const auto* stages = history_.runs().empty() ? nullptr : list(history_.runs().back(), "stages");
  job["stages"] = stages == nullptr ? json::array() : *stages;
  job["checkpoints"] = checkpoints_in(folder_);
  json::array notes;
  if (history_.unreadable() > 0)
    notes.emplace_back(std::to_string(history_.unreadable()) + " lines could not be read");
  job["notes"] = std::move(notes);
  return job;
}

const std::string& WatchedRun::job_text() {
  if (job_text_.second.empty() || job_text_.first != job_version())
    job_text_ = {job_version(), json_text(job())};
  return job_text_.second;
}

const std::string& WatchedRun::actors_text() {
  if (actors_text_.second.empty() || actors_text_.first != actors_version())
    actors_text_ = {actors_version(), json_text(actors_told())};
  return actors_text_.second;
}

// ---- actors and the machine --------------------------------------------------------------------

json::object WatchedRun::actor(const json::object& row) {
  json::object out{{"name", row.at("name")}, {"kind", clean(text(row, "kind"))},
      {"job", clean(id_)}, {"node", clean(snapshot_.node())}, {"worker", nullptr}};
  if (std::string worker = text(row, "worker"); !worker.empty()) out["worker"] = clean(worker);
  int pid = static_cast<int>(std::max(0.0, number(row, "pid")));
  ProcessUse use = use_of(pid);
  out["pid"] = pid;
  std::string state = text(row, "state", "dead");
  out["state"] = snapshot_.live() ? clean(state) : json::string("dead");
  out["last_state"] = clean(state);
  out["waiting_for"] = clean(text(row, "waiting_for"));
  double since = number(row, "since");
  double now = static_cast<double>(snapshot_.live() ? clock_.wall() : snapshot_.written());
  out["since"] = time_or_null(since);
  out["waiting_seconds"] = or_null(std::max(0.0, (now - since) / 1e6) + (since - since));
  out["busy"] = or_null(number(row, "busy"));
  for (const char* key : {"mailbox", "mailbox_limit", "mailbox_bytes", "mailbox_bytes_limit",
           "senders_waiting", "handled", "unhandled", "failed", "restarts", "incarnation"})
    out[key] = static_cast<std::int64_t>(std::max(0.0, number(row, key)));
  double oldest = number(row, "oldest_since");
  out["oldest_message_seconds"] = std::isfinite(oldest) ? std::max(0.0, (now - oldest) / 1e6) : 0.0;
  out["last_handler"] = clean(text(row, "last_handler"));
  const auto* notes = object(row, "notes");
  out["weight_version"] = nullptr;
  if (notes != nullptr)
    if (std::string version = text(*notes, "version"); !version.empty())
      out["weight_version"] = whole_or_null(std::strtod(version.c_str(), nullptr));
  out["tokens_per_s"] = snapshot_.live() ? or_null(number(row, "tokens_per_s")) : json::value();
  out["memory"] = use.memory ? json::value(*use.memory) : json::value();
  const auto* asks = object(row, "asks");
  out["asks"] = asks == nullptr ? json::object() : *asks;
  const auto* senders = object(row, "messages_from");
  out["messages_from"] = senders == nullptr ? json::object() : *senders;
  out["notes"] = notes == nullptr ? json::object() : *notes;
  return out;
}

json::array WatchedRun::actors() {
  json::array out;
  for (const auto& row : snapshot_.actors())
    if (row.as_object().contains("name") && row.at("name").is_string())
      out.push_back(actor(row.as_object()));
  return out;
}

json::object WatchedRun::actors_told() {
  return {{"live", snapshot_.live()},
      {"written", snapshot_.there() ? time_or_null(static_cast<double>(snapshot_.written()))
                                    : json::value()},
      {"actors", actors()}, {"next", nullptr}};
}

json::object WatchedRun::node() {
  bool live = snapshot_.live();
  MachineUse use = live ? use_of_machine() : MachineUse{};
  auto known = [](const auto& value) { return value ? json::value(*value) : json::value(); };
  const RunEvent* run = history_.last("run");
  json::object out{{"name", clean(snapshot_.node())}, {"state", live ? "up" : "gone"},
      {"cores", whole_or_null(newest(run, "cores"))}, {"machine", nullptr}, {"isa", nullptr},
      {"load", known(use.load)}, {"memory", known(use.memory)},
      {"memory_available", known(use.memory_available)}};
  if (use.cores) out["cores"] = *use.cores;
  for (const char* key : {"machine", "isa"})
    if (run != nullptr && !text(*run, key).empty()) out[key] = clean(text(*run, key));
  std::map<std::pair<std::string, int>, json::array> processes;
  processes[{"", snapshot_.process().pid}];
  for (const auto& row : snapshot_.actors()) {
    const auto& one = row.as_object();
    int pid = static_cast<int>(std::max(0.0, number(one, "pid")));
    processes[{text(one, "worker"), pid}].push_back(clean(text(one, "name")));
  }
  json::array rows;
  for (auto& [which, actors] : processes) {
    ProcessUse taken = use_of(which.second);
    rows.push_back(
        {{"worker", which.first.empty() ? json::value() : json::value(clean(which.first))},
            {"pid", which.second}, {"state", taken.running ? "running" : "gone"},
            {"actors", std::move(actors)}, {"memory", known(taken.memory)},
            {"cpu_seconds", known(taken.cpu_seconds)}, {"threads", known(taken.threads)}});
  }
  out["processes"] = std::move(rows);
  return out;
}

}  // namespace tramontane
