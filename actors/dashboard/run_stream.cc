#include "actors/dashboard/run_stream.h"

#include "actors/view/fields.h"
#include "runtime/base/json_text.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

enum : std::size_t { metrics, exits, log };

constexpr Duration actors_every = 1s;
constexpr Duration one_look = 50ms;  // at the lines of one watcher
constexpr Duration patience = 2s;    // with a run's files, of one look

std::array<LineReader, 3> files_of(const std::string& folder) {
  return {LineReader(folder + "/metrics.jsonl"), LineReader(folder + "/exits.jsonl"),
      LineReader(folder + "/log.jsonl")};
}

// The kind of an event, from its beginning where it is written as this program does.
std::string kind_of(const std::string& line) {
  constexpr std::string_view head = "{\"event\":\"";
  if (line.starts_with(head)) {
    auto end = line.find('"', head.size());
    if (end != std::string::npos) return line.substr(head.size(), end - head.size());
  }
  json::error_code error;
  json::value value = json::parse(line, error);
  return error || !value.is_object() ? "" : text(value.get_object(), "event");
}

// What is told of a file's line; nothing: it is left out.
std::string kind_in(std::size_t file, const std::string& line) {
  if (file == log) {
    std::string_view head = std::string_view(line).substr(0, 80);
    bool grave = head.find("\"level\":\"warning\"") != head.npos ||
                 head.find("\"level\":\"error\"") != head.npos;
    return grave ? "log" : "";
  }
  std::string kind = kind_of(line);
  return file == metrics && kind == "exit" ? "" : kind;  // exits.jsonl has those
}

}  // namespace

StreamPlace stream_end(const std::string& run_folder) {
  StreamPlace place;
  auto files = files_of(run_folder);
  for (std::size_t i = 0; i < files.size(); ++i) place.at[i] = files[i].size();
  return place;
}

RunStream::RunStream(std::shared_ptr<WatchedRun> run, StreamPlace from, std::set<std::string> kinds)
    : run_(std::move(run)),
      place_(from),
      kinds_(std::move(kinds)),
      files_(files_of(run_->folder())) {
  // A place behind the end is of another life of the file.
  StreamPlace end = stream_end(run_->folder());
  for (std::size_t i = 0; i < files_.size(); ++i) place_.at[i] = std::min(place_.at[i], end.at[i]);
}

void RunStream::add_lines(std::size_t file, std::size_t room, Time until, std::string& out) {
  while (out.size() < room) {
    auto lines = files_[file].read(place_.at[file], room - out.size());
    for (const auto& line : lines) {
      place_.at[file] = line.end;
      std::string kind = kind_in(file, line.text);
      if (kind.empty() || !wants(kind)) continue;
      out += server_sent_event(kind, place_.text(), line.text);
      if (out.size() >= room) return;
    }
    // Whoever wants little of a long file is not told it line by line, nor keeps others waiting.
    if (lines.empty() || run_->clock().now() >= until) return;
  }
}

std::string RunStream::next(std::size_t room) {
  Time now = run_->clock().now();
  run_->refresh(after(now, patience));
  std::string out;
  for (std::size_t file : {metrics, exits, log}) add_lines(file, room, after(now, one_look), out);
  if (wants("job") && job_told_ != run_->job_version()) {
    job_told_ = run_->job_version();
    out += server_sent_event("job", "", run_->job_text());
  }
  bool changed = actors_told_ != run_->actors_version();
  if (wants("actors") && changed && (!actors_told_ || now - actors_at_ >= actors_every)) {
    actors_told_ = run_->actors_version();
    actors_at_ = now;
    out += server_sent_event("actors", "", run_->actors_text());
  }
  return out;
}

}  // namespace tramontane
