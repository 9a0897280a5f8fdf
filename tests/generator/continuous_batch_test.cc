#include "actors/generator/continuous_batch.h"

#include "runtime/base/result.h"

#include <bit>
#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A tiny model with two versions of random weights.
struct Fixture {
  ModelConfig config = [] {
    ModelConfig c = preset("micro", 21);
    c.eos = 1;
    c.pad = 0;
    return c;
  }();
  std::shared_ptr<const Manifest> manifest =
      std::make_shared<const Manifest>(model_manifest(config));
  std::map<Version, std::shared_ptr<const ReadyWeights>> versions;

  std::shared_ptr<const ReadyWeights> weights(Version version) {
    auto& there = versions[version];
    if (!there) {
      auto arena = std::make_shared<Arena>(manifest);
      initialise(*arena, config, 100 + version);
      for (float& w : std::span(arena->data(), arena->bytes().size() / 4))
        w *= 20;  // far from uniform
      arena->seal(version);
      there = ReadyWeights::prepare(config, arena);
    }
    return there;
  }

  static RolloutTask task(RolloutId id) {
    RolloutTask task;
    task.lease = id + 1000;
    for (RolloutId i = 0; i < 3 + id % 20; ++i)
      task.prompt.tokens.push_back(static_cast<Token>(2 + (id * 7 + i) % 19));
    task.rollout.id = id;
    task.rollout.seed = 99;
    return task;
  }

  // What the ledger would hold after these segments.
  static void gather(std::map<RolloutId, Rollout>& into, std::vector<Segment> segments) {
    for (auto& s : segments) {
      Rollout& r = into[s.rollout];
      REQUIRE(s.span.begin == r.tokens.size());
      REQUIRE(s.span.end == s.span.begin + s.tokens.size());
      r.id = s.rollout;
      r.seed = 99;
      r.tokens.insert(r.tokens.end(), s.tokens.begin(), s.tokens.end());
      r.log_probs.insert(r.log_probs.end(), s.log_probs.begin(), s.log_probs.end());
      bool grows = !r.spans.empty() && r.spans.back().version == s.span.version &&
                   r.spans.back().fresh_cache == s.span.fresh_cache;
      if (grows)
        r.spans.back().end = s.span.end;
      else
        r.spans.push_back(s.span);
      r.finish = s.finish;
    }
  }

  void check_replay(const Rollout& rollout, const Prompt& prompt) {
    auto expected = replay_log_probs(
        config, prompt.tokens, rollout, [&](Version v) { return weights(v); }, 1, 1);
    REQUIRE(expected.size() == rollout.tokens.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(std::bit_cast<std::uint32_t>(expected[i]) ==
            std::bit_cast<std::uint32_t>(rollout.log_probs[i]));
  }
};

}  // namespace

TEST_CASE("a rollout does not depend on its neighbours, on slots, or on when it is taken") {
  Fixture f;
  std::map<RolloutId, Rollout> reference;
  for (std::uint32_t slots : {1U, 3U, 64U}) {
    ContinuousBatch batch(
        f.config, {.slots = slots, .max_tokens = 30, .rows_max = slots == 3 ? 7 : 512});
    batch.swap(f.weights(0));
    std::map<RolloutId, Rollout> found;
    RolloutId next = 0;
    int steps = 0;
    while (next < 40 || batch.has_work()) {
      while (next < 40 && batch.room() > 0) batch.add(Fixture::task(next++));
      batch.step();
      Fixture::gather(found, batch.take_segments(++steps % 3 == 0));
    }
    Fixture::gather(found, batch.take_segments(true));
    CHECK(found.size() == 40);
    if (reference.empty()) reference = found;
    for (auto& [id, rollout] : found) {
      CHECK(rollout.tokens == reference[id].tokens);
      CHECK(rollout.log_probs == reference[id].log_probs);
      CHECK(rollout.finish != Finish::running);
    }
  }
}

TEST_CASE(
    "every token's log-probability is found again from its spans, whatever happens at a swap") {
  for (OnSwap on_swap : {OnSwap::keep, OnSwap::recompute, OnSwap::isolate}) {
    CAPTURE(static_cast<int>(on_swap));
    Fixture f;
    ContinuousBatch batch(
        f.config, {.slots = 16, .max_tokens = 40, .rows_max = 16, .on_swap = on_swap});
    batch.swap(f.weights(0));
    std::map<RolloutId, Rollout> found;
    RolloutId next = 0;
    Version version = 0;
    int steps = 0;
    while (next < 60 || batch.has_work()) {
      while (next < 60 && batch.room() > 0) batch.add(Fixture::task(next++));
      batch.step();
      if (++steps % 5 == 0) batch.swap(f.weights(++version));
      Fixture::gather(found, batch.take_segments(steps % 2 == 0));
    }
    Fixture::gather(found, batch.take_segments(true));
    std::size_t spanning = 0;
    for (auto& [id, rollout] : found) {
      f.check_replay(rollout, Fixture::task(id).prompt);
      spanning += rollout.spans.size() > 1 ? 1 : 0;
    }
    CHECK(found.size() == 60);
    if (on_swap == OnSwap::isolate)
      CHECK(spanning == 0);
    else
      CHECK(spanning > 10);
  }
}

TEST_CASE("a half-written rollout is continued by another batch") {
  Fixture f;
  ContinuousBatch first(f.config, {.slots = 4, .max_tokens = 40});
  first.swap(f.weights(0));
  for (RolloutId id = 0; id < 4; ++id) first.add(Fixture::task(id));
  for (int i = 0; i < 4; ++i) first.step();
  std::map<RolloutId, Rollout> found;
  Fixture::gather(found, first.take_segments(true));

  ContinuousBatch second(f.config, {.slots = 4, .max_tokens = 40});
  second.swap(f.weights(1));
  for (RolloutId id = 0; id < 4; ++id) {
    auto task = Fixture::task(id);
    task.rollout = found[id];
    if (task.rollout.finish == Finish::running) second.add(task);
  }
  while (second.has_work()) second.step();
  Fixture::gather(found, second.take_segments(true));
  for (auto& [id, rollout] : found) {
    CHECK(rollout.finish != Finish::running);
    f.check_replay(rollout, Fixture::task(id).prompt);
  }
}

TEST_CASE("the cache bound makes rollouts wait, and none is lost") {
  Fixture f;
  std::int64_t block = Decoder::cache_bytes(f.config, {.kv_blocks = 1, .rows_max = 512});
  ContinuousBatch batch(f.config, {.slots = 32, .max_tokens = 20, .cache_bytes = block * 8});
  batch.swap(f.weights(0));
  for (RolloutId id = 0; id < 32; ++id) batch.add(Fixture::task(id));
  std::map<RolloutId, Rollout> found;
  std::uint32_t most = 0;
  while (batch.has_work()) {
    batch.step();
    most = std::max(most, batch.running());
    Fixture::gather(found, batch.take_segments(false));
  }
  CHECK(found.size() == 32);
  CHECK(most < 8);
}

TEST_CASE("a dropped rollout is forgotten and its room is free") {
  Fixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 20});
  batch.swap(f.weights(0));
  batch.add(Fixture::task(0));
  batch.add(Fixture::task(1));
  batch.step();
  CHECK(batch.room() == 0);
  batch.drop(0);  // no lease of this number
  CHECK(batch.room() == 0);
  batch.drop(1000);
  CHECK(batch.room() == 1);
  std::map<RolloutId, Rollout> found;
  while (batch.has_work()) batch.step();
  Fixture::gather(found, batch.take_segments(true));
  CHECK(found.size() == 1);
  CHECK(found.contains(1));
}

TEST_CASE("a lost lease ends only what is written under it") {
  Fixture f;
  ContinuousBatch batch(f.config, {.slots = 3, .max_tokens = 20});
  batch.swap(f.weights(0));
  batch.add(Fixture::task(0));
  batch.step();
  auto again = Fixture::task(0);  // its first lease expired unnoticed
  again.lease = 2000;
  batch.add(again);
  batch.step();
  batch.drop(1000);
  CHECK(batch.room() == 2);
  while (batch.has_work()) batch.step();
  auto segments = batch.take_segments(true);
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].lease == 2000);
}

TEST_CASE("a prompt longer than the context is refused by name") {
  Fixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 20});
  auto task = Fixture::task(0);
  task.prompt.tokens.assign(static_cast<std::size_t>(f.config.context), 3);
  CHECK_THROWS_AS(batch.add(task), Error);
}
