#include "scheduler/admission.h"

#include "runtime/base/random.h"

#include <algorithm>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// 12 completions a step in groups of 4: three groups a batch.
Admission three_groups_a_batch() {
  return {.batch = 12, .group_size = 4, .max_lag = 2, .run_ahead = 5};
}

}  // namespace

TEST_CASE("admission of a worked example: max_lag batches ahead of what is trained") {
  Admission admission = three_groups_a_batch();
  // Batches 0, 1 and 2 may be written under version 0: nine groups.
  CHECK(admission.step_limit({}) == 3);
  CHECK(admission.position({}, 8) == 32);
  CHECK(admission.admits({}, 8));
  CHECK_FALSE(admission.admits({}, 9));
  CHECK(admission.groups_to_issue({}, 0, 1000) == 9);
  CHECK(admission.groups_to_issue({}, 7, 1000) == 2);
  CHECK(admission.groups_to_issue({}, 9, 1000) == 0);
  // Two batches composed, one of them trained: batches 2 and 3 are open.
  TrainingProgress later{.next_step = 2, .trained = 1};
  CHECK(admission.step_limit(later) == 4);
  CHECK(admission.groups_to_issue(later, 0, 1000) == 6);
}

TEST_CASE("groups are issued whole, as many as what is wanted needs") {
  Admission admission = three_groups_a_batch();
  CHECK(admission.groups_to_issue({}, 0, 0) == 0);
  CHECK(admission.groups_to_issue({}, 0, 1) == 1);
  CHECK(admission.groups_to_issue({}, 0, 4) == 1);
  CHECK(admission.groups_to_issue({}, 0, 5) == 2);
}

TEST_CASE("a lag of zero is the synchronous mode") {
  Admission admission = three_groups_a_batch();
  admission.max_lag = 0;
  CHECK(admission.groups_to_issue({}, 0, 1000) == 3);
  CHECK(admission.groups_to_issue({.next_step = 1, .trained = 0}, 0, 1000) == 0);
  CHECK(admission.groups_to_issue({.next_step = 1, .trained = 1}, 0, 1000) == 3);
}

TEST_CASE("with Overdue::drop generation runs ahead by run_ahead batches") {
  Admission admission = three_groups_a_batch();
  admission.overdue = Overdue::drop;
  CHECK(admission.step_limit({}) == 6);
  CHECK(admission.groups_to_issue({}, 0, 1000) == 18);
  // What is written may end in any batch: only the next one to be composed is known.
  CHECK(admission.oldest_version({.next_step = 4, .trained = 4}, 30) == 2);
}

TEST_CASE("nothing is issued beyond the batch of the last step") {
  Admission admission = three_groups_a_batch();
  admission.steps = 2;
  CHECK(admission.groups_to_issue({}, 0, 1000) == 6);
  admission.steps = 3;
  CHECK(admission.groups_to_issue({}, 0, 1000) == 9);
  admission.steps = 4;
  CHECK(admission.groups_to_issue({}, 0, 1000) == 9);
}

TEST_CASE("after a restart from an old checkpoint the replay comes first") {
  Admission admission = three_groups_a_batch();
  CHECK(admission.groups_to_issue({.next_step = 3, .trained = 1}, 0, 1000) > 0);
  CHECK(admission.step_limit({.next_step = 4, .trained = 1}) == 0);
  CHECK(admission.groups_to_issue({.next_step = 4, .trained = 1}, 0, 1000) == 0);
}

TEST_CASE("a token is stale once the step is more than max_lag versions past it") {
  Admission admission = three_groups_a_batch();
  CHECK_FALSE(admission.stale(3, 5));
  CHECK(admission.stale(2, 5));
  CHECK_FALSE(admission.stale(0, 2));
}

TEST_CASE("what admission lets be written is never stale, whatever happens to other groups") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::uint64_t group_size = 1 + random.below(6);
    Admission admission{.batch = group_size * (1 + random.below(5)),
        .group_size = group_size,
        .max_lag = random.below(4)};
    TrainingProgress at;
    std::vector<std::uint64_t> versions;  // of open groups, in the order of issue
    std::uint64_t groups_a_batch = admission.batch / admission.group_size;
    for (int turn = 0; turn < 200; ++turn) {
      std::uint64_t fresh = admission.groups_to_issue(at, versions.size(), random.below(40));
      // The older the tokens the worse: each is written under the oldest version that may be.
      for (std::uint64_t i = 0; i < fresh; ++i) {
        std::uint64_t oldest = admission.oldest_version(at, versions.size());
        REQUIRE(oldest <= at.trained);
        versions.push_back(oldest);
      }
      // Some group turns out not to count.
      if (!versions.empty() && random.below(3) == 0)
        versions.erase(
            versions.begin() + static_cast<std::ptrdiff_t>(random.below(versions.size())));
      if (versions.size() >= groups_a_batch && random.below(2) == 0) {
        auto end = versions.begin() + static_cast<std::ptrdiff_t>(groups_a_batch);
        for (auto group = versions.begin(); group != end; ++group)
          REQUIRE_FALSE(admission.stale(*group, at.next_step));
        versions.erase(versions.begin(), end);
        ++at.next_step;
      }
      if (at.trained < at.next_step && random.below(2) == 0) ++at.trained;
    }
    CHECK(at.next_step > 0);
  }
}
