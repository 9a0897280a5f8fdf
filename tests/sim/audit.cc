// What must hold when a simulated job has ended, read from its ledger by a reader of its own.
#include "actors/ledger/format.h"
#include "actors/trainer/train_batch.h"
#include "runtime/base/check.h"
#include "tests/sim/stand_in.h"
#include "tests/sim/world.h"

#include <cstring>
#include <set>

namespace tramontane {
namespace {

constexpr std::uint64_t replayed_rollouts = 6;  // whose log-probs are computed again, per batch

}  // namespace

void SimWorld::audit(const RunOutcome& outcome) {
  const ReinforcePlan& plan = *job_.reinforce;
  disk_.begin({});
  Ledger ledger(
      disk_, [this](GroupId group) { return job_.prompt_of(group); }, plan.ledger);
  if (outcome.version != plan.steps) problem(str("it ended at version ", outcome.version));
  for (const auto& [version, arena] : arenas_) {
    auto recorded = ledger.recorded_fingerprint(version);
    if (recorded && *recorded != arena->fingerprint())
      problem(str("the ledger recorded another fingerprint of version ", version));
  }
  if (arenas_.at(plan.steps)->fingerprint() != outcome.fingerprint)
    problem("the outcome names another fingerprint than the last version has");
  for (std::uint64_t step = 0; step < plan.steps; ++step) {
    auto batch = ledger.batch(step);
    if (batch)
      audit_batch(*batch);
    else
      problem(str("the batch of step ", step, " is not in the ledger"));
  }
  LedgerCounts counts = ledger.counts();
  if (counts.next_step_to_seal != plan.steps) problem("batches were sealed beyond the last step");
  audit_settled(counts.groups_issued);
  tally_.rollouts += counts.rollouts_generated;
  tally_.spanning += counts.rollouts_spanning;
  tally_.resumed += counts.rollouts_resumed;
  tally_.stale += counts.rollouts_stale;
  tally_.no_verdict += counts.rollouts_no_verdict;
  tally_.leases_expired += counts.leases_expired;
}

// Every issued rollout ended in exactly one batch, kept or counted as dropped.
void SimWorld::audit_settled(std::uint64_t groups_issued) {
  const LedgerOptions& options = job_.reinforce->ledger;
  GroupId next = 0;
  disk_.scan(ledger_key::batches(), [&](std::string_view key, std::string_view value) {
    BatchRecord record = decode_batch(key, value);
    if (record.first_group != next) problem(str("batch ", record.step, " leaves groups out"));
    std::set<GroupId> groups;
    std::uint64_t counted = 0;
    for (const auto& kept : record.kept) groups.insert(kept.id);
    for (const auto& dropped : record.dropped) groups.insert(dropped.id);
    bool once = groups.size() == record.kept.size() + record.dropped.size() &&
                groups.size() == record.end_group - record.first_group &&
                (groups.empty() || (*groups.begin() == record.first_group &&
                                       *groups.rbegin() == record.end_group - 1));
    if (!once) problem(str("batch ", record.step, " does not settle each of its groups once"));
    for (const auto& dropped : record.dropped) {
      bool stale = dropped.reason == DropReason::stale;
      if (dropped.reason == DropReason::damaged) problem("a group was damaged");
      if (stale && options.overdue == Overdue::wait)
        problem(str("group ", dropped.id, " became stale although admission waits"));
      counted += stale || options.batch_of == BatchOf::kept ? 0 : 1;
    }
    counted += record.kept.size();
    if (counted * options.group_size != options.batch)
      problem(str("batch ", record.step, " counts ", counted, " groups"));
    next = record.end_group;
    return true;
  });
  if (next != groups_issued)
    problem(str(groups_issued, " groups were issued, ", next, " of them settled"));
}

void SimWorld::audit_batch(const Batch& batch) {
  std::vector<std::uint64_t> expected;
  for (const auto& part : minibatches(*job_.reinforce, batch)) expected.push_back(hash_of(part));
  auto trained = consumed_.find(batch.step);
  bool same = expected.empty() ? trained == consumed_.end()
                               : trained != consumed_.end() && trained->second == expected;
  if (!same) problem(str("step ", batch.step, " was trained with another batch than the ledger's"));
  std::uint64_t replays = 0;
  for (bool spanning : {true, false}) {
    for (const Group& group : batch.groups) {
      for (const JudgedRollout& judged : group.rollouts) {
        if ((judged.rollout.spans.size() > 1) != spanning) continue;
        tally_.correct += judged.verdict.correct ? 1 : 0;
        if (replays++ < replayed_rollouts) audit_rollout(batch, group, judged.rollout);
      }
    }
  }
}

void SimWorld::audit_rollout(const Batch& batch, const Group& group, const Rollout& rollout) {
  std::uint32_t at = 0;
  for (const Span& span : rollout.spans) {
    if (span.begin != at) problem(str("rollout ", rollout.id, " has a gap at token ", at));
    at = span.end;
    known_span(span);
    bool fresh =
        span.version <= batch.step && span.version + job_.reinforce->ledger.max_lag >= batch.step;
    if (!fresh)
      problem(str("a token of version ", span.version, " in the batch of step ", batch.step));
  }
  if (at != rollout.tokens.size() || rollout.finish == Finish::running)
    problem(str("rollout ", rollout.id, " is in a batch, but not whole"));
  auto weights = [this](Version version) {
    auto& ready = ready_[version];
    if (!ready) ready = ReadyWeights::prepare(job_.model, arenas_.at(version));
    return ready;
  };
  auto expected = replay_log_probs(
      job_.model, group.prompt.tokens, rollout, weights, job_.generator.temperature);
  tally_.log_probs_checked += expected.size();
  bool equal =
      expected.size() == rollout.log_probs.size() &&
      std::memcmp(expected.data(), rollout.log_probs.data(), expected.size() * sizeof(float)) == 0;
  if (!equal)
    problem(str("the log-probs of rollout ", rollout.id, " are not those of its weights"));
}

}  // namespace tramontane
