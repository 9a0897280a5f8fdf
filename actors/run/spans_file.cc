#include "actors/run/spans_file.h"

#include "actors/view/fields.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t text_bytes = 300;

std::string note(const ActorStatus& actor, const char* key) {
  auto found = actor.notes.find(key);
  return found == actor.notes.end() ? "" : found->second;
}

}  // namespace

SpansFile::SpansFile(const std::string& path) : lines_(path) {
  std::error_code error;
  auto bytes = std::filesystem::file_size(path, error);
  if (!error) bytes_ = bytes;
}

Micros SpansFile::least() const {
  return shortest << (bytes_ / bytes_to_double);
}

SpansFile::Open SpansFile::open_of(const ActorStatus& actor, Time now, Micros wall) {
  Micros since = wall;
  if (!actor.waiting_for.empty()) since -= micros(now) - micros(actor.waiting_since);
  for (const char* key : {"waiting_for_batch", "idle_because"})
    if (std::string why = note(actor, key); !why.empty() && !actor.waiting_for.empty())
      return {"wait", why, since};
  if (std::string what = note(actor, "doing"); !what.empty()) return {"work", what, wall};
  if (actor.waiting_for.empty() || actor.waiting_for == "messages") return {};
  return {"wait", actor.waiting_for, since};
}

void SpansFile::look(const std::vector<ActorStatus>& actors, Time now, Micros wall) {
  std::map<std::string, Open> seen;
  for (const ActorStatus& actor : actors) {
    Open open = open_of(actor, now, wall);
    auto known = open_.find(actor.name);
    if (known == open_.end()) {
      seen[actor.name] = std::move(open);
      continue;
    }
    // A wait has its own beginning; work goes on while the actor says the same.
    bool same = known->second.kind == open.kind && known->second.what == open.what &&
                (open.kind != "wait" || known->second.from == open.from);
    if (same) open.from = known->second.from;
    if (!same) close(actor.name, known->second, open.kind == "wait" ? open.from : wall);
    seen[actor.name] = std::move(open);
  }
  for (const auto& [name, open] : open_)
    if (!seen.contains(name)) close(name, open, wall);
  open_ = std::move(seen);
}

void SpansFile::close(const std::string& actor, const Open& open, Micros to) {
  if (open.kind.empty() || to - open.from < least()) return;
  append({{"event", open.kind}, {"actor", actor},
      {"what", valid_utf8(std::string_view(open.what).substr(0, text_bytes))},
      {"from_us", open.from}, {"to_us", to}});
}

void SpansFile::written(const RunEvent& event) {
  double from = number(event, "from_us");
  if (!std::isfinite(from)) return;
  auto began = static_cast<Micros>(from);
  // As often as at first, then ever more rarely.
  if (least() > shortest && began - rollout_ < 2 * least()) return;
  rollout_ = std::max(rollout_, began);
  append(event);
}

void SpansFile::append(const RunEvent& event) {
  if (bytes_ >= bytes_most) return;
  std::string line = json_text(event);
  if (!lines_.append(line)) bytes_ += line.size() + 1;
}

}  // namespace tramontane
