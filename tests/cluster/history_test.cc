// Random histories of a cluster, each judged at every step.
//
//   TRAM_HISTORY=17 cluster_test --test-case='*random life*'     replays one
#include "tests/cluster/history.h"

#include "runtime/base/check.h"

#include <cstdlib>
#include <random>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("no random life of a cluster breaks what its head promises") {
  if (const char* seed = std::getenv("TRAM_HISTORY")) {
    CHECK(History(std::strtoull(seed, nullptr, 10)).play() == "");
    return;
  }
  std::map<std::string, int> seen;
  std::uint64_t from = std::random_device()();
  int faults = 0;
  bool slow = std::getenv("TRAM_SANITIZED") != nullptr;  // ten times
  for (std::uint64_t seed = from; seed < from + (slow ? 400 : 2'000) && faults < 3; ++seed) {
    History history(seed);
    std::string fault = history.play();
    CHECK(fault == "");
    faults += fault.empty() ? 0 : 1;
    for (const auto& [what, count] : history.seen) seen[what] += count;
  }
  for (const char* what : {"joins", "drivers", "workers seated", "lost answers", "deaths of nodes",
           "moves", "heads that began anew", "earlier attempts that had not ended", "strangers",
           "stops", "finished", "failed", "stopped", "jobs that never fit"}) {
    INFO(std::string(what), " from seed ", from);
    CHECK(seen[what] > (slow ? 0 : 10));
  }
}
