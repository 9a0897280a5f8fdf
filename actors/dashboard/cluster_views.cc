#include "actors/dashboard/cluster_views.h"

#include "actors/dashboard/line_reader.h"
#include "actors/dashboard/page_of.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t log_bytes = 1 << 20;  // of the head's log, the newest
constexpr std::size_t log_lines = 100'000;
constexpr std::size_t file_name_most = 4096;

bool chosen(const std::set<std::string>& words, const std::string& word) {
  return words.empty() || words.contains(word);
}

json::array in_states(const json::array& rows, const std::set<std::string>& states) {
  json::array kept;
  for (const auto& row : rows)
    if (chosen(states, text(row.as_object(), "state"))) kept.push_back(row);
  return kept;
}

// Of levels that are told; less than that: -1.
int gravity(std::string_view level) {
  return level == "error" ? 2 : level == "warning" ? 1 : level == "info" ? 0 : -1;
}

// A line of the head's log in the API's shape; nothing if it is none, or is not told.
std::optional<json::object> event_of(const FileLine& line) {
  json::error_code error;
  json::value value = json::parse(line.text, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& said = value.get_object();
  std::string level = text(said, "level");
  if (gravity(level) < 0) return std::nullopt;
  std::string words = text(said, "text");
  if (std::string reason = text(said, "reason"); !reason.empty()) words += ": " + reason;
  std::string time = text(said, "time");
  return json::object{{"id", std::to_string(line.begin)}, {"kind", "log"},
      {"time", time.empty() ? json::value() : json::value(time)}, {"seconds", nullptr},
      {"level", level}, {"actor", nullptr}, {"text", words}, {"data", said}};
}

std::string string_in(const json::object& from, const char* name) {
  const json::value& value = from.at(name);
  if (!value.is_string()) throw Error(Errc::bad_input, str(name, " is no string"));
  return std::string(value.get_string());
}

}  // namespace

json::object cluster_jobs_view(WatchedCluster& cluster, const Query& query) {
  json::array jobs = in_states(cluster.jobs(), query.words("state"));
  if (query.choice("order").value_or("newest") == "newest") std::reverse(jobs.begin(), jobs.end());
  return page_of("jobs", std::move(jobs), query);
}

json::object cluster_job_view(WatchedCluster& cluster, const Query& query) {
  const json::object& known = cluster.job(query.captured("job"));
  json::object told = cluster.ask("job", {{"id", known.at("id")}});
  json::object job = in_shape(told, "ClusterJobDetails");
  json::array workers;
  for (const auto& worker : told.at("workers").as_array())
    workers.push_back(in_shape(worker.as_object(), "ClusterWorker"));
  job["workers"] = std::move(workers);
  job["progress"] = nullptr;
  try {
    auto run = cluster.run(query.captured("job"));
    run->refresh(query.request().deadline);
    job["progress"] = run->job();
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found) throw;
  }
  return job;
}

json::object cluster_nodes_view(WatchedCluster& cluster, const Query& query) {
  return page_of("nodes", in_states(cluster.nodes(), query.words("state")), query);
}

json::object cluster_node_view(WatchedCluster& cluster, const Query& query) {
  return cluster.node(query.captured("name"));
}

json::object cluster_events_view(WatchedCluster& cluster, const Query& query) {
  auto kinds = query.words("kind");
  int least = gravity(query.choice("level").value_or("info"));
  std::string wanted = query.text("text");
  bool newest = query.choice("order").value_or("newest") == "newest";
  std::size_t limit = query.limit();
  auto after = query.whole("after");
  auto lines = LineReader(cluster.home() + "/logs/head.jsonl").tail(log_lines, log_bytes);
  if (newest) std::reverse(lines.begin(), lines.end());
  json::array rows;
  json::value next;
  for (const FileLine& line : lines) {
    if (after && (newest ? line.begin >= *after : line.begin <= *after)) continue;
    if (!chosen(kinds, "log") || !query.text("actor").empty()) break;
    auto event = event_of(line);
    if (!event || gravity(text(*event, "level")) < least) continue;
    if (line.text.find(wanted) == std::string::npos &&
        text(*event, "text").find(wanted) == std::string::npos)
      continue;
    if (rows.size() == limit) {
      next = rows.back().as_object().at("id");
      break;
    }
    rows.push_back(std::move(*event));
  }
  return {{"events", std::move(rows)}, {"next", std::move(next)}};
}

json::object stop_job(WatchedCluster& cluster, const Query& query) {
  json::object request{{"id", cluster.job(query.captured("job")).at("id")}};
  if (auto deadline = query.number("deadline")) request["patience_s"] = *deadline;
  return in_shape(cluster.ask("stop", request), "ClusterJob");
}

json::object drain_node(WatchedCluster& cluster, const Query& query) {
  json::object request{{"node", query.captured("name")}, {"draining", !query.flag("undo")}};
  return in_shape(cluster.ask("drain", request), "ClusterNode");
}

Submission parse_submission(const std::string& body) {
  json::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object())
    throw Error(Errc::bad_input, "a submission is a JSON object with the job graph as `graph`");
  Submission submission;
  const json::object& given = value.get_object();
  for (const auto& [name, member] : given)
    if (name != "graph" && name != "folder" && name != "set" && name != "priority")
      throw Error(Errc::bad_input,
          unknown_name("member", std::string(name), {"graph", "folder", "set", "priority"}));
  if (!given.contains("graph")) throw Error(Errc::bad_input, "graph is missing: the job graph");
  submission.graph = string_in(given, "graph");
  if (given.contains("folder")) {
    submission.folder = string_in(given, "folder");
    if (!submission.folder.starts_with('/') || submission.folder.size() > file_name_most ||
        submission.folder.find('\0') != std::string::npos)
      throw Error(Errc::bad_input, "folder is no absolute name");
  }
  if (given.contains("set")) {
    const auto* set = given.at("set").if_array();
    if (set == nullptr) throw Error(Errc::bad_input, "set is no list");
    for (const auto& each : *set) {
      if (!each.is_string()) throw Error(Errc::bad_input, "set has what is no string");
      submission.set.emplace_back(each.get_string());
    }
  }
  if (given.contains("priority")) {
    const auto* priority = given.at("priority").if_int64();
    if (priority == nullptr || *priority < -1'000'000 || *priority > 1'000'000)
      throw Error(Errc::bad_input, "priority is no whole number from -1000000 to 1000000");
    submission.priority = static_cast<std::int32_t>(*priority);
  }
  return submission;
}

}  // namespace tramontane
