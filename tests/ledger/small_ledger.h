#pragma once
// A ledger of small groups and batches over memory, with the verbs of its users, for tests that
// walk it step by step:
//
//   SmallLedger b;
//   b.write_all(4, 0);        // leases, writes and finishes four rollouts at version 0
//   b.judge_all();
//   CHECK(b.train(0));

#include "actors/ledger/ledger.h"
#include "runtime/base/check.h"
#include "storage/kv_store.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/test.h"

namespace tramontane {

constexpr Micros second = 1'000'000;

inline Prompt prompt(GroupId group) {
  return {group, str("prompt ", group), str(group), {static_cast<Token>(group)}};
}

inline LedgerOptions small() {
  LedgerOptions options;
  options.group_size = 2;
  options.batch = 4;
  options.max_lag = 1;
  return options;
}

// A ledger with the verbs of its users.
struct SmallLedger {
  std::unique_ptr<KvStore> store = open_memory();
  LedgerOptions options = small();
  std::unique_ptr<Ledger> ledger;
  Micros now = 0;

  explicit SmallLedger(LedgerOptions given = small()) : options(given) { open(); }

  void open() {
    ledger.reset();
    ledger = std::make_unique<Ledger>(*store, prompt, options);
  }

  std::vector<RolloutTask> lease(std::uint32_t count, const std::string& holder = "generator/0") {
    return ledger->lease_tasks(holder, count, now);
  }

  static Segment segment(const RolloutTask& task, std::uint32_t begin, std::uint32_t end,
      Version version, Finish finish = Finish::running) {
    Segment result{task.lease, task.rollout.id, {begin, end, version, version + 100, begin == 0},
        {}, {}, finish};
    for (auto i = begin; i < end; ++i) {
      result.tokens.push_back(static_cast<Token>(task.rollout.id * 100 + i));
      result.log_probs.push_back(-0.5F);
    }
    return result;
  }

  Result<void> write(const RolloutTask& task, std::uint32_t begin, std::uint32_t end,
      Version version, Finish finish = Finish::running) {
    return ledger->append(segment(task, begin, end, version, finish), now);
  }

  void judge_all(const std::function<Verdict(const Rollout&)>& verdict) {
    for (const auto& leased : ledger->lease_finished("verifier/0", 1000, now)) {
      REQUIRE(ledger->judge(leased.lease, verdict(leased.rollout), now));
    }
  }

  // Score 0, 1, 0, 1 … by sample: every group has contrast.
  void judge_all() {
    judge_all([](const Rollout& rollout) { return scored(rollout.sample); });
  }

  static Verdict scored(double score) {
    Verdict verdict;
    verdict.score = score;
    return verdict;
  }

  void write_all(std::uint32_t count, Version version) {
    for (const auto& task : lease(count)) REQUIRE(write(task, 0, 3, version, Finish::stop));
  }

  bool train(std::uint64_t step) {
    auto batch = ledger->batch(step);
    if (batch) REQUIRE(ledger->trained(step, 1000 + step));
    return batch.has_value();
  }
};

}  // namespace tramontane
