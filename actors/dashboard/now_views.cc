// Jobs, actors and machines as they are now, or were last.
#include "actors/dashboard/page_of.h"
#include "actors/dashboard/views.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t lives_shown = 100;
constexpr std::size_t lines_shown = 100;
constexpr std::size_t tail_bytes = 512 << 10;

json::string clean(std::string_view text) {
  return json::string(valid_utf8(text));
}

bool chosen(const std::set<std::string>& words, const std::string& word) {
  return words.empty() || words.contains(word);
}

bool contains(const json::object& actor, const std::string& wanted) {
  if (wanted.empty()) return true;
  if (text(actor, "name").find(wanted) != std::string::npos) return true;
  if (text(actor, "waiting_for").find(wanted) != std::string::npos) return true;
  for (const auto& [key, value] : actor.at("notes").as_object())
    if (value.is_string() && std::string_view(value.get_string()).find(wanted) != std::string::npos)
      return true;
  return false;
}

// Exits of the actor, newest first.
json::array lives_of(WatchedRun& run, const std::string& actor) {
  json::array out;
  const auto& events = run.history().events();
  for (auto at = events.rbegin(); at != events.rend() && out.size() < lives_shown; ++at) {
    if (at->file != RunFile::exits || run.history().name_of(at->actor) != actor) continue;
    if (auto event = run.history().read(at->file, at->begin))
      out.push_back(event_row(run, *at, *event));
  }
  return out;
}

// Of the newest part of the log.
json::array log_of(WatchedRun& run, const std::string& actor) {
  json::array out;
  for (const auto& line : LineReader(run.folder() + "/log.jsonl").tail(100'000, tail_bytes)) {
    if (line.text.find(actor) == std::string::npos) continue;
    json::error_code error;
    json::value value = json::parse(line.text, error);
    if (error || !value.is_object() || text(value.get_object(), "who") != actor) continue;
    out.push_back(std::move(value));
    if (out.size() > lines_shown) out.erase(out.begin());
  }
  return out;
}

json::array output_of(const WatchedRun& run, std::string worker) {
  json::array out;
  if (worker.empty()) return out;
  std::replace(worker.begin(), worker.end(), '/', '-');  // as runtime/node/process_host.h names it
  LineReader file(run.folder() + "/workers/" + worker + ".log");
  for (const auto& line : file.tail(lines_shown, tail_bytes)) out.push_back(clean(line.text));
  return out;
}

}  // namespace

json::object jobs_view(WatchedRun& run, const Query& query) {
  json::array all;
  json::object job = run.job();
  if (chosen(query.words("state"), text(job, "state"))) all.push_back(std::move(job));
  return page_of("jobs", std::move(all), query);
}

json::object job_view(WatchedRun& run, const Query& query) {
  if (query.captured("id") != run.id())
    throw Error(Errc::not_found, str("there is no job '", query.captured("id"), "' here"));
  return run.job_details();
}

json::object actors_view(WatchedRun& run, const Query& query) {
  auto kinds = query.words("kind");
  auto states = query.words("state");
  std::string worker = query.text("worker");
  json::array all;
  for (auto& actor : run.actors()) {
    const auto& row = actor.as_object();
    if (!chosen(kinds, text(row, "kind")) || !chosen(states, text(row, "state"))) continue;
    if (query.has("worker") && text(row, "worker") != worker) continue;
    if (contains(row, query.text("text"))) all.push_back(std::move(actor));
  }
  json::object out = page_of("actors", std::move(all), query);
  json::object told = run.actors_told();
  out["live"] = told.at("live");
  out["written"] = told.at("written");
  return out;
}

json::object actor_view(WatchedRun& run, const Query& query) {
  const std::string& wanted = query.captured("name");
  for (auto& actor : run.actors()) {
    json::object row = std::move(actor.as_object());
    if (text(row, "name") != wanted) continue;
    row["lives"] = lives_of(run, wanted);
    row["log"] = log_of(run, wanted);
    row["output"] = output_of(run, text(row, "worker"));
    return row;
  }
  throw Error(Errc::not_found, str("there is no actor '", wanted, "' here"));
}

json::object nodes_view(WatchedRun& run, const Query& query) {
  json::array all;
  if (run.snapshot().there()) all.push_back(run.node());
  return page_of("nodes", std::move(all), query);
}

json::object node_view(WatchedRun& run, const Query& query) {
  if (!run.snapshot().there() || query.captured("name") != run.snapshot().node())
    throw Error(Errc::not_found, str("there is no machine '", query.captured("name"), "' here"));
  return run.node();
}

}  // namespace tramontane
