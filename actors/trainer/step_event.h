#pragma once
// Turns what a step did into its "step" event (run_event.h), and audits log-probabilities.

#include "actors/job/job.h"
#include "actors/messages/run_event.h"
#include "actors/messages/types.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

// Largest difference found, and over what.
struct Audit {
  double gap_max = 0;
  std::uint64_t rollouts = 0;
  std::uint64_t spanning = 0;  // of them, with tokens of several versions
  std::uint64_t tokens = 0;
  std::string worst;  // which rollout and token, if there is a gap
  // Computed anew, by rollout: one log-probability per token.
  std::map<RolloutId, std::vector<float>> log_probs;
};

// Up to `count` rollouts of the batch, those that span several versions first.
std::set<RolloutId> choose_audited(const Batch& batch, std::uint32_t count);

// Computes the log-probabilities of these rollouts of the batch anew, each span under the weights
// of its version, and compares them bit for bit with what their generators recorded. One whose
// versions are gone is left out.
Audit audit_batch(const Job& job, const Batch& batch, const std::set<RolloutId>& chosen,
    const std::function<std::shared_ptr<const ReadyWeights>(Version)>& weights_of);

// Fields of a reinforcement step that come from its batch and report.
void describe_batch(RunEvent& event, const Job& job, const Batch& batch);
void describe_report(RunEvent& event, const StepReport& report);
void describe_audit(RunEvent& event, const Audit& audit, const StepReport& report);

// Other events of the trainer.
RunEvent stage_event(std::size_t stage, const char* kind, std::uint64_t steps);
RunEvent step_event(std::size_t stage, const char* kind, std::uint64_t step, std::uint64_t steps,
    double learning_rate);
RunEvent checkpoint_event(
    Version version, const std::string& folder, std::uint64_t bytes, double took_seconds);
RunEvent alarm_event(const std::string& text);

// The "audit" event of each audited rollout that the step saw the tokens of.
std::vector<RunEvent> audit_events(
    const Batch& batch, const Audit& audit, const StepReport& report);

// A fingerprint as 16 hexadecimal digits.
std::string hex(Fingerprint fingerprint);

// Largest lag of any token of the batch.
std::uint32_t lag_max(const Batch& batch);

}  // namespace tramontane
