#include "tests/dashboard/watched_folder.h"

#include "runtime/base/json_text.h"
#include "runtime/base/process_mark.h"
#include "storage/kv_store.h"
#include "tests/support/ledger_world.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

namespace tramontane {

WatchedFolder::WatchedFolder(const char* file) : guard_({.token = std::string(64, 'a')}, clock_) {
  std::filesystem::create_directories(path() + "/checkpoints/step-000003");
  append(file, "name: made_up\n");
  append("checkpoints/step-000003/model.safetensors", "12345");
}

void WatchedFolder::append(const std::string& file, const std::string& text) const {
  std::ofstream(path() + "/" + file, std::ios::app | std::ios::binary) << text;
}

void WatchedFolder::write_metrics(const std::vector<RunEvent>& events) const {
  std::string all;
  for (const auto& event : events)
    if (event.at("event") != "status") all += json_text(event) + "\n";
  append("metrics.jsonl", all);
}

void WatchedFolder::write_exit(
    const std::string& actor, const std::string& cause, std::int64_t wall_us) const {
  append("exits.jsonl",
      json_text(RunEvent{{"event", "exit"}, {"actor", actor}, {"kind", "generator"},
          {"incarnation", 1}, {"cause", cause}, {"text", "killed by signal 9"}, {"doing", "a step"},
          {"holding", ""}, {"wall_us", wall_us}, {"log", boost::json::array{"last words"}}}) +
          "\n");
}

void WatchedFolder::write_log(
    const std::string& who, const std::string& level, const std::string& text) const {
  append("log.jsonl", json_text(RunEvent{{"time", "2026-01-01T00:00:05.000001Z"}, {"level", level},
                          {"who", who}, {"text", text}}) +
                          "\n");
}

void WatchedFolder::write_actors(Alive alive) const {
  ProcessMark mark = mark_of_this_process();
  if (alive == Alive::no) ++mark.started;
  auto actor = [&](const char* name, const char* kind, const char* state, boost::json::value worker,
                   boost::json::object notes) {
    return boost::json::object{{"name", name}, {"kind", kind}, {"worker", std::move(worker)},
        {"pid", mark.pid}, {"state", state}, {"waiting_for", "messages"},
        {"since", 1'767'225'600'000'000}, {"busy", 0.5}, {"mailbox", 3}, {"mailbox_limit", 64},
        {"mailbox_bytes", 100}, {"mailbox_bytes_limit", 1000}, {"senders_waiting", 0},
        {"oldest_since", nullptr}, {"handled", 17}, {"last_handler", "Tick"}, {"unhandled", 0},
        {"failed", 1}, {"restarts", 1}, {"incarnation", 2}, {"tokens_per_s", nullptr},
        {"asks", boost::json::object{{"ledger", boost::json::array{"ledger"}}}},
        {"messages_from", boost::json::object{{"ledger", 5}}}, {"notes", std::move(notes)}};
  };
  boost::json::array actors = {
      actor("ledger", "ledger", "idle", nullptr, {{"waiting", "5"}, {"leased", "3"}}),
      actor("generator/0", "generator", "working", nullptr, {{"version", "12"}}),
      actor("generator/1", "generator", "idle", "generator/1", {{"idle_because", "max_lag 2"}})};
  boost::json::object file{{"written", 1'767'225'601'000'000}, {"ended", false}, {"pid", mark.pid},
      {"pid_started", mark.started}, {"boot", mark.boot}, {"node", "box"}, {"more", 0},
      {"actors", std::move(actors)}};
  std::ofstream(path() + "/actors.json.new", std::ios::binary) << json_text(file);
  std::filesystem::rename(path() + "/actors.json.new", path() + "/actors.json");
}

void WatchedFolder::write_ledger() const {
  LedgerOptions options{.seed = 3, .group_size = 4, .batch = 16, .steps = 4};
  auto store = open_rocksdb(path() + "/ledger", {});
  LedgerWorld world({.options = options, .seed = 3, .faults = false});
  world.open(*store);
  REQUIRE(world.run());
  world.close();
}

Dashboard& WatchedFolder::dashboard() {
  if (!dashboard_) {
    dashboard_.emplace(Dashboard::Options{.run = path(), .version = "0.0.1"}, guard_, clock_);
    routes_ = dashboard_->routes();
  }
  return *dashboard_;
}

HttpResponse WatchedFolder::ask(const std::string& target, const std::string& method) {
  dashboard();
  return ask_route(routes_, clock_, target, method);
}

HttpResponse ask_route(const std::vector<HttpRoute>& routes, const Clock& clock,
    const std::string& target, const std::string& method, const std::string& body) {
  auto parsed = parse_target(target);
  REQUIRE(parsed);
  auto match = find_route(routes, method, *parsed);
  REQUIRE(match.route != nullptr);
  return match.route->handler({.method = method,
      .path = parsed->path,
      .query = parsed->query,
      .captured = match.captured,
      .host = "localhost:1",
      .body = body,
      .clock = &clock});
}

boost::json::object WatchedFolder::get(const std::string& target) {
  return boost::json::parse(ask(target).body).as_object();
}

}  // namespace tramontane
