// What an audit of a rollout saw of each of its tokens, from the run's audits.jsonl
// (actors/run/audits_file.h).
#include "actors/dashboard/line_reader.h"
#include "actors/dashboard/views.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::uint64_t piece_bytes = 1 << 20;
constexpr std::size_t tokens_most = 100'000;

// Numbers, or null where it is none; of what is no list, none.
json::array numbers(const json::object& line, const char* key) {
  json::array out;
  const auto* found = list(line, key);
  for (std::size_t i = 0; found != nullptr && i < std::min(found->size(), tokens_most); ++i)
    out.push_back((*found)[i].is_number() ? (*found)[i] : json::value());
  return out;
}

// The newest line of the file that is of the rollout.
std::optional<json::object> newest_in(const std::string& path, const std::string& begins) {
  LineReader lines(path);
  for (std::uint64_t end = lines.size(); end > 0;) {
    std::uint64_t begin = end - std::min(end, piece_bytes);
    std::optional<std::string> found;
    for (const FileLine& line : lines.read(begin, end - begin))
      if (line.text.starts_with(begins)) found = line.text;
    json::error_code error;
    json::value value = found ? json::parse(*found, error) : json::value();
    if (!error && value.is_object()) return value.get_object();
    end = begin;
  }
  return std::nullopt;
}

}  // namespace

boost::json::value audit_view(const std::string& folder, std::uint64_t rollout) {
  std::string begins = str("{\"event\":\"audit\",\"rollout\":", rollout, ",");
  for (const char* file : {"/audits.jsonl", "/audits.old.jsonl"})
    if (auto line = newest_in(folder + file, begins))
      return json::object{{"step", static_cast<std::int64_t>(std::max(0.0, number(*line, "step")))},
          {"gaps", numbers(*line, "gaps")}, {"ratios", numbers(*line, "ratios")},
          {"entropy", numbers(*line, "entropy")},
          {"fates", json::string(valid_utf8(text(*line, "fates")))}};
  return nullptr;
}

}  // namespace tramontane
