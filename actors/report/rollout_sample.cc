#include "actors/report/rollout_sample.h"

#include "actors/view/fields.h"
#include "runtime/base/json_text.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

namespace tramontane {

namespace {

namespace json = boost::json;

// Of one batch: rollouts in the order of preference. Spanning before not, right and wrong in turn,
// each group once before any twice.
std::vector<SampledRollout> preferred(Batch batch) {
  struct Choice {
    std::size_t round;  // how many of its group and outcome come before it
    bool spanning;
    Group* group;
    JudgedRollout* judged;
  };

  std::vector<Choice> choices;
  for (auto& group : batch.groups) {
    std::array<std::size_t, 4> seen{};
    for (auto& judged : group.rollouts) {
      bool spanning = judged.rollout.spans.size() > 1;
      std::size_t kind = (judged.verdict.correct ? 1U : 0U) + (spanning ? 2U : 0U);
      choices.push_back({seen[kind]++, spanning, &group, &judged});
    }
  }
  std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return a.spanning != b.spanning ? a.spanning : a.round < b.round;
  });
  std::vector<SampledRollout> out;
  for (const auto& choice : choices)
    out.push_back({batch.step, choice.group->prompt, std::move(*choice.judged)});
  return out;
}

std::string hex(Fingerprint fingerprint) {
  std::array<char, 17> buffer{};
  std::snprintf(
      buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(fingerprint));
  return buffer.data();
}

json::value finite(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::value text_value(std::string_view bytes) {
  return json::string(valid_utf8(bytes));
}

const char* name_of(Finish finish) {
  switch (finish) {
    case Finish::running:
      return "running";
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
  }
  return "";
}

json::object verdict_page(const Verdict& verdict) {
  json::array components;
  for (const auto& component : verdict.components)
    components.push_back({{"name", text_value(component.name)}, {"value", finite(component.value)},
        {"evidence", text_value(component.evidence)}});
  return {{"score", verdict.score ? finite(*verdict.score) : json::value(nullptr)},
      {"correct", verdict.correct}, {"no_verdict", text_value(verdict.no_verdict)},
      {"components", std::move(components)}};
}

json::object rollout_page(const SampledRollout& sampled, SampleBounds bounds) {
  const Rollout& rollout = sampled.judged.rollout;
  std::size_t shown = std::min(rollout.tokens.size(), bounds.tokens_each);
  json::array tokens;
  json::array log_probs;
  for (std::size_t i = 0; i < shown; ++i) {
    tokens.push_back(rollout.tokens[i]);
    double value =
        i < rollout.log_probs.size() ? static_cast<double>(rollout.log_probs[i]) : std::nan("");
    // -0.0 and 0.0 are the same certainty; five decimals are what the page shows.
    log_probs.push_back(finite(std::round(value * 1e5) / 1e5 + 0.0));
  }
  json::array spans;
  for (const auto& span : rollout.spans)
    spans.push_back({{"begin", span.begin}, {"end", span.end}, {"version", span.version},
        {"fingerprint", json::string(hex(span.fingerprint))}, {"fresh", span.fresh_cache}});
  json::object out = verdict_page(sampled.judged.verdict);
  out["id"] = rollout.id;
  out["group"] = rollout.group;
  out["sample"] = rollout.sample;
  out["step"] = sampled.step;
  out["prompt"] = text_value(sampled.prompt.text);
  out["answer"] = text_value(sampled.prompt.answer);
  out["finish"] = name_of(rollout.finish);
  out["length"] = rollout.tokens.size();
  out["tokens"] = std::move(tokens);
  out["log_probs"] = std::move(log_probs);
  out["spans"] = std::move(spans);
  return out;
}

}  // namespace

std::vector<SampledRollout> sample_rollouts(
    const std::vector<std::uint64_t>& steps, const BatchReader& batch, SampleBounds bounds) {
  std::vector<SampledRollout> out;
  if (steps.empty() || bounds.rollouts == 0 || bounds.steps == 0) return out;
  std::size_t read = std::min(steps.size(), bounds.steps);
  std::size_t each = std::max<std::size_t>(1, bounds.rollouts / read);
  std::size_t tokens_each_step = bounds.tokens / read;
  for (std::size_t i = 0; i < read; ++i) {
    std::size_t place = read == 1 ? 0 : i * (steps.size() - 1) / (read - 1);
    auto found = batch(steps[place]);
    if (!found) continue;
    std::size_t taken = 0;
    std::size_t tokens = 0;
    for (auto& rollout : preferred(std::move(*found))) {
      if (taken == each || out.size() == bounds.rollouts) break;
      tokens += std::min(rollout.judged.rollout.tokens.size(), bounds.tokens_each);
      if (taken > 0 && tokens > tokens_each_step) break;
      out.push_back(std::move(rollout));
      ++taken;
    }
  }
  return out;
}

json::object rollouts_page(
    const std::vector<SampledRollout>& rollouts, const TokenText& text, SampleBounds bounds) {
  std::set<Token> used;
  json::array items;
  for (const auto& sampled : rollouts) {
    const auto& tokens = sampled.judged.rollout.tokens;
    std::size_t shown = std::min(tokens.size(), bounds.tokens_each);
    used.insert(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(shown));
    items.push_back(rollout_page(sampled, bounds));
  }
  json::object vocabulary;
  for (Token token : used) {
    std::string shown = text ? text(token) : "";
    if (!shown.empty()) vocabulary[std::to_string(token)] = text_value(shown);
  }
  return {{"vocabulary", std::move(vocabulary)}, {"items", std::move(items)}};
}

}  // namespace tramontane
