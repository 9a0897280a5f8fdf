#include "tests/support/ledger_world.h"

#include "actors/ledger/format.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <stdexcept>

namespace tramontane {
namespace {

std::uint32_t word(std::uint64_t stream, std::uint32_t position, std::uint32_t lane) {
  return philox({99, stream, position, lane})[0];
}

}  // namespace

std::uint32_t length_of(RolloutId id) {
  return 1 + word(id, 0, 1) % 9;
}

Token token_of(RolloutId id, std::uint32_t position) {
  return static_cast<Token>(word(id, position, 2) % 1000);
}

float log_prob_of(RolloutId id, std::uint32_t position) {
  return -static_cast<float>(word(id, position, 3) % 1000) / 128.0F;
}

Verdict verdict_of(RolloutId id, std::uint32_t group_size) {
  Verdict verdict;
  bool flat = word(id / group_size, 0, 4) % 4 == 0;  // the whole group scores alike
  if (!flat && word(id, 0, 5) % 8 == 0) {
    verdict.no_verdict = "the sandbox was away";
    return verdict;
  }
  double score = flat ? 0.5 : word(id, 0, 6) % 3;
  verdict.score = score;
  verdict.correct = score > 1;
  verdict.components = {{"answer", score, "found 42"}};
  return verdict;
}

Prompt prompt_of_group(GroupId group) {
  return {group % 7, str("what is ", group, "?"), str(group), {1, static_cast<Token>(group % 50)}};
}

LedgerWorld::LedgerWorld(WorldOptions options) : world_(options), random_(options.seed) {}

LedgerWorld::~LedgerWorld() = default;

void LedgerWorld::expect(bool condition, const std::string& what) {
  if (!condition) throw std::logic_error(what);
}

void LedgerWorld::open(KvStore& store) {
  close();
  ledger_ = std::make_unique<Ledger>(store, prompt_of_group, world_.options);
  expect(damage_ || ledger_->counts().next_step_to_seal >= trained_, "a sealed batch is gone");
  ledger_->restart_from(durable_);
  trained_ = durable_;
}

void LedgerWorld::close() {
  writing_.clear();
  judging_.clear();
  ledger_.reset();
}

void LedgerWorld::lease() {
  std::string holder = str("generator/", random_.below(3));
  auto count = static_cast<std::uint32_t>(1 + random_.below(8));
  auto why = ledger_->why_no_tasks();
  auto tasks = ledger_->lease_tasks(holder, count, now_);
  expect(why.empty() != tasks.empty(), "why_no_tasks said '" + why + "'");
  for (auto& task : tasks) {
    expect(!leases_seen_[task.lease], str("lease ", task.lease, " was given out twice"));
    leases_seen_[task.lease] = true;
    expect(task.prompt == prompt_of_group(task.rollout.group), "another prompt");
    expect(task.oldest_version <= trained_, "a task that nobody can write");
    for (std::uint32_t i = 0; i < task.rollout.tokens.size(); ++i) {
      expect(task.rollout.tokens[i] == token_of(task.rollout.id, i), "half a rollout was lost");
    }
    writing_.push_back({std::move(task), holder, 0});
  }
}

void LedgerWorld::write_one(Writing& writing, bool& finished) {
  auto& rollout = writing.task.rollout;
  auto begin = static_cast<std::uint32_t>(rollout.tokens.size());
  auto end =
      std::min(length_of(rollout.id), begin + static_cast<std::uint32_t>(1 + random_.below(4)));
  // A generator may be behind the trainer by one version.
  Version behind = trained_ > 0 && random_.below(2) == 0 ? 1 : 0;
  Version version = trained_ - behind;
  if (world_.obedient) version = std::max(version, writing.task.oldest_version);
  bool fresh = writing.version == 0 || begin == 0;
  if (writing.version == version + 1) fresh = writing.task.lease % 2 == 0;
  writing.version = version + 1;
  Segment segment{writing.task.lease, rollout.id, {begin, end, version, version * 7, fresh}, {}, {},
      end == length_of(rollout.id) ? (end > 6 ? Finish::length : Finish::stop) : Finish::running};
  for (auto i = begin; i < end; ++i) {
    segment.tokens.push_back(token_of(rollout.id, i));
    segment.log_probs.push_back(log_prob_of(rollout.id, i));
  }
  auto result = ledger_->append(segment, now_);
  expect(result || world_.options.overdue == Overdue::drop || !world_.obedient,
      "refused: " + ledger_->last_refusal());
  if (!result) {
    finished = true;  // its group was given up: the generator stops
    return;
  }
  if (world_.faults && random_.below(4) == 0) {
    auto before = ledger_->counts().rollouts_generated;
    expect(ledger_->append(segment, now_).has_value(), "a repeat was refused");
    expect(ledger_->counts().rollouts_generated == before, "a repeat counted");
  }
  rollout.tokens.insert(rollout.tokens.end(), segment.tokens.begin(), segment.tokens.end());
  finished = segment.finish != Finish::running;
}

void LedgerWorld::send_nonsense(const Writing& writing) {
  auto at = static_cast<std::uint32_t>(writing.task.rollout.tokens.size());
  Segment gap{writing.task.lease, writing.task.rollout.id, {at + 1, at + 2, trained_, 0, true}, {1},
      {-1}, Finish::running};
  expect(ledger_->append(gap, now_).has_error(), "a gap was accepted");
  Segment stranger{writing.task.lease + 1'000'000, writing.task.rollout.id,
      {at, at + 1, trained_, 0, true}, {1}, {-1}, Finish::running};
  expect(ledger_->append(stranger, now_).error() == Errc::stale, "a stranger wrote");
}

void LedgerWorld::write() {
  if (writing_.empty()) return;
  auto at = static_cast<std::ptrdiff_t>(random_.below(writing_.size()));
  if (world_.short_first) {
    auto shortest = std::min_element(writing_.begin(), writing_.end(), [](auto& a, auto& b) {
      return length_of(a.task.rollout.id) < length_of(b.task.rollout.id);
    });
    at = shortest - writing_.begin();
  }
  if (world_.faults && random_.below(10) == 0)
    send_nonsense(writing_[static_cast<std::size_t>(at)]);
  bool finished = false;
  write_one(writing_[static_cast<std::size_t>(at)], finished);
  if (finished) writing_.erase(writing_.begin() + at);
}

void LedgerWorld::verify() {
  if (judging_.empty() || random_.below(2) == 0) {
    std::string holder = str("verifier/", random_.below(2));
    auto count = static_cast<std::uint32_t>(1 + random_.below(4));
    for (auto& leased : ledger_->lease_finished(holder, count, now_)) {
      expect(!leases_seen_[leased.lease], str("lease ", leased.lease, " was given out twice"));
      leases_seen_[leased.lease] = true;
      const auto& rollout = leased.rollout;
      expect(rollout.tokens.size() == length_of(rollout.id), "a finished rollout is not whole");
      for (std::uint32_t i = 0; i < rollout.tokens.size(); ++i) {
        expect(rollout.tokens[i] == token_of(rollout.id, i), "another token");
        expect(rollout.log_probs[i] == log_prob_of(rollout.id, i), "another log-prob");
      }
      judging_.push_back({std::move(leased), holder});
    }
  }
  if (judging_.empty()) return;
  auto at = random_.below(judging_.size());
  auto& leased = judging_[at].leased;
  auto result =
      ledger_->judge(leased.lease, verdict_of(leased.rollout.id, world_.options.group_size), now_);
  expect(result || world_.options.overdue == Overdue::drop || !world_.obedient,
      "refused: " + ledger_->last_refusal());
  judging_.erase(judging_.begin() + static_cast<std::ptrdiff_t>(at));
}

void LedgerWorld::check_batch(const Batch& batch) {
  auto bytes = canonical_bytes(batch);
  auto [known, fresh] = batches_.emplace(batch.step, bytes);
  std::vector<GroupId> groups;
  for (const auto& group : batch.groups) {
    expect(groups.empty() || groups.back() < group.id, "groups out of order");
    groups.push_back(group.id);
    expect(group.prompt == prompt_of_group(group.id), "another prompt");
    expect(group.rollouts.size() >= 2, "a group without two verdicts");
    for (const auto& judged : group.rollouts) {
      const auto& rollout = judged.rollout;
      expect(rollout.tokens.size() == length_of(rollout.id), "another length");
      expect(
          judged.verdict == verdict_of(rollout.id, world_.options.group_size), "another verdict");
      for (const auto& span : rollout.spans) {
        expect(span.version <= batch.step, "tokens of a version that was not there");
        expect(span.version + world_.options.max_lag >= batch.step,
            str("a token of version ", span.version, " in batch ", batch.step));
      }
    }
  }
  if (world_.options.batch_of == BatchOf::kept && !damage_) {
    expect(groups.size() * world_.options.group_size == world_.options.batch, "a smaller batch");
  }
  if (!fresh && known->second != bytes) {
    // Only a record that went bad since then explains it, and then only its group is missing.
    const auto& before = composition_[batch.step];
    expect(damage_ && groups.size() + 1 == before.size() &&
               std::includes(before.begin(), before.end(), groups.begin(), groups.end()),
        str("batch ", batch.step, " came back different"));
    known->second = bytes;
  }
  composition_[batch.step] = groups;
}

void LedgerWorld::train() {
  auto why = ledger_->why_no_batch(trained_, now_);
  auto batch = ledger_->batch(trained_);
  if (!batch) {
    expect(!why.empty() || world_.options.overdue == Overdue::drop || !world_.obedient || damage_,
        "no batch and no reason");
    return;
  }
  check_batch(*batch);
  if (random_.below(4) == 0) check_batch(*ledger_->batch(trained_));
  // The new weights follow from the batch alone.
  Fingerprint fingerprint = std::hash<std::string>()(canonical_bytes(*batch));
  expect(ledger_->trained(trained_, fingerprint).has_value(), ledger_->last_refusal());
  expect(ledger_->trained(trained_, fingerprint + 1).error() == Errc::corrupt, "two fingerprints");
  ++trained_;
  if (trained_ % world_.checkpoint_every == 0 || trained_ == world_.options.steps) {
    durable_ = trained_;  // the trainer's files come first
    ledger_->checkpointed(trained_);
  }
}

void LedgerWorld::disturb() {
  switch (random_.below(4)) {
    case 0: {
      // Generators die oftener than verifiers lose a rollout for good.
      std::string holder = str("generator/", random_.below(3));
      ledger_->release(holder);
      std::erase_if(writing_, [&](const auto& writing) { return writing.holder == holder; });
      return;
    }
    case 1:
      ledger_->sync();
      return;
    case 2:
      now_ += world_.options.generate_lease / 4;
      return;
    default: {
      now_ += world_.options.generate_lease + 1;
      ledger_->expire(now_);
      writing_.clear();
      judging_.clear();
      return;
    }
  }
}

void LedgerWorld::turn() {
  auto draw = random_.below(100);
  now_ += 1000;
  if (draw < 15) {
    lease();
  } else if (draw < 65) {
    write();
  } else if (draw < 90) {
    verify();
  } else if (draw < 98 || !world_.faults) {
    if (trained_ < world_.options.steps) train();
  } else {
    disturb();
  }
}

bool LedgerWorld::run() {
  for (int turns = 0; turns < 100'000; ++turns) {
    if (trained_ == world_.options.steps) return true;
    turn();
  }
  return false;
}

void LedgerWorld::check_settled(const KvStore& store) const {
  auto counts = ledger_->counts();
  expect(counts.rollouts_leased + counts.rollouts_waiting + counts.rollouts_finished +
                 counts.rollouts_judging ==
             0,
      "something is left over");
  GroupId next = 0;
  store.scan(ledger_key::batches(), [&](std::string_view key, std::string_view value) {
    auto record = decode_batch(key, value);  // checks that it settles each of its groups once
    expect(record.first_group == next, "a group settled twice, or never");
    next = record.end_group;
    return true;
  });
  expect(next == counts.groups_issued, "a group that no batch settled");
  // Damaged ones were written twice.
  expect(damage_ || counts.rollouts_generated <= next * world_.options.group_size,
      "too many rollouts");
}

}  // namespace tramontane
