#include "actors/report/run_story.h"

#include "actors/view/draw.h"
#include "actors/view/fields.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <fstream>
#include <map>
#include <set>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::size_t steps_shown = 1200;
constexpr std::size_t swaps_shown = 2400;
constexpr std::size_t rows_shown = 200;  // of a table
constexpr std::size_t lags_shown = 12;

constexpr std::array<const char*, 7> warm_columns = {
    "seconds", "loss", "gradient_norm", "learning_rate", "tokens", "train_seconds", "skipped"};
constexpr std::array<const char*, 33> step_columns = {"seconds", "version", "loss", "gradient_norm",
    "learning_rate", "skipped", "tokens", "train_seconds", "score", "correct", "correct_average",
    "tokens_mean", "truncated_share", "thinking_share", "rollouts", "groups_kept",
    "groups_without_contrast", "rollouts_stale", "rollouts_no_verdict", "entropy", "clip_low_share",
    "clip_high_share", "ratio_max", "effective_sample_size", "mismatch_kl", "log_prob_gap_max",
    "log_prob_gap_tokens", "lag_max", "spanning_rollouts", "tokens_per_second", "generator_busy",
    "trainer_busy", "wait_seconds"};
constexpr std::array<const char*, 5> swap_columns = {
    "seconds", "version", "stall_us", "verify_us", "prepare_us"};

// Six significant digits: more than a curve shows, half the bytes. Null if not finite.
json::value brief(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  double unit = std::pow(10.0, 5 - std::floor(std::log10(std::abs(value))));
  if (!std::isfinite(unit) || unit == 0) return value;
  return std::round(value * unit) / unit;
}

double figure(const RunEvent& event, const char* key) {
  double value = number(event, key);
  if (std::isfinite(value)) return value;
  return event.contains(key) && flag(event, key) ? 1 : value;
}

// At most `limit` of `size` places, evenly spread, the first and the last among them.
std::vector<std::size_t> spread(std::size_t size, std::size_t limit) {
  std::vector<std::size_t> out;
  if (size <= limit) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(i);
    return out;
  }
  for (std::size_t i = 0; i < limit; ++i) out.push_back(i * (size - 1) / (limit - 1));
  return out;
}

struct Row {
  double at = 0;  // steps of this kind, counted over stages
  double stage = 0;
  std::vector<double> figures;
  std::vector<double> lags;
};

struct SwapRow {
  std::size_t generator = 0;
  std::array<double, swap_columns.size()> figures{};
};

double quantile(std::vector<double> values, double share) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return !(v >= 0); }),
      values.end());
  if (values.empty()) return std::nan("");
  auto at = static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

class Reader {
 public:
  void read(const std::string& folder) {
    if (!read_lines(folder, "metrics.jsonl"))
      note("metrics.jsonl is not there: the page has no figures.");
    else if (told_ == 0)
      note("metrics.jsonl holds no event yet.");
    read_lines(folder, "exits.jsonl");
  }

  RunStory story() {
    RunStory out;
    json::object& page = out.page;
    page["run"] = run_.empty() ? json::value() : json::value(run_);
    page["resumed"] = std::move(resumed_);
    page["stages"] = stages();
    page["warm"] = columns(warm_, warm_columns.data(), warm_columns.size());
    page["steps"] = columns(steps_, step_columns.data(), step_columns.size());
    page["totals"] = json::object{{"rollouts", brief(total("rollouts"))},
        {"spanning_rollouts", brief(total("spanning_rollouts"))}};
    page["evaluations"] = std::move(evaluations_);
    add_swaps(page);
    page["swaps_failed"] = table(swaps_failed_);
    page["checkpoints"] = table(checkpoints_);
    page["exits"] = table(exits_);
    page["alarms"] = table(alarms_);
    page["summary"] = summary_.empty() ? json::value() : json::value(summary_);
    page["notes"] = std::move(notes_);
    out.batches.assign(batches_.begin(), batches_.end());
    return out;
  }

 private:
  using Rows = std::map<std::pair<double, double>, Row>;  // by stage and step
  using Table = std::deque<json::value>;

  bool read_lines(const std::string& folder, const std::string& name) {
    std::ifstream in(folder + "/" + name, std::ios::binary);
    if (!in) return false;
    std::uint64_t bad = 0;
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      json::error_code error;
      json::value value = json::parse(line, error, {}, options);
      if (!error && value.is_object()) {
        take(value.get_object());
        ++told_;
      } else if (!in.eof()) {  // the last line may just be being written
        ++bad;
      }
    }
    if (bad > 0) note(std::to_string(bad) + " lines of " + name + " could not be read.");
    return true;
  }

  void note(const std::string& text) { notes_.emplace_back(json::string(text)); }

  void take(const RunEvent& event) {
    std::string what = text(event, "event");
    if (what == "run") {
      if (!run_.empty() || std::isfinite(number(event, "resumed_from")))
        resumed_.push_back({{"seconds", brief(number(event, "seconds"))},
            {"resumed_from", brief(number(event, "resumed_from"))},
            {"started", json::string(text(event, "started"))}});
      run_ = event;
      summary_.clear();
    } else if (what == "stage") {
      stage_of_[number(event, "stage")] = event;
    } else if (what == "step") {
      take_step(event);
    } else if (what == "swap") {
      take_swap(event);
    } else if (what == "evaluation") {
      take_evaluation(event);
    } else if (what == "summary") {
      summary_ = event;
    } else if (what == "swap_failed") {
      keep(swaps_failed_, event);
    } else if (what == "checkpoint") {
      keep(checkpoints_, event);
    } else if (what == "exit") {
      std::string which = text(event, "actor") + "#" + fixed(number(event, "incarnation"), 0);
      if (exits_told_.insert(which + text(event, "cause") + text(event, "text")).second)
        keep(exits_, event);
    } else if (what == "alarm") {
      keep(alarms_, event);
    } else if (what == "alarm_over") {
      end_alarm(event);
    }
  }

  static void keep(Table& rows, const RunEvent& event) {
    rows.push_back(event);
    if (rows.size() > rows_shown) rows.pop_front();
  }

  // The last of its rule and actor lasted so long.
  void end_alarm(const RunEvent& over) {
    for (auto row = alarms_.rbegin(); row != alarms_.rend(); ++row) {
      auto& alarm = row->get_object();
      if (text(alarm, "rule") != text(over, "rule") || text(alarm, "actor") != text(over, "actor"))
        continue;
      alarm["lasted_seconds"] = brief(number(over, "lasted_seconds"));
      return;
    }
  }

  static json::array table(const Table& rows) { return json::array(rows.begin(), rows.end()); }

  void take_step(const RunEvent& event) {
    double stage = number(event, "stage");
    double step = number(event, "step");
    if (!std::isfinite(step)) return;
    if (!std::isfinite(stage)) stage = 0;
    bool reinforce = text(event, "kind") == "reinforce";
    Row row;
    row.stage = stage;
    row.at = step;
    if (reinforce) {
      for (const char* key : step_columns) row.figures.push_back(figure(event, key));
      if (const auto* lags = list(event, "lag_histogram"))
        for (const auto& tokens : *lags) {
          if (row.lags.size() < lags_shown)
            row.lags.push_back(number(tokens));
          else
            row.lags.back() += number(tokens);
        }
      double version = number(event, "version");
      double batch = std::isfinite(version) ? version - 1 : step - 1;
      if (batch >= 0 && batch < 1e15) batches_.insert(static_cast<std::uint64_t>(batch));
    } else {
      for (const char* key : warm_columns) row.figures.push_back(figure(event, key));
    }
    (reinforce ? steps_ : warm_)[{stage, step}] = std::move(row);
  }

  void take_swap(const RunEvent& event) {
    std::string name = text(event, "generator", "generator");
    auto at = std::find(generators_.begin(), generators_.end(), name);
    if (at == generators_.end() && generators_.size() < rows_shown)
      at = generators_.insert(at, name);
    if (at == generators_.end()) return;
    SwapRow row;
    row.generator = static_cast<std::size_t>(at - generators_.begin());
    for (std::size_t i = 0; i < swap_columns.size(); ++i)
      row.figures[i] = number(event, swap_columns[i]);
    swaps_.push_back(row);
  }

  // Of all reinforcement steps, thinned out or not; NaN if none says.
  double total(std::string_view name) const {
    std::size_t column = 0;
    while (step_columns[column] != name) ++column;
    double sum = std::nan("");
    for (const auto& [key, row] : steps_)
      if (double value = row.figures[column]; std::isfinite(value))
        sum = std::isfinite(sum) ? sum + value : value;
    return sum;
  }

  // Examples are kept where the page shows them: before, and of the last one after that.
  void take_evaluation(const RunEvent& event) {
    if (evaluations_.size() >= 5 * rows_shown) return;
    json::object row = event;
    std::string label = text(event, "label");
    if (label != "before" && label != "forced_thinking") {
      for (auto& earlier : evaluations_)
        if (auto& members = earlier.as_object(); text(members, "label") == "during")
          members.erase("examples");
    }
    if (auto* examples = row.if_contains("examples"); examples && examples->is_array())
      if (auto& items = examples->get_array(); items.size() > 24) items.resize(24);
    evaluations_.push_back(std::move(row));
  }

  json::array stages() const {
    if (const auto* told = list(run_, "stages")) return *told;
    json::array out;
    for (const auto& [index, event] : stage_of_)
      out.push_back(
          {{"kind", json::string(text(event, "kind"))}, {"steps", brief(number(event, "steps"))}});
    return out;
  }

  // {"at": […], "stage": […], NAME: […], …, "lags": [[…], …]}. Stages of the same kind follow each
  // other on one axis.
  static json::object columns(const Rows& rows, const char* const* names, std::size_t count) {
    std::vector<const Row*> shown;
    std::map<double, double> offset;
    double sum = 0;
    for (const auto& [key, row] : rows) {
      offset.try_emplace(row.stage, sum);
      sum = std::max(sum, offset[row.stage] + row.at);
    }
    for (const auto& [key, row] : rows) shown.push_back(&row);
    auto places = spread(shown.size(), steps_shown);
    json::object out;
    auto column = [&](const char* name, auto figure_of) {
      json::array values;
      values.reserve(places.size());
      for (std::size_t place : places) values.push_back(figure_of(*shown[place]));
      out[name] = std::move(values);
    };
    column("at", [&](const Row& row) { return brief(offset[row.stage] + row.at); });
    column("stage", [](const Row& row) { return brief(row.stage); });
    for (std::size_t i = 0; i < count; ++i)
      column(names[i], [i](const Row& row) { return brief(row.figures[i]); });
    column("lags", [](const Row& row) {
      json::array lags;
      for (double tokens : row.lags) lags.push_back(brief(tokens));
      return json::value(std::move(lags));
    });
    return out;
  }

  void add_swaps(json::object& page) const {
    json::object out;
    auto places = spread(swaps_.size(), swaps_shown);
    json::array which;
    for (std::size_t place : places) which.push_back(swaps_[place].generator);
    out["generator"] = std::move(which);
    for (std::size_t i = 0; i < swap_columns.size(); ++i) {
      json::array values;
      for (std::size_t place : places) values.push_back(brief(swaps_[place].figures[i]));
      out[swap_columns[i]] = std::move(values);
    }
    out["total"] = swaps_.size();
    page["swaps"] = std::move(out);
    json::array generators;
    for (std::size_t g = 0; g < generators_.size(); ++g) {
      std::array<std::vector<double>, swap_columns.size()> of;
      for (const auto& swap : swaps_)
        if (swap.generator == g)
          for (std::size_t i = 0; i < swap_columns.size(); ++i) of[i].push_back(swap.figures[i]);
      generators.push_back({{"name", json::string(generators_[g])}, {"swaps", of[0].size()},
          {"stall_us_p50", brief(quantile(of[2], 0.5))},
          {"stall_us_p99", brief(quantile(of[2], 0.99))},
          {"stall_us_max", brief(quantile(of[2], 1))},
          {"verify_us_p50", brief(quantile(of[3], 0.5))},
          {"prepare_us_p50", brief(quantile(of[4], 0.5))}});
    }
    page["generators"] = std::move(generators);
  }

  RunEvent run_;
  RunEvent summary_;
  json::array resumed_;
  json::array evaluations_;
  json::array notes_;
  std::map<double, RunEvent> stage_of_;
  Rows warm_;
  Rows steps_;
  std::set<std::uint64_t> batches_;
  std::set<std::string> exits_told_;
  std::uint64_t told_ = 0;
  std::vector<std::string> generators_;
  std::vector<SwapRow> swaps_;
  Table swaps_failed_;
  Table checkpoints_;
  Table exits_;
  Table alarms_;
};

}  // namespace

RunStory read_story(const std::string& run_folder) {
  Reader reader;
  reader.read(run_folder);
  return reader.story();
}

}  // namespace tramontane
