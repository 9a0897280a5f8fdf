// Who waited for what and when rollouts were written, from the run's spans.jsonl
// (actors/run/spans_file.h).
#include "actors/dashboard/line_reader.h"
#include "actors/dashboard/views.h"
#include "actors/view/fields.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::uint64_t page_bytes = 256 << 10;
constexpr double largest_exact = 9e15;  // whole numbers that a reader of JSON keeps

std::optional<std::int64_t> whole(const json::object& line, const char* key) {
  double value = number(line, key);
  if (!(value >= 0) || value > largest_exact) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

json::array parts_of(const json::object& line) {
  json::array out;
  const auto* parts = list(line, "parts");
  for (std::size_t i = 0; parts != nullptr && i < parts->size() && i < 64; ++i) {
    const auto* part = (*parts)[i].if_object();
    if (part == nullptr) continue;
    auto version = whole(*part, "version");
    auto tokens = whole(*part, "tokens");
    auto to = whole(*part, "to_us");
    if (version && tokens && to)
      out.push_back({{"version", *version}, {"tokens", *tokens}, {"to_us", *to}});
  }
  return out;
}

// Nothing if the line is none.
std::optional<json::object> activity(const FileLine& line) {
  json::error_code error;
  json::value value = json::parse(line.text, error);
  const auto* event = error ? nullptr : value.if_object();
  if (event == nullptr) return std::nullopt;
  std::string kind = text(*event, "event");
  auto from = whole(*event, "from_us");
  json::object out{{"id", std::to_string(line.begin)}, {"event", kind}, {"actor", nullptr},
      {"what", nullptr}, {"rollout", nullptr}, {"parts", json::array()}};
  auto to = whole(*event, "to_us");
  if (kind == "written") {
    auto rollout = whole(*event, "rollout");
    json::array parts = parts_of(*event);
    if (!rollout || parts.empty()) return std::nullopt;
    to = parts.back().at("to_us").as_int64();
    out["rollout"] = *rollout;
    out["parts"] = std::move(parts);
  } else if (kind == "wait" || kind == "work") {
    out["actor"] = json::string(text(*event, "actor"));
    out["what"] = json::string(text(*event, "what"));
  } else {
    return std::nullopt;
  }
  if (!from || !to || *to < *from) return std::nullopt;
  out["from_us"] = *from;
  out["to_us"] = *to;
  return out;
}

}  // namespace

json::object spans_view(WatchedRun& run, const Query& query) {
  LineReader lines(run.folder() + "/spans.jsonl");
  std::uint64_t end = std::min(query.whole("after").value_or(lines.size()), lines.size());
  std::uint64_t begin = end - std::min(end, page_bytes);
  json::array rows;
  std::uint64_t first = 0;  // where the page's first line begins
  for (const FileLine& line : lines.read(begin, end - begin)) {
    if (line.end > end) break;
    if (rows.empty() && first == 0) first = line.begin;
    if (auto row = activity(line)) rows.push_back(std::move(*row));
  }
  json::value next;
  if (begin > 0) next = std::to_string(first > 0 && first < end ? first : begin);
  return {{"spans", std::move(rows)}, {"next", std::move(next)}};
}

}  // namespace tramontane
