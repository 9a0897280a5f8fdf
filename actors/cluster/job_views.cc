#include "actors/cluster/job_views.h"

#include "runtime/base/check.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::int64_t bytes_most = 4 << 20;  // of a file: its end
constexpr std::size_t exits_most = 100;

std::string end_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  auto size = static_cast<std::int64_t>(file.tellg());
  std::int64_t from = std::max<std::int64_t>(size - bytes_most, 0);
  std::string text(static_cast<std::size_t>(size - from), '\0');
  file.seekg(from);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (from > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

void each_event(const std::string& path, const std::function<void(json::object&)>& see) {
  std::istringstream lines(end_of(path));
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code error;
    json::value value = json::parse(line, error);
    if (!error && value.is_object()) see(value.as_object());
  }
}

std::string text_in(const json::object& in, const char* key) {
  const json::value* value = in.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

json::value value_in(const json::object& in, const char* key, const json::value& otherwise) {
  const json::value* value = in.if_contains(key);
  return value == nullptr || value->is_null() ? otherwise : *value;
}

double seconds_since(const json::object& in, std::int64_t now_ms) {
  const json::value* since = in.if_contains("since");
  if (since == nullptr || !since->is_number()) return 0;
  double seconds = static_cast<double>(now_ms) / 1e3 - since->to_number<double>() / 1e6;
  return std::max(seconds, 0.0);
}

}  // namespace

json::array job_actors(const HeadJob& job, std::int64_t now_ms) {
  std::string content = end_of(job.run + "/actors.json");
  boost::system::error_code error;
  json::value value = json::parse(content, error);
  json::array out;
  if (error || !value.is_object()) return out;
  const json::value* actors = value.as_object().if_contains("actors");
  if (actors == nullptr || !actors->is_array()) return out;
  std::map<std::string, std::string> nodes;
  for (const SeatOfWorker& seat : job.seats) nodes[seat.worker] = seat.node;
  for (const json::value& each : actors->as_array()) {
    if (!each.is_object()) continue;
    const json::object& actor = each.as_object();
    std::string worker = text_in(actor, "worker");
    auto node = nodes.find(worker.empty() ? driver_of_job : worker);
    out.push_back(json::object{{"name", text_in(actor, "name")}, {"kind", text_in(actor, "kind")},
        {"job", job.id},
        {"node", node == nodes.end() ? json::value(nullptr) : json::value(node->second)},
        {"pid", value_in(actor, "pid", nullptr)},
        {"state", over(job.state) ? "over" : text_in(actor, "state")},
        {"waiting_for", over(job.state) ? "" : text_in(actor, "waiting_for")},
        {"since", seconds_since(actor, now_ms)}, {"busy", value_in(actor, "busy", 0)},
        {"mailbox", value_in(actor, "mailbox", 0)},
        {"mailbox_limit", value_in(actor, "mailbox_limit", 0)},
        {"restarts", value_in(actor, "restarts", 0)},
        {"tokens_per_s",
            over(job.state) ? json::value(nullptr) : value_in(actor, "tokens_per_s", nullptr)},
        {"notes", value_in(actor, "notes", json::object())}});
  }
  return out;
}

json::array job_exits(const HeadJob& job) {
  std::vector<json::object> exits;
  each_event(job.run + "/exits.jsonl", [&](json::object& event) {
    if (text_in(event, "event") == "exit") exits.push_back(std::move(event));
  });
  json::array out;
  for (std::size_t i = exits.size() - std::min(exits.size(), exits_most); i < exits.size(); ++i)
    out.push_back(std::move(exits[i]));
  return out;
}

json::array job_alarms(const HeadJob& job) {
  std::map<std::pair<std::string, std::string>, json::object> standing;
  each_event(job.run + "/metrics.jsonl", [&](json::object& event) {
    std::pair<std::string, std::string> which(text_in(event, "rule"), text_in(event, "actor"));
    if (which.first.empty()) return;
    std::string kind = text_in(event, "event");
    if (kind == "alarm_over") standing.erase(which);
    if (kind == "alarm")
      standing[which] = {{"rule", which.first}, {"actor", which.second},
          {"text", text_in(event, "text")}, {"look", text_in(event, "look")}};
  });
  json::array out;
  for (auto& [which, alarm] : standing) out.push_back(std::move(alarm));
  return out;
}

}  // namespace tramontane
