#include "actors/dashboard/watched_cluster.h"

#include "actors/dashboard/api.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Duration asked_every = 500ms;
constexpr int share_of_asking = 10;    // of that many parts of the time, one
constexpr Duration asked_again = 2s;   // where the head was not reached
constexpr std::size_t runs_most = 32;  // that are kept at hand

json::array rows_of(const json::object& answer, const char* name, std::string_view shape) {
  json::array rows;
  for (const auto& row : answer.at(name).as_array())
    rows.push_back(in_shape(row.as_object(), shape));
  return rows;
}

std::string settled_text(const json::array& rows) {
  json::array kept = rows;
  for (auto& row : kept)
    for (const char* growing : {"since", "submitted"}) row.as_object().erase(growing);
  return json_text(json::value(std::move(kept)));
}

void take(json::array& known, std::string& known_text, std::uint64_t& version, json::array told) {
  std::string text = settled_text(told);
  known = std::move(told);
  if (version != 0 && text == known_text) return;
  known_text = std::move(text);
  ++version;
}

std::string id_of(const json::object& job) {
  return json_text(job.at("id"));
}

}  // namespace

json::object in_shape(const json::object& from, std::string_view shape) {
  static const std::vector<ApiShape> shapes = api_shapes();
  auto found = std::find_if(
      shapes.begin(), shapes.end(), [&](const auto& one) { return one.name == shape; });
  TRAM_CHECK(found != shapes.end(), "a shape that the table has not", shape);
  json::object out;
  for (const auto& field : found->fields)
    out[field.name] = from.contains(field.name) ? from.at(field.name) : json::value();
  return out;
}

WatchedCluster::WatchedCluster(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  TRAM_CHECK(options_.ask != nullptr, "a cluster whose head nobody can ask");
}

void WatchedCluster::refresh() {
  Time began = clock_.now();
  if (began >= next_) {
    try {
      json::object jobs = options_.ask("jobs", {});
      json::object nodes = options_.ask("nodes", {});
      take(jobs_, jobs_text_, jobs_version_, rows_of(jobs, "jobs", "ClusterJob"));
      take(nodes_, nodes_text_, nodes_version_, rows_of(nodes, "nodes", "ClusterNode"));
      unreached_.clear();
    } catch (const std::exception& error) {
      const auto* known = dynamic_cast<const Error*>(&error);
      unreached_ = known != nullptr ? known->text() : error.what();
    }
    Time now = clock_.now();
    next_ = after(now,
        unreached_.empty() ? std::max(asked_every, (now - began) * share_of_asking) : asked_again);
  }
  if (!unreached_.empty()) throw Error(Errc::closed, str("the head does not answer: ", unreached_));
}

bool WatchedCluster::refreshed() noexcept {
  try {
    refresh();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

const json::object& WatchedCluster::job(std::string_view id) const {
  for (const auto& job : jobs_)
    if (id_of(job.as_object()) == id) return job.as_object();
  throw Error(Errc::not_found, str("there is no job '", id, "' here"));
}

const json::object& WatchedCluster::node(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& node : nodes_) {
    names.push_back(text(node.as_object(), "name"));
    if (names.back() == name) return node.as_object();
  }
  throw Error(Errc::not_found, unknown_name("node", std::string(name), names));
}

json::object WatchedCluster::ask(const std::string& what, const json::object& request) {
  next_ = {};
  return options_.ask(what, request);
}

std::shared_ptr<WatchedRun> WatchedCluster::run(const std::string& id) {
  std::string folder = text(job(id), "run");
  auto known =
      std::find_if(runs_.begin(), runs_.end(), [&](const auto& one) { return one.first == id; });
  if (known == runs_.end()) {
    std::shared_ptr<WatchedRun> run;
    try {
      run = std::make_shared<WatchedRun>(folder, clock_);
    } catch (const Error& error) {
      if (error.errc() != Errc::not_found) throw;
      throw Error(Errc::not_found, str("nothing of job ", id, " has begun: ", folder,
                                       " is not there yet, or not on the head's host"));
    }
    known = runs_.emplace(runs_.begin(), id, std::move(run));
  }
  runs_.splice(runs_.begin(), runs_, known);
  if (runs_.size() > runs_most) runs_.pop_back();
  return runs_.front().second;
}

}  // namespace tramontane
