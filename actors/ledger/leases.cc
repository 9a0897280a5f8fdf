// Handing out work, taking it back, and verdicts.
#include "actors/ledger/state.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cmath>

namespace tramontane {

LeaseId Ledger::State::new_lease(Lease lease) {
  LeaseId id = next_lease_++;
  if (!lease.verify) ++running_;
  leases_.emplace(id, std::move(lease));
  return id;
}

void Ledger::State::hear(const std::string& holder, Micros now) {
  Writer& writer = writers_[holder];
  if (writer.heard > 0) writer.silence = std::max(writer.silence, now - writer.heard);
  writer.heard = now;
}

Micros Ledger::State::lease_of(const std::string& holder) const {
  constexpr Micros most = 3'600'000'000;
  auto writer = writers_.find(holder);
  if (writer == writers_.end()) return options.generate_lease;
  return std::max(options.generate_lease, std::min(most, 4 * writer->second.silence));
}

void Ledger::State::issue_groups(std::uint64_t wanted) {
  std::uint64_t fresh = admission().groups_to_issue(progress(), open_groups(), wanted);
  if (fresh == 0) return;
  auto next = cursor;
  next.groups_issued += fresh;
  WriteBatch batch;
  GroupId first = cursor.groups_issued;
  commit(batch, next);
  for (GroupId id = first; id < first + fresh; ++id) {
    GroupEntry group;
    group.id = id;
    group.rollouts.resize(options.group_size);
    for (std::uint32_t sample = 0; sample < options.group_size; ++sample) {
      waiting_.insert(waiting_.end(), id * options.group_size + sample);
    }
    groups_.push_back(std::move(group));
  }
}

std::vector<RolloutTask> Ledger::State::lease_tasks(
    const std::string& holder, std::uint32_t count, Micros now) {
  std::vector<RolloutTask> tasks;
  hear(holder, now);
  std::uint32_t room = options.max_running - std::min(options.max_running, running_);
  count = std::min(count, room);
  if (waiting_.size() < count) issue_groups(count - waiting_.size());
  GroupEntry* group = nullptr;
  Version oldest = 0;
  while (tasks.size() < count && !waiting_.empty()) {
    RolloutId id = *waiting_.begin();
    if (group == nullptr || group->id != group_of(id)) {
      group = find_group(group_of(id));
      oldest = oldest_version(*group);
    }
    // After a restart from an old checkpoint: nobody can write it well before the replay is there.
    if (oldest > cursor.trained) break;
    auto& entry = group->rollouts[sample_of(id)];
    RolloutTask task;
    task.prompt = prompt_of(*group);  // may throw: nothing has changed yet
    task.oldest_version = oldest;
    if (!entry.text) {
      entry.text = std::make_unique<Text>();
      auto& rollout = entry.text->rollout;
      rollout.id = id;
      rollout.group = group->id;
      rollout.sample = sample_of(id);
      rollout.seed = options.seed;
    }
    if (!entry.text->rollout.tokens.empty()) ++cursor.rollouts_resumed;
    task.rollout = entry.text->rollout;
    waiting_.erase(waiting_.begin());
    task.lease = new_lease({id, false, now, now + lease_of(holder), holder});
    entry.lease = task.lease;
    entry.stage = Stage::leased;
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::vector<LeasedRollout> Ledger::State::lease_finished(
    const std::string& holder, std::uint32_t count, Micros now) {
  std::vector<LeasedRollout> leased;
  while (leased.size() < count && !finished_.empty()) {
    RolloutId id = *finished_.begin();
    auto& group = *find_group(group_of(id));
    auto& entry = group.rollouts[sample_of(id)];
    LeasedRollout out;
    out.prompt = prompt_of(group);
    if (entry.text) {
      out.rollout = entry.text->rollout;
    } else {
      auto rollout = load_rollout(group, sample_of(id));
      if (!rollout) continue;  // damaged: it waits to be written anew
      out.rollout = std::move(*rollout);
    }
    finished_.erase(finished_.begin());
    out.lease = new_lease({id, true, now, now + options.verify_lease, holder});
    entry.lease = out.lease;
    entry.stage = Stage::judging;
    leased.push_back(std::move(out));
  }
  return leased;
}

namespace {

// Empty if the verdict is well formed.
std::string problem_of(const Verdict& verdict) {
  if (verdict.score && !verdict.no_verdict.empty()) return "it has both a score and no_verdict";
  if (!verdict.score && verdict.no_verdict.empty()) {
    return "it has neither a score nor a reason why not";
  }
  if (verdict.score && !std::isfinite(*verdict.score)) return "its score is not a finite number";
  for (const auto& component : verdict.components) {
    if (!std::isfinite(component.value)) {
      return "component '" + component.name + "' is not a finite number";
    }
  }
  return {};
}

}  // namespace

Result<void> Ledger::State::judge(LeaseId id, const Verdict& verdict) {
  auto lease = leases_.find(id);
  if (lease == leases_.end() || !lease->second.verify) {
    return refuse(Errc::stale, str("verify lease ", id,
                                   " is no longer held: it expired, or the "
                                   "rollout's group was settled"));
  }
  RolloutId rollout = lease->second.rollout;
  if (auto problem = problem_of(verdict); !problem.empty()) {
    return refuse(Errc::bad_input, str("verdict of rollout ", rollout, ": ", problem));
  }
  auto& group = *find_group(group_of(rollout));
  auto& entry = group.rollouts[sample_of(rollout)];
  TRAM_CHECK(
      entry.stage == Stage::judging, "a verify lease on a rollout not being judged", rollout);
  auto key = ledger_key::verdict(group.id, sample_of(rollout));
  WriteBatch batch;
  batch.put(key, encode_verdict(key, verdict));
  std::uint64_t bytes = key.size() + batch.changes[0].value->size();
  auto next = cursor;
  if (!verdict.score) ++next.rollouts_no_verdict;
  commit(batch, next);
  leases_.erase(lease);
  entry.lease = 0;
  entry.stage = Stage::judged;
  entry.score = verdict.score;
  entry.correct = verdict.correct;
  keep_text(entry, bytes, verdict);
  ++group.judged;
  return {};
}

void Ledger::State::give_back(const std::vector<LeaseId>& ids) {
  WriteBatch batch;
  auto next = cursor;
  std::vector<RolloutId> given_up;
  for (LeaseId id : ids) {
    const auto& lease = leases_.at(id);
    if (!lease.verify) continue;
    auto& entry = *find(lease.rollout);
    if (entry.lost_verify_leases + 1 < options.verify_attempts) continue;
    Verdict verdict;
    verdict.no_verdict = str("verifier lost it ", options.verify_attempts, " times");
    auto key = ledger_key::verdict(group_of(lease.rollout), sample_of(lease.rollout));
    batch.put(key, encode_verdict(key, verdict));
    ++next.rollouts_no_verdict;
    given_up.push_back(lease.rollout);
  }
  if (!batch.empty()) commit(batch, next);
  for (LeaseId id : ids) {
    const auto& lease = leases_.at(id);
    auto& entry = *find(lease.rollout);
    entry.lease = 0;
    if (lease.verify) {
      ++entry.lost_verify_leases;
      entry.stage = Stage::finished;
      finished_.insert(lease.rollout);
    } else {
      entry.stage = Stage::waiting;
      if (entry.text->rollout.tokens.empty()) entry.text.reset();
      waiting_.insert(lease.rollout);
      --running_;
    }
    leases_.erase(id);
  }
  for (std::size_t i = 0; i < given_up.size(); ++i) {
    auto& group = *find_group(group_of(given_up[i]));
    auto& entry = group.rollouts[sample_of(given_up[i])];
    finished_.erase(given_up[i]);
    drop_text(entry);
    entry.stage = Stage::judged;
    entry.bytes += batch.changes[i].key.size() + batch.changes[i].value->size();
    ++group.judged;
  }
}

}  // namespace tramontane
