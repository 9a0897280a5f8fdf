#include "actors/dashboard/rollout_json.h"

#include "runtime/base/json_text.h"

#include <boost/json/array.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

json::string clean(std::string_view text) {
  return json::string(valid_utf8(text));
}

}  // namespace

const char* name(Finish finish) noexcept {
  switch (finish) {
    case Finish::running:
      return "running";
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
  }
  return "running";
}

std::string hex_digits(std::uint64_t value) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value));
  return digits.data();
}

json::object rollout_row(const RolloutSummary& summary) {
  json::object row{{"id", summary.id}, {"group", summary.group}, {"sample", summary.sample},
      {"state", summary.state}, {"step", nullptr}, {"tokens", summary.tokens},
      {"oldest", summary.oldest}, {"newest", summary.newest}, {"finish", name(summary.finish)},
      {"score", nullptr}, {"no_verdict", clean(summary.no_verdict)}};
  if (summary.step) row["step"] = *summary.step;
  if (summary.score && std::isfinite(*summary.score)) row["score"] = *summary.score;
  return row;
}

void add_rollout(json::object& row, const JudgedRollout& judged) {
  json::array tokens;
  json::array log_probs;
  json::array spans;
  json::array components;
  for (Token token : judged.rollout.tokens) tokens.push_back(token);
  for (float value : judged.rollout.log_probs)
    log_probs.push_back(
        std::isfinite(value) ? json::value(static_cast<double>(value)) : json::value());
  for (const Span& span : judged.rollout.spans)
    spans.push_back({{"begin", span.begin}, {"end", span.end}, {"version", span.version},
        {"fingerprint", hex_digits(span.fingerprint)}, {"fresh_cache", span.fresh_cache}});
  for (const auto& part : judged.verdict.components)
    components.push_back({{"name", clean(part.name)},
        {"value", std::isfinite(part.value) ? json::value(part.value) : json::value()},
        {"evidence", clean(part.evidence)}});
  row["correct"] = judged.verdict.correct;
  row["token_ids"] = std::move(tokens);
  row["log_probs"] = std::move(log_probs);
  row["spans"] = std::move(spans);
  row["components"] = std::move(components);
}

}  // namespace tramontane
