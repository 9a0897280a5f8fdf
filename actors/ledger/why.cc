// The reasons for having nothing: what everybody waits for, in words.
#include "actors/ledger/state.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace tramontane {
namespace {

std::string seconds(Micros micros) {
  char text[32];
  std::snprintf(
      text, sizeof text, "%.1f s", static_cast<double>(std::max<Micros>(0, micros)) / 1e6);
  return text;
}

// "8 being written by generator/0 (oldest 1.2 s)" for each holder.
struct Held {
  std::uint64_t count = 0;
  Micros since = 0;
};

void name_holders(std::vector<std::string>& parts, const std::map<std::string, Held>& holders,
    const char* doing, Micros now) {
  for (const auto& [holder, held] : holders) {
    parts.push_back(
        str(held.count, " ", doing, " ", holder, " (oldest ", seconds(now - held.since), ")"));
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

std::string Ledger::why_no_tasks() const {
  auto& state = *state_;
  const auto& options = state.options;
  if (state.running_ >= options.max_running) {
    return str("max_running ", options.max_running, ": so many rollouts are being written");
  }
  if (!state.waiting_.empty()) {
    auto& group = *state.find_group(state.group_of(*state.waiting_.begin()));
    auto oldest = state.oldest_version(group);
    if (oldest <= state.cursor.trained) return {};
    return str("max_lag ", options.max_lag, ": what waits must be written under version ", oldest,
        " or later; trained is ", state.cursor.trained);
  }
  auto admission = state.admission();
  std::uint64_t open = state.open_groups();
  if (admission.admits(state.progress(), open)) return {};
  std::uint64_t step = admission.position(state.progress(), open) / options.batch;
  if (options.steps != 0 && step >= options.steps) {
    return str("all prompts of the last step ", options.steps - 1, " are issued");
  }
  if (admission.step_limit(state.progress()) == 0) {
    return str("max_lag ", options.max_lag, ": batches up to ", state.cursor.next_step - 1,
        " are sealed; what is written now is for later ones, once version ",
        state.cursor.next_step - options.max_lag, " is trained again; it is at ",
        state.cursor.trained);
  }
  bool waits = options.overdue == Overdue::wait;
  std::uint64_t ahead = waits ? options.max_lag : options.run_ahead;
  return str(waits ? "max_lag " : "run_ahead ", ahead, ": batch ", step,
      " may be written once version ", step - ahead, " is trained; it is at ",
      state.cursor.trained);
}

std::string Ledger::why_no_batch(std::uint64_t step, Micros now) const {
  auto& state = *state_;
  const auto& options = state.options;
  if (step < state.cursor.next_step) return {};
  if (step > state.cursor.next_step) {
    return str("batch ", state.cursor.next_step, " comes first");
  }
  using Stage = State::Stage;
  std::uint64_t counted = 0;  // completions of the batch that are there or on their way
  std::uint64_t missing = 0;
  std::uint64_t waiting = 0;
  std::uint64_t finished = 0;
  std::map<std::string, Held> writers;
  std::map<std::string, Held> verifiers;
  for (const auto& group : state.groups_) {
    if (counted >= options.batch) break;
    if (!state.may_count(group)) continue;
    counted += options.group_size;
    for (const auto& entry : group.rollouts) {
      if (entry.stage == Stage::judged) continue;
      ++missing;
      waiting += entry.stage == Stage::waiting ? 1 : 0;
      finished += entry.stage == Stage::finished ? 1 : 0;
      auto lease = state.leases_.find(entry.lease);
      if (entry.lease == 0 || lease == state.leases_.end()) continue;
      auto& held = (lease->second.verify ? verifiers : writers)[lease->second.holder];
      held.since =
          held.count == 0 ? lease->second.since : std::min(held.since, lease->second.since);
      ++held.count;
    }
  }
  std::uint64_t unissued = options.batch - std::min<std::uint64_t>(counted, options.batch);
  if (missing + unissued == 0) return {};
  std::vector<std::string> parts;
  if (unissued > 0) {
    auto why = why_no_tasks();
    parts.push_back(str(unissued, " not issued yet", why.empty() ? "" : " (" + why + ")"));
  }
  if (waiting > 0) parts.push_back(str(waiting, " wait for a generator"));
  name_holders(parts, writers, "being written by", now);
  if (finished > 0) parts.push_back(str(finished, " wait for a verdict"));
  name_holders(parts, verifiers, "being judged by", now);
  return str(missing + unissued, " of ", options.batch, " completions missing: ", joined(parts));
}

}  // namespace tramontane
