// The bounded cache of a batch: blocks on demand, sequences set aside, prompts held once. Whatever
// it does, the rollouts are those of a batch whose cache holds everything.

#include "actors/generator/continuous_batch.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "tests/generator/batch_fixture.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::int64_t block_bytes(const ModelConfig& config) {
  return Decoder::cache_bytes(config, {.kv_blocks = 1, .rows_max = 512});
}

// Rollout `id` of a group of `group` that have one prompt of `length` tokens.
RolloutTask of_group(RolloutId id, RolloutId group, std::uint64_t length) {
  RolloutTask task;
  task.lease = id + 1000;
  for (std::uint64_t i = 0; i < length; ++i)
    task.prompt.tokens.push_back(static_cast<Token>(2 + (id / group * 5 + i * 3) % 19));
  task.rollout.id = id;
  task.rollout.seed = 99;
  return task;
}

struct Written {
  std::map<RolloutId, Rollout> rollouts;
  ContinuousBatch::CacheCounts cache;
  double running = 0;  // mean over the steps at which others waited
};

// Writes `count` rollouts of `task_of`, with a swap every `swap_every` steps (0: none).
template <class TaskOf>
Written write(BatchFixture& f, ContinuousBatch::Options options, RolloutId count, TaskOf task_of,
    int swap_every = 0) {
  ContinuousBatch batch(f.config, options);
  batch.swap(f.weights(0));
  Written written;
  RolloutId next = 0;
  Version version = 0;
  int steps = 0;
  int full = 0;
  while (next < count || batch.has_work()) {
    while (next < count && batch.room() > 0) batch.add(task_of(next++));
    batch.step();
    if (batch.room() == 0) {
      written.running += batch.running();
      ++full;
    }
    if (swap_every > 0 && ++steps % swap_every == 0) batch.swap(f.weights(++version));
    BatchFixture::gather(written.rollouts, batch.take_segments(steps % 2 == 0));
  }
  BatchFixture::gather(written.rollouts, batch.take_segments(true));
  written.cache = batch.cache_counts();
  written.running /= std::max(full, 1);
  return written;
}

}  // namespace

TEST_CASE("a cache of any size gives the same rollouts, bit for bit, and the same record of them") {
  BatchFixture f;
  auto task_of = [](RolloutId id) { return of_group(id, 4, 5 + id % 40 / 4 * 4); };
  ContinuousBatch::Options options{.slots = 24, .max_tokens = 60, .rows_max = 40};
  Written reference = write(f, options, 60, task_of);
  CHECK(reference.cache.set_aside == 0);
  std::uint64_t set_aside = 0;
  for (std::int64_t blocks : {7, 9, 14, 30}) {
    CAPTURE(blocks);
    options.cache_bytes = block_bytes(f.config) * blocks;
    Written found = write(f, options, 60, task_of);
    set_aside += found.cache.set_aside;
    REQUIRE(found.rollouts.size() == 60);
    for (auto& [id, rollout] : found.rollouts) {
      const Rollout& expected = reference.rollouts[id];
      CHECK(rollout.tokens == expected.tokens);
      CHECK(rollout.log_probs == expected.log_probs);
      CHECK(rollout.spans == expected.spans);
      CHECK(rollout.finish == expected.finish);
    }
  }
  CHECK(set_aside > 20);
}

TEST_CASE("sequences set aside between swaps are found again from their record") {
  for (OnSwap on_swap : {OnSwap::keep, OnSwap::recompute, OnSwap::isolate}) {
    CAPTURE(static_cast<int>(on_swap));
    BatchFixture f;
    auto task_of = [](RolloutId id) { return of_group(id, 3, 4 + id / 3 % 19 * 2); };
    Written found = write(f,
        {.slots = 16,
            .max_tokens = 50,
            .cache_bytes = block_bytes(f.config) * 9,
            .rows_max = 24,
            .on_swap = on_swap},
        150, task_of, 7);
    CHECK(found.rollouts.size() == 150);
    CHECK(found.cache.set_aside > 10);
    CHECK(found.cache.rows_recomputed > 0);
    // Each of them once for each time that its sequence, of at most so many rows, was set aside.
    CHECK(found.cache.rows_recomputed <= found.cache.set_aside * (40 + 50));
    CHECK(found.cache.rows_shared > 0);
    std::size_t spanning = 0;
    for (auto& [id, rollout] : found.rollouts) {
      f.check_replay(rollout, task_of(id).prompt);
      CHECK(rollout.finish != Finish::running);
      spanning += rollout.spans.size() > 1 ? 1 : 0;
    }
    CHECK((spanning == 0) == (on_swap == OnSwap::isolate));
  }
}

TEST_CASE("a cache serves four times what it could reserve for, where a quarter of it is written") {
  BatchFixture f;
  // Ends at random: with its prompt of 100 tokens a rollout has 152 on average, 608 at most.
  f.config = preset("micro", 52);
  f.config.context = 608;
  f.config.ends = {1};
  f.manifest = std::make_shared<const Manifest>(model_manifest(f.config));
  auto arena = std::make_shared<Arena>(f.manifest);
  initialise(*arena, f.config, 7);
  for (float& w : arena->floats("lm_head.weight")) w = 0;  // every token is as probable
  arena->seal(0);
  f.versions[0] = ReadyWeights::prepare(f.config, arena);
  auto task_of = [](RolloutId id) { return of_group(id, 8, 100); };
  constexpr std::uint32_t max_tokens = 508;
  constexpr std::int64_t reserved = 8;  // so many sequences at their longest
  std::int64_t longest = Decoder::blocks_for(100 + max_tokens);
  ContinuousBatch::Options options{.slots = 100,
      .max_tokens = max_tokens,
      .cache_bytes = block_bytes(f.config) * longest * reserved};
  Written found = write(f, options, 1000, task_of);
  CHECK(found.running >= 4 * reserved);
  std::uint64_t made = 0;
  for (auto& [id, rollout] : found.rollouts) made += rollout.tokens.size();
  CHECK(found.cache.rows_recomputed < made / 5);
  MESSAGE("at once ", found.running, ", set aside ", found.cache.set_aside, ", computed anew ",
      found.cache.rows_recomputed, " of ", made);
}

TEST_CASE("a prompt of many rollouts is computed once for each version") {
  BatchFixture f;
  f.config.ends.clear();
  ContinuousBatch batch(f.config, {.slots = 8, .max_tokens = 20, .rows_max = 16});
  batch.swap(f.weights(0));
  for (RolloutId id = 0; id < 4; ++id) batch.add(of_group(id, 8, 40));
  while (batch.running() == 0 || batch.take_segments(true).empty()) batch.step();
  batch.step();
  CHECK(batch.cache_counts().rows_shared == 3 * 32);
  batch.swap(f.weights(1));  // those under way keep what they have of version 0
  for (RolloutId id = 4; id < 8; ++id) batch.add(of_group(id, 8, 40));
  for (int i = 0; i < 10; ++i) batch.step();
  CHECK(batch.cache_counts().rows_shared == 6 * 32);
  CHECK(batch.cache_counts().rows_recomputed == 0);
}

TEST_CASE("a rollout that the whole cache could not hold is refused by name") {
  BatchFixture f;
  ContinuousBatch batch(
      f.config, {.slots = 4, .max_tokens = 40, .cache_bytes = block_bytes(f.config) * 3});
  batch.add(of_group(0, 1, 8));
  try {
    batch.add(of_group(1, 1, 9));
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    CHECK(error.text().find("may come to 49 positions, which take 4 cache blocks; the whole cache "
                            "has 3; raise cache_megabytes") != std::string::npos);
  }
}

TEST_CASE("a rollout set aside is still held, and can be dropped, or handed on as it is") {
  BatchFixture f;
  f.config.ends.clear();
  ContinuousBatch batch(
      f.config, {.slots = 4, .max_tokens = 40, .cache_bytes = block_bytes(f.config) * 7});
  batch.swap(f.weights(0));
  for (RolloutId id = 0; id < 4; ++id) batch.add(of_group(id, 1, 10));
  std::map<RolloutId, Rollout> found;
  while (batch.cache_counts().set_aside == 0) {
    batch.step();
    BatchFixture::gather(found, batch.take_segments(false));
  }
  CHECK(batch.leases().size() == 4);
  CHECK(batch.room() == 0);
  BatchFixture::gather(found, batch.take_segments(true));
  CHECK(found.size() == 4);  // what was written of it too
  batch.drop(1003);
  CHECK(batch.leases().size() == 3);
  while (batch.has_work()) batch.step();
  BatchFixture::gather(found, batch.take_segments(true));
  for (RolloutId id = 0; id < 3; ++id) CHECK(found[id].finish == Finish::length);
  CHECK(found[3].finish == Finish::running);
}
