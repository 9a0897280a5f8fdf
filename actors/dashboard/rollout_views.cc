// Rollouts and batches, from the ledger.
#include "actors/dashboard/rollout_json.h"
#include "actors/dashboard/views.h"
#include "actors/ledger/ledger.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t groups_shown = 1000;
constexpr Duration one_look = 1s;  // at rollouts for one page, while others wait

json::string clean(std::string_view text) {
  return json::string(valid_utf8(text));
}

json::value or_null(double value) {
  return std::isfinite(value) ? json::value(value) : json::value();
}

const LedgerReader& ledger_of(WatchedRun& run) {
  const LedgerReader* ledger = run.ledger().reader();
  if (ledger == nullptr) throw Error(Errc::not_found, run.ledger().problem());
  return *ledger;
}

// What a query wants of rollouts, cheap tests first.
class RolloutFilter {
 public:
  explicit RolloutFilter(const Query& query)
      : step_(query.whole("step")),
        group_(query.whole("group")),
        version_(query.whole("version")),
        least_tokens_(query.whole("min_tokens").value_or(0)),
        most_tokens_(query.whole("max_tokens").value_or(std::numeric_limits<std::uint64_t>::max())),
        least_score_(query.number("min_score")),
        most_score_(query.number("max_score")),
        state_(query.text("state")),
        finish_(query.choice("finish")),
        spanning_(query.flag("spanning")),
        unjudged_(query.has("no_verdict")),
        reason_(query.text("no_verdict")),
        component_(query.text("component")),
        text_(query.text("text")) {}

  const std::optional<std::uint64_t>& step() const { return step_; }

  const std::optional<std::uint64_t>& group() const { return group_; }

  bool wants(const RolloutSummary& row) const {
    if (step_ && row.step != step_) return false;
    if (group_ && row.group != *group_) return false;
    if (version_ && (row.tokens == 0 || *version_ < row.oldest || *version_ > row.newest))
      return false;
    if (row.tokens < least_tokens_ || row.tokens > most_tokens_) return false;
    if (least_score_ && (!row.score || *row.score < *least_score_)) return false;
    if (most_score_ && (!row.score || *row.score > *most_score_)) return false;
    if (!row.state.starts_with(state_) || (finish_ && *finish_ != name(row.finish))) return false;
    if (spanning_ && row.oldest == row.newest) return false;
    return !unjudged_ ||
           (!row.no_verdict.empty() && row.no_verdict.find(reason_) != std::string::npos);
  }

  bool wants_whole() const { return !component_.empty() || !text_.empty(); }

  bool wants(const JudgedRollout& judged, RunLedger& ledger) const {
    bool scored = component_.empty() ||
                  std::any_of(judged.verdict.components.begin(), judged.verdict.components.end(),
                      [&](const auto& part) { return part.name == component_ && part.value > 0; });
    return scored &&
           (text_.empty() || ledger.text(judged.rollout.tokens).find(text_) != std::string::npos);
  }

 private:
  std::optional<std::uint64_t> step_, group_, version_;
  std::uint64_t least_tokens_, most_tokens_;
  std::optional<double> least_score_, most_score_;
  std::string state_;
  std::optional<std::string> finish_;
  bool spanning_, unjudged_;
  std::string reason_, component_, text_;
};

// The numbers that the rollouts wanted can have: [first, second).
std::pair<RolloutId, RolloutId> range_of(
    const LedgerReader& ledger, const RolloutFilter& filter, const Query& query) {
  std::uint64_t size = std::max<std::uint64_t>(ledger.options().group_size, 1);
  RolloutId end = query.whole("after").value_or(~RolloutId{0});
  RolloutId begin = 0;
  auto within = [&](GroupId first, GroupId last) {
    if (last > ~RolloutId{0} / size) return;
    begin = std::max(begin, first * size);
    end = std::min(end, last * size);
  };
  if (filter.group()) within(*filter.group(), *filter.group() + 1);
  if (filter.step()) {
    auto settled = ledger.settled(*filter.step());
    settled ? within(settled->first, settled->end) : within(0, 0);
  }
  return {begin, end};
}

json::array rows_of(const std::vector<RolloutSummary>& summaries) {
  json::array out;
  for (const auto& summary : summaries) out.push_back(rollout_row(summary));
  return out;
}

json::array groups_of(const Batch& batch, const LedgerReader& ledger) {
  json::array out;
  for (const auto& group : batch.groups) {
    if (out.size() == groups_shown) break;
    out.push_back({{"group", group.id}, {"prompt", clean(group.prompt.text)},
        {"answer", clean(group.prompt.answer)}, {"rollouts", rows_of(ledger.group(group.id))}});
  }
  return out;
}

}  // namespace

json::object rollouts_view(WatchedRun& run, const Query& query) {
  RolloutFilter filter(query);
  std::size_t limit = query.limit();
  json::array rows;
  json::value next;
  std::uint64_t scanned = 0;
  const LedgerReader* ledger = run.ledger().reader();
  if (ledger != nullptr) {
    auto [begin, end] = range_of(*ledger, filter, query);
    Time until = after(run.clock().now(), one_look);
    ledger->visit(end, [&, first = begin](const RolloutSummary& row) {
      if (row.id < first) return false;
      // Where there is much to look through, the page ends where its time does.
      if (rows.size() == limit || run.clock().now() >= until) {
        next = std::to_string(row.id + 1);
        return false;
      }
      ++scanned;
      if (!filter.wants(row)) return true;
      if (filter.wants_whole()) {
        auto judged = ledger->rollout(row.id);
        if (!judged || !filter.wants(*judged, run.ledger())) return true;
      }
      rows.push_back(rollout_row(row));
      return true;
    });
  }
  return {{"rollouts", std::move(rows)}, {"next", std::move(next)}, {"scanned", scanned},
      {"note", clean(run.ledger().problem())}};
}

json::object rollout_view(WatchedRun& run, const Query& query) {
  const LedgerReader& ledger = ledger_of(run);
  RolloutId id = query.captured_number("id");
  auto group = ledger.group(id / std::max<std::uint64_t>(ledger.options().group_size, 1));
  auto summary =
      std::find_if(group.begin(), group.end(), [&](const auto& row) { return row.id == id; });
  if (summary == group.end())
    throw Error(Errc::not_found, str("there is no rollout ", id, " here"));
  json::object out = rollout_row(*summary);
  JudgedRollout judged;
  if (auto found = ledger.rollout(id)) judged = std::move(*found);
  add_rollout(out, judged);
  json::array texts;
  for (const auto& text : run.ledger().texts(judged.rollout.tokens)) texts.push_back(clean(text));
  out["texts"] = std::move(texts);
  out["text"] = clean(run.ledger().text(judged.rollout.tokens));
  auto problem = run.ledger().problem_of(summary->group);
  out["prompt"] = problem.known ? json::value(clean(problem.prompt)) : json::value();
  out["answer"] = problem.known ? json::value(clean(problem.answer)) : json::value();
  out["siblings"] = rows_of(group);
  out["audit"] = audit_view(run.folder(), id);
  return out;
}

json::object batch_view(WatchedRun& run, const Query& query) {
  const LedgerReader& ledger = ledger_of(run);
  std::uint64_t step = query.captured_number("step");
  auto batch = ledger.batch(step);
  auto settled = ledger.settled(step);
  if (!batch || !settled)
    throw Error(Errc::not_found, str("there is no batch of step ", step, " here (any more)"));
  json::object out{{"step", step}, {"state", step < ledger.trained() ? "trained" : "sealed"},
      {"hash", hex_digits(batch_hash(*batch))}, {"fingerprint", nullptr},
      {"rollouts_seen", batch->rollouts_seen},
      {"groups_without_contrast", batch->groups_without_contrast},
      {"rollouts_stale", batch->rollouts_stale},
      {"rollouts_no_verdict", batch->rollouts_no_verdict},
      {"mean_score", or_null(batch->mean_score)}, {"mean_correct", or_null(batch->mean_correct)},
      {"mean_tokens", or_null(batch->mean_tokens)},
      {"truncated_share", or_null(batch->truncated_share)}, {"groups", groups_of(*batch, ledger)},
      {"event", nullptr}};
  if (auto fingerprint = ledger.recorded_fingerprint(step + 1))
    out["fingerprint"] = hex_digits(*fingerprint);
  json::array dropped;
  for (const auto& [group, reason] : settled->dropped)
    dropped.push_back({{"group", group}, {"reason", clean(reason)}});
  out["dropped"] = std::move(dropped);
  // The events count steps from 1.
  if (auto at = run.history().step_at(step + 1))
    if (auto event = run.history().read(RunFile::metrics, *at)) out["event"] = std::move(*event);
  return out;
}

}  // namespace tramontane
