#include "actors/report/run_rollouts.h"

#include "actors/ledger/ledger.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/report/rollout_sample.h"
#include "actors/report/run_tokenizer.h"
#include "actors/view/fields.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <algorithm>
#include <memory>

namespace tramontane {

namespace {

void add_note(boost::json::object& page, const std::string& text) {
  std::string before;
  if (const auto* note = page.if_contains("note")) before = std::string(note->as_string()) + " ";
  page["note"] = boost::json::string(valid_utf8(before + text));
}

// The newest rollouts without a verdict, which batches leave out: a reader wants to know why. The
// ledger has the prompts of groups that were trained only.
void add_without_verdict(const LedgerReader& ledger, std::vector<SampledRollout>& sample) {
  constexpr std::uint64_t most = 16;
  if (ledger.rollouts_no_verdict() == 0) return;
  auto unjudged = [](const RolloutSummary& rollout) {
    return rollout.step && !rollout.no_verdict.empty();
  };
  for (const auto& summary : ledger.list(most, unjudged)) {
    auto judged = ledger.rollout(summary.id);
    if (!judged) continue;
    auto same_group = std::find_if(sample.begin(), sample.end(),
        [&](const auto& other) { return other.judged.rollout.group == summary.group; });
    Prompt prompt = same_group == sample.end() ? Prompt{} : same_group->prompt;
    sample.push_back({*summary.step, std::move(prompt), std::move(*judged)});
  }
}

}  // namespace

boost::json::object run_rollouts(
    const std::string& run_folder, const std::vector<std::uint64_t>& steps) {
  boost::json::object page;
  SampleBounds bounds;
  std::vector<SampledRollout> sample;
  std::uint64_t damaged = 0;
  std::uint64_t resumed = 0;
  try {
    if (!system_files()->exists(run_folder + "/ledger")) {
      add_note(page, "The run directory has no ledger, so there are no rollouts to show.");
      return page;
    }
    LedgerReader ledger(run_folder + "/ledger");
    auto batch = [&](std::uint64_t step) -> std::optional<Batch> {
      try {
        return ledger.batch(step);
      } catch (const Error&) {
        ++damaged;
        return std::nullopt;
      }
    };
    sample = sample_rollouts(steps, batch, bounds);
    add_without_verdict(ledger, sample);
    resumed = ledger.rollouts_resumed();
  } catch (const Error& e) {
    add_note(page, "The ledger could not be read: " + e.text());
    return page;
  }
  auto tokenizer = find_tokenizer(run_folder);
  TokenText text;
  if (tokenizer) text = [&](Token token) { return tokenizer->decode_behind({token}); };
  page = rollouts_page(sample, text, bounds);
  page["resumed"] = resumed;
  if (damaged > 0)
    add_note(page, std::to_string(damaged) + " batches could not be read and are left out.");
  if (sample.empty()) add_note(page, "No batch has been trained yet, or none is kept any more.");
  if (!tokenizer && !sample.empty())
    add_note(page, "No checkpoint with a tokenizer.json is left: tokens are shown by their ids.");
  return page;
}

}  // namespace tramontane
