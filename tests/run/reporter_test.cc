#include "actors/run/reporter.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent evaluation(const char* label, int step, double sampled) {
  return {{"event", "evaluation"}, {"label", label}, {"step", step}, {"sampled", sampled},
      {"greedy", sampled}};
}

}  // namespace

TEST_CASE("the summary of a run that was stopped has the last evaluation there was") {
  RunTotals totals;
  totals.add(evaluation("before", 0, 0.1));
  CHECK(totals.summary()["heldout_after"].is_null());
  totals.add(evaluation("forced_thinking", 0, 0.7));
  totals.add(evaluation("during", 20, 0.3));
  totals.add(evaluation("during", 40, 0.5));
  CHECK(totals.summary()["heldout_after"] == 0.5);
  CHECK(totals.summary()["greedy_after"] == 0.5);
  CHECK(totals.summary()["heldout_after_step"] == 40.0);
  totals.add(evaluation("after", 60, 0.8));
  CHECK(totals.summary()["heldout_before"] == 0.1);
  CHECK(totals.summary()["heldout_after"] == 0.8);
  CHECK(totals.summary()["heldout_after_step"].is_null());
}
