#include "actors/generator/continuous_batch.h"

#include "runtime/base/result.h"

#include <bit>
#include <cmath>
#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A tiny model with two versions of random weights.
struct Fixture {
  ModelConfig config = [] {
    ModelConfig c = preset("micro", 21);
    c.ends = {1};
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
        config, prompt.tokens, rollout, [&](Version v) { return weights(v); }, 1);
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

TEST_CASE("a rollout ends with its last token allowed, or where the context does") {
  Fixture f;
  f.config.ends.clear();
  auto lengths = [&](std::uint32_t max_tokens, std::size_t prompt) {
    ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = max_tokens});
    batch.swap(f.weights(0));
    auto task = Fixture::task(0);
    task.prompt.tokens.assign(prompt, 3);
    batch.add(task);
    std::uint32_t made = 0;
    while (batch.has_work()) made += batch.step();
    CHECK(batch.finished_untaken() == 1);
    auto segments = batch.take_segments(false);
    CHECK(batch.finished_untaken() == 0);
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].finish == Finish::length);
    CHECK(segments[0].tokens.size() == made);
    CHECK(segments[0].span.end == made);
    return made;
  };
  auto context = static_cast<std::size_t>(f.config.context);
  CHECK(lengths(1, 5) == 1);
  CHECK(lengths(7, 5) == 7);
  CHECK(lengths(10'000, context - 4) == 4);
  CHECK(lengths(10'000, context - 1) == 1);
}

TEST_CASE("a batch says what it holds, has room for and has made") {
  Fixture f;
  f.config.ends.clear();
  ContinuousBatch batch(f.config, {.slots = 3, .max_tokens = 2});
  CHECK(batch.room() == 3);
  CHECK_FALSE(batch.has_work());
  batch.add(Fixture::task(0));
  CHECK_FALSE(batch.has_work());  // there are no weights
  batch.swap(f.weights(0));
  CHECK(batch.has_work());
  for (RolloutId id = 1; id < 4; ++id) batch.add(Fixture::task(id));
  CHECK(batch.room() == 0);
  CHECK(batch.running() == 0);
  CHECK(batch.leases() == std::vector<LeaseId>{1000, 1001, 1002, 1003});
  CHECK(batch.step() == 3);
  CHECK(batch.running() == 3);
  CHECK(batch.leases() == std::vector<LeaseId>{1003, 1000, 1001, 1002});
  auto first = batch.take_segments(true);
  REQUIRE(first.size() == 3);
  for (const auto& segment : first) {
    CHECK(segment.finish == Finish::running);
    CHECK(segment.span.begin == 0);
    CHECK(segment.span.end == 1);
    CHECK(segment.log_probs.size() == 1);
  }
  CHECK(batch.step() == 3);
  CHECK(batch.finished_untaken() == 3);
  CHECK(batch.running() == 0);
  CHECK(batch.leases() == std::vector<LeaseId>{1003});
  batch.drop(1001);  // ended, and lost before it was taken
  CHECK(batch.finished_untaken() == 2);
  auto second = batch.take_segments(false);
  REQUIRE(second.size() == 2);
  for (const auto& segment : second) {
    CHECK(segment.finish == Finish::length);
    CHECK(segment.span.begin == 1);
    CHECK(segment.span.end == 2);
  }
  CHECK(batch.take_segments(true).empty());
  batch.drop(1003);
  CHECK(batch.room() == 3);
  CHECK_FALSE(batch.has_work());
}

TEST_CASE("a rollout begins under the oldest weights that it may, and not before") {
  Fixture f;
  ContinuousBatch batch(f.config, {.slots = 4, .max_tokens = 3});
  batch.swap(f.weights(1));
  for (Version oldest : {1, 2, 1}) {
    auto task = Fixture::task(10 + oldest);
    task.oldest_version = oldest;
    batch.add(task);
  }
  batch.step();
  CHECK(batch.running() == 1);  // those behind one that waits do too
  while (batch.has_work()) batch.step();
  CHECK(batch.leases().size() == 2);
  batch.swap(f.weights(2));
  CHECK(batch.has_work());
  while (batch.has_work()) batch.step();
  CHECK(batch.take_segments(true).size() == 3);
}

TEST_CASE("a rollout that another left off is not handed out from its beginning") {
  Fixture f;
  f.config.ends.clear();
  ContinuousBatch batch(f.config, {.slots = 1, .max_tokens = 5});
  batch.swap(f.weights(3));
  auto task = Fixture::task(1);
  task.rollout.tokens = {4, 5};
  task.rollout.log_probs = {-1, -2};
  task.rollout.spans = {{0, 2, 2, 77, true}};
  batch.add(task);
  while (batch.has_work()) batch.step();
  auto segments = batch.take_segments(true);
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].span.begin == 2);
  CHECK(segments[0].span.end == 5);
  CHECK(segments[0].span.version == 3);
  CHECK(segments[0].span.fresh_cache);
  CHECK(segments[0].finish == Finish::length);
}

TEST_CASE(
    "weights that give no numbers are told by their version, a cache without room by its size") {
  Fixture f;
  auto arena = std::make_shared<Arena>(f.manifest);
  initialise(*arena, f.config, 1);
  for (float& w : std::span(arena->data(), arena->bytes().size() / 4)) w = std::nanf("");
  arena->seal(9);
  ContinuousBatch batch(f.config, {.slots = 1, .max_tokens = 5});
  batch.swap(ReadyWeights::prepare(f.config, arena));
  batch.add(Fixture::task(0));
  try {
    batch.step();
    FAIL("it wrote something");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::failed);
    CHECK(error.text().find("version 9 gives logits that are not finite") == 0);
  }
  CHECK_THROWS_AS(ContinuousBatch(f.config, {.slots = 1, .cache_bytes = 100}), Error);
}

TEST_CASE("a step of nothing makes nothing") {
  Fixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 3});
  batch.swap(f.weights(0));
  CHECK(batch.step() == 0);
  batch.add(Fixture::task(1));
  while (batch.has_work()) batch.step();
  CHECK(batch.step() == 0);
  CHECK(batch.take_segments(true).size() == 1);
}
