#include "actors/generator/continuous_batch.h"

#include "runtime/base/result.h"
#include "tests/generator/batch_fixture.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a rollout does not depend on its neighbours, on slots, or on when it is taken") {
  BatchFixture f;
  std::map<RolloutId, Rollout> reference;
  for (std::uint32_t slots : {1U, 3U, 64U}) {
    ContinuousBatch batch(
        f.config, {.slots = slots, .max_tokens = 30, .rows_max = slots == 3 ? 7 : 512});
    batch.swap(f.weights(0));
    std::map<RolloutId, Rollout> found;
    RolloutId next = 0;
    int steps = 0;
    while (next < 40 || batch.has_work()) {
      while (next < 40 && batch.room() > 0) batch.add(BatchFixture::task(next++));
      batch.step();
      BatchFixture::gather(found, batch.take_segments(++steps % 3 == 0));
    }
    BatchFixture::gather(found, batch.take_segments(true));
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
    BatchFixture f;
    ContinuousBatch batch(
        f.config, {.slots = 16, .max_tokens = 40, .rows_max = 16, .on_swap = on_swap});
    batch.swap(f.weights(0));
    std::map<RolloutId, Rollout> found;
    RolloutId next = 0;
    Version version = 0;
    int steps = 0;
    while (next < 60 || batch.has_work()) {
      while (next < 60 && batch.room() > 0) batch.add(BatchFixture::task(next++));
      batch.step();
      if (++steps % 5 == 0) batch.swap(f.weights(++version));
      BatchFixture::gather(found, batch.take_segments(steps % 2 == 0));
    }
    BatchFixture::gather(found, batch.take_segments(true));
    std::size_t spanning = 0;
    for (auto& [id, rollout] : found) {
      f.check_replay(rollout, BatchFixture::task(id).prompt);
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
  BatchFixture f;
  ContinuousBatch first(f.config, {.slots = 4, .max_tokens = 40});
  first.swap(f.weights(0));
  for (RolloutId id = 0; id < 4; ++id) first.add(BatchFixture::task(id));
  for (int i = 0; i < 4; ++i) first.step();
  std::map<RolloutId, Rollout> found;
  BatchFixture::gather(found, first.take_segments(true));

  ContinuousBatch second(f.config, {.slots = 4, .max_tokens = 40});
  second.swap(f.weights(1));
  for (RolloutId id = 0; id < 4; ++id) {
    auto task = BatchFixture::task(id);
    task.rollout = found[id];
    if (task.rollout.finish == Finish::running) second.add(task);
  }
  while (second.has_work()) second.step();
  BatchFixture::gather(found, second.take_segments(true));
  for (auto& [id, rollout] : found) {
    CHECK(rollout.finish != Finish::running);
    f.check_replay(rollout, BatchFixture::task(id).prompt);
  }
}

TEST_CASE("the cache bound makes rollouts wait, and none is lost") {
  BatchFixture f;
  std::int64_t block = Decoder::cache_bytes(f.config, {.kv_blocks = 1, .rows_max = 512});
  ContinuousBatch batch(f.config, {.slots = 32, .max_tokens = 20, .cache_bytes = block * 8});
  batch.swap(f.weights(0));
  for (RolloutId id = 0; id < 32; ++id) batch.add(BatchFixture::task(id));
  std::map<RolloutId, Rollout> found;
  std::uint32_t most = 0;
  while (batch.has_work()) {
    batch.step();
    most = std::max(most, batch.running());
    BatchFixture::gather(found, batch.take_segments(false));
  }
  CHECK(found.size() == 32);
  CHECK(most > 2);
  CHECK(most <= 8);
}

TEST_CASE("a dropped rollout is forgotten and its room is free") {
  BatchFixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 20});
  batch.swap(f.weights(0));
  batch.add(BatchFixture::task(0));
  batch.add(BatchFixture::task(1));
  batch.step();
  CHECK(batch.room() == 0);
  batch.drop(0);  // no lease of this number
  CHECK(batch.room() == 0);
  batch.drop(1000);
  CHECK(batch.room() == 1);
  std::map<RolloutId, Rollout> found;
  while (batch.has_work()) batch.step();
  BatchFixture::gather(found, batch.take_segments(true));
  CHECK(found.size() == 1);
  CHECK(found.contains(1));
}

TEST_CASE("a lost lease ends only what is written under it") {
  BatchFixture f;
  ContinuousBatch batch(f.config, {.slots = 3, .max_tokens = 20});
  batch.swap(f.weights(0));
  batch.add(BatchFixture::task(0));
  batch.step();
  auto again = BatchFixture::task(0);  // its first lease expired unnoticed
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
  BatchFixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 20});
  auto task = BatchFixture::task(0);
  task.prompt.tokens.assign(static_cast<std::size_t>(f.config.context), 3);
  CHECK_THROWS_AS(batch.add(task), Error);
}

TEST_CASE("a rollout ends with its last token allowed, or where the context does") {
  BatchFixture f;
  f.config.ends.clear();
  auto lengths = [&](std::uint32_t max_tokens, std::size_t prompt) {
    ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = max_tokens});
    batch.swap(f.weights(0));
    auto task = BatchFixture::task(0);
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
  BatchFixture f;
  f.config.ends.clear();
  ContinuousBatch batch(f.config, {.slots = 3, .max_tokens = 2});
  CHECK(batch.room() == 3);
  CHECK_FALSE(batch.has_work());
  batch.add(BatchFixture::task(0));
  CHECK_FALSE(batch.has_work());  // there are no weights
  batch.swap(f.weights(0));
  CHECK(batch.has_work());
  for (RolloutId id = 1; id < 4; ++id) batch.add(BatchFixture::task(id));
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
  BatchFixture f;
  ContinuousBatch batch(f.config, {.slots = 4, .max_tokens = 3});
  batch.swap(f.weights(1));
  for (Version oldest : {1, 2, 1}) {
    auto task = BatchFixture::task(10 + oldest);
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
  BatchFixture f;
  f.config.ends.clear();
  ContinuousBatch batch(f.config, {.slots = 1, .max_tokens = 5});
  batch.swap(f.weights(3));
  auto task = BatchFixture::task(1);
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
  BatchFixture f;
  auto arena = std::make_shared<Arena>(f.manifest);
  initialise(*arena, f.config, 1);
  for (float& w : std::span(arena->data(), arena->bytes().size() / 4)) w = std::nanf("");
  arena->seal(9);
  ContinuousBatch batch(f.config, {.slots = 1, .max_tokens = 5});
  batch.swap(ReadyWeights::prepare(f.config, arena));
  batch.add(BatchFixture::task(0));
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
  BatchFixture f;
  ContinuousBatch batch(f.config, {.slots = 2, .max_tokens = 3});
  batch.swap(f.weights(0));
  CHECK(batch.step() == 0);
  batch.add(BatchFixture::task(1));
  while (batch.has_work()) batch.step();
  CHECK(batch.step() == 0);
  CHECK(batch.take_segments(true).size() == 1);
}
