#include "actors/run/actors_file.h"

#include "runtime/base/json_text.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/process_mark.h"

#include <boost/json/object.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t text_bytes = 2000;  // of any one text
constexpr int share_of_a_core = 50;

json::string text_of(const std::string& text) {
  return json::string(valid_utf8(std::string_view(text).substr(0, text_bytes)));
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::map<std::string, const GraphActor*> by_name(const Graph& graph) {
  std::map<std::string, const GraphActor*> out;
  for (const auto& actor : graph.actors) out[actor.name] = &actor;
  return out;
}

// False if the disk does not take it.
bool write_snapshot(
    const std::string& path, Micros wall, bool ended, std::size_t more, const json::array& rows) {
  ProcessMark mark = mark_of_this_process();
  json::object file{{"written", wall}, {"ended", ended}, {"pid", mark.pid},
      {"pid_started", mark.started}, {"boot", mark.boot}, {"node", text_of(host_name())},
      {"more", more}, {"actors", rows}};
  std::string draft = path + ".new";
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << json_text(file);
    if (!out.flush()) return false;
  }
  return std::rename(draft.c_str(), path.c_str()) == 0;
}

json::object wiring_of(const GraphActor* actor) {
  json::object out;
  if (actor == nullptr) return out;
  for (const auto& [port, targets] : actor->asks)
    out[port] = json::array(targets.begin(), targets.end());
  return out;
}

}  // namespace

ActorsFile::ActorsFile(Options options)
    : options_(std::move(options)),
      planned_(by_name(*options_.graph)),
      wall_offset_(options_.clock->wall() - micros(options_.clock->now())),
      thread_(start_thread("the thread that writes actors.json", [this] { serve(); })) {}

ActorsFile::~ActorsFile() {
  stop();
  write(true);
}

void ActorsFile::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ActorsFile::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    bool last = stopping_;
    lock.unlock();
    auto began = std::chrono::steady_clock::now();
    try {
      look();
    } catch (const std::exception&) {
      rows_.clear();  // no memory for it, most likely: the run comes first, and this can wait
    }
    auto took = std::chrono::steady_clock::now() - began;
    lock.lock();
    if (last) return;
    changed_.wait_for(lock, std::max<Duration>(options_.every, took * share_of_a_core),
        [this] { return stopping_; });
  }
}

void ActorsFile::look() {
  auto statuses = options_.actors();
  if (statuses.empty()) return;  // not yet, or not any more
  more_ = statuses.size() - std::min(statuses.size(), options_.actors_most);
  statuses.resize(statuses.size() - more_);
  rows_.clear();
  names_ = {{0, "outside"}};
  for (const auto& status : statuses) names_[status.id] = status.name;
  for (const auto& status : statuses) rows_.push_back(row_of(status));
  add_missing();
  std::string text = json_text(rows_);
  if (text != last_ && write(false)) last_ = std::move(text);  // else with the next change
}

void ActorsFile::add_missing() {
  std::set<std::string> told;
  for (const auto& row : rows_) {
    std::string name(row.at("name").as_string());
    if (planned_.contains(name)) known_[name] = row.as_object();
    told.insert(std::move(name));
  }
  for (const auto& actor : options_.graph->actors) {
    if (told.contains(actor.name) || rows_.size() >= options_.actors_most) continue;
    auto known = known_.find(actor.name);
    if (known == known_.end()) {
      ActorStatus status;
      status.name = actor.name;
      status.kind = actor.kind;
      status.state = ActorState::building;
      rows_.push_back(row_of(status));
      continue;
    }
    json::object row = known->second;
    row["state"] = tramontane::name(ActorState::dead);
    row["waiting_for"] = "";
    row["since"] = row["oldest_since"] = row["tokens_per_s"] = nullptr;
    row["mailbox"] = row["mailbox_bytes"] = row["senders_waiting"] = 0;
    row["busy"] = 0.0;
    rows_.push_back(std::move(row));
  }
}

// Of its count, over at least a second; negative for who writes none.
double ActorsFile::tokens_per_second(const ActorStatus& status) {
  auto note = status.notes.find("tokens");
  if (note == status.notes.end()) return -1;
  double tokens = std::strtod(note->second.c_str(), nullptr);
  Time now = options_.clock->now();
  auto [at, fresh] = rates_.try_emplace(status.name, Written{now, tokens, -1});
  Written& known = at->second;
  std::chrono::duration<double> passed = now - known.at;
  if (fresh || passed < 900ms) return known.per_second;
  double rate = std::max(0.0, tokens - known.tokens) / passed.count();
  known = {now, tokens, std::round(rate)};
  return known.per_second;
}

json::object ActorsFile::row_of(const ActorStatus& status) {
  auto found = planned_.find(status.name);
  const GraphActor* planned = found == planned_.end() ? nullptr : found->second;
  std::string worker = planned == nullptr ? "" : planned->worker_name();
  json::object row{{"name", text_of(status.name)}, {"kind", text_of(status.kind)},
      {"worker", worker.empty() ? json::value() : json::value(text_of(worker))},
      {"pid", status.pid != 0 ? status.pid : static_cast<int>(::getpid())},
      {"state", tramontane::name(status.state)}, {"waiting_for", text_of(status.waiting_for)},
      {"since", nullptr}, {"busy", std::round(status.busy_share * 100) / 100},
      {"mailbox", status.mailbox_messages}, {"mailbox_limit", status.mailbox_limit},
      {"mailbox_bytes", status.mailbox_bytes}, {"mailbox_bytes_limit", status.mailbox_bytes_limit},
      {"senders_waiting", status.senders_waiting}, {"oldest_since", nullptr},
      {"handled", status.handled}, {"last_handler", text_of(status.last_handler)},
      {"unhandled", status.unhandled}, {"failed", status.failed}, {"restarts", status.restarts},
      {"incarnation", status.incarnation}, {"tokens_per_s", nullptr}, {"asks", wiring_of(planned)}};
  if (!status.waiting_for.empty()) row["since"] = wall_of(status.waiting_since);
  // Its age is told anew every time, and is off by what that takes.
  constexpr Micros grain = 100'000;
  if (status.oldest_message > Duration::zero())
    row["oldest_since"] =
        (wall_of(options_.clock->now() - status.oldest_message) + grain / 2) / grain * grain;
  if (double rate = tokens_per_second(status); rate >= 0) row["tokens_per_s"] = rate;
  json::object senders;
  for (const auto& [id, messages] : status.senders)
    if (auto name = names_.find(id); name != names_.end())
      senders[text_of(name->second)] = messages;
  row["messages_from"] = std::move(senders);
  json::object notes;
  for (const auto& [key, value] : status.notes) notes[key] = text_of(value);
  row["notes"] = std::move(notes);
  return row;
}

bool ActorsFile::write(bool ended) const {
  return write_snapshot(options_.path, options_.clock->wall(), ended, more_, rows_);
}

void ActorsFile::announce(const std::string& path, const Clock& clock) {
  write_snapshot(path, clock.wall(), false, 0, {});
}

}  // namespace tramontane
