#pragma once
// What a run says of itself while it goes on: one JSON object per event, the same for
// metrics.jsonl in the run directory, for `--json`, for the live view and for the report.
//
// Every event has "event" (its kind), "seconds" (since the run began, resumed time added up) and:
//
//   run         name, run (directory), seed, parameters, isa, cores, machine, started (ISO 8601),
//               resumed_from (version or null), stages [{kind, steps}], heldout, prompts, max_lag
//   stage       stage (index), kind ("warm_start" | "reinforce"), steps
//   step        stage, kind, step (done so far, from 1), steps, loss, gradient_norm, learning_rate,
//               skipped, tokens, train_seconds, eta_seconds; and for reinforce:
//               version, fingerprint, batch (hash of what was trained on), score, correct,
//               correct_average (moving, 0.8), tokens_mean, truncated_share, thinking_share,
//               rollouts, groups_kept, groups_without_contrast, rollouts_stale,
//               rollouts_no_verdict, entropy, clip_low_share, clip_high_share, masked_share,
//               optimizer_steps, ratio_max, effective_sample_size, mismatch_kl, log_prob_gap_max,
//               log_prob_gap_tokens, audited_rollouts, audited_spanning, lag_histogram [tokens of
//               lag 0, 1, …], lag_max, spanning_rollouts, tokens_per_second (generated),
//               generator_busy, trainer_busy, wait_seconds (trainer waited for its batch), queues
//               {waiting, leased, finished, judging, judged}
//   swap        generator, version, fingerprint (16 hex digits), publish_us, verify_us, prepare_us,
//               stall_us, sequences_in_flight, transport
//   swap_failed generator, version, reason
//   evaluation  label ("before", "during", "after", "forced_thinking"), stage, step, version,
//               problems, greedy, sampled, majority (null if not asked), majority_samples,
//               pass_at {"1": …, "2": …, powers of two up to the samples}, no_verdicts,
//               thinking_share, tokens_mean, by_kind {name: sampled pass@1}, examples [{prompt,
//               answer, completion, correct}]
//   checkpoint  version, folder, bytes, took_seconds, best
//   exit        actor, kind, incarnation, cause, text, holding, log [last lines]
//   alarm       text (what is wrong and what to do), e.g. a damaged checkpoint; of a rule
//               (actors/alarms/alarm_rules.h) it begins, and has: rule, actor, look (what to look
//               at)
//   alarm_over  rule, actor, text, lasted_seconds: that alarm has ended
//   written     (in spans.jsonl alone, spans_file.h) rollout, from_us, parts [{version, tokens,
//               to_us}]: of some rollouts, when they were written
//   audit       (in audits.jsonl alone, audits_file.h) rollout, step, gaps, ratios, entropy, fates:
//   of
//               an audited rollout, what the trainer saw of each token
//   dashboard   (live only, not in the file) http (its address), link (the same, to log in with,
//               once)
//   status      (live only, not in the file; about twice a second) stage, kind, step, steps, actors
//               [{name, kind, state, waiting_for, waiting_seconds, busy, mailbox, mailbox_limit,
//               pid (of those in another process)}], queues, tokens_per_second, running (sequences
//               being written), lag_max, version
//   summary     (last) heldout_before, heldout_after (the last there was), heldout_after_step (of
//               one while training went on, else null), heldout_forced_thinking, greedy_before,
//               greedy_after, steps, rollouts, swaps, swaps_while_writing (sequences were in
//               flight), sequences_spanning_a_swap, log_prob_gap_max, lag_max,
//               generator_busy, trainer_busy, swap_stall_us_p50, swap_stall_us_p99,
//               tokens_per_second, seconds, reinforce_seconds, final_version, fingerprint, run,
//               report, stopped ("finished", "interrupted", "failed"), reason, peak_memory_bytes,
//               isolation ("thread", "process"), processes (workers started, if "process"), http
//               (the address of its dashboard, if it had one), alarms (by rules: [{rule, actor,
//               text, look, times, seconds (when it began first), stands (at the end)}], 50 at
//               most)
//
// Numbers that are not finite are written as null.

#include <boost/json/object.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace tramontane {

using RunEvent = boost::json::object;

// Takes events in order, from one thread at a time.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void event(const RunEvent& event) = 0;

  // An event of the run's earlier life, before the first of this one: known, not told again.
  virtual void past(const RunEvent&) {}

  // No more events: restore the terminal, flush.
  virtual void close() {}
};

class Output;  // actors/view/output.h

// On a terminal: a live view of stage, progress, curves, shares, queues, waits. One that cannot
// place its cursor ($TERM is dumb or not set) is written plain lines.
std::unique_ptr<EventSink> terminal_view(std::shared_ptr<Output> output);
// Without one: a plain line per step, evaluation, alarm; warm-start steps are thinned out.
std::unique_ptr<EventSink> plain_view(std::shared_ptr<Output> output);
// One JSON object a line; status events are left out.
std::unique_ptr<EventSink> json_view(std::shared_ptr<Output> output);
// Hands the events to `sink` on a thread of its own, so that a reader who stops reading stops
// nobody else. While the reader is behind, up to `events_max` wait; then the oldest are left out
// and an alarm says how many. close() waits for the reader, `patience` at most.
std::unique_ptr<EventSink> in_background(std::unique_ptr<EventSink> sink,
    std::shared_ptr<Output> output, std::size_t events_max = 16384,
    std::chrono::milliseconds patience = std::chrono::minutes(10));
// Appends to RUN/metrics.jsonl; status events are left out. Cuts off a half-written last line that
// a crash left.
std::unique_ptr<EventSink> metrics_file(const std::string& run_folder);

// Writes RUN/report.html, one self-contained page, from what the run directory holds: job.yaml,
// metrics.jsonl, ledger. Works while the run goes on. Returns the page's path. `ledger` shows the
// rollouts; absent or unreadable, the page says so.
std::string write_report(const std::string& run_folder);

}  // namespace tramontane
