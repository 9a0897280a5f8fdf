#include "scheduler/search.h"

#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Three nodes of 4 CPUs. Seating as many actors of 2 and of 3 CPUs takes some going back.
Cluster three_nodes() {
  return {{node(0, 4, 8), node(1, 4, 8), node(2, 4, 8)}};
}

JobRequest job_of(std::uint32_t large, std::uint32_t small) {
  JobRequest job{.id = 1};
  job.groups = {{.name = "large", .count = large, .need = {.cpu_milli = 2000}},
      {.name = "small", .count = small, .need = {.cpu_milli = 1000}}};
  return job;
}

}  // namespace

TEST_CASE("whatever the budget, either all sit or nobody does, and it says which") {
  std::set<Found> seen;
  for (std::uint32_t small = 6; small <= 7; ++small) {
    JobRequest job = job_of(3, small);  // 12 CPUs, or one too many
    Cluster cluster = three_nodes();
    Relations relations = relations_of(job);
    for (std::int64_t budget = 0; budget < 3000; ++budget) {
      Seating seating(ground_of(cluster, Occupied::as_it_is), job, relations, std::nullopt);
      Found found = search(seating, budget);
      seen.insert(found);
      INFO("budget ", budget);
      CHECK(seating.sitters().size() == (found == Found::all ? 3 + small : 0));
      for (const auto& room : seating.ground().rooms)
        CHECK(room.cpu_milli() == (found == Found::all ? 0 : 4000));
      CHECK(found != (small == 6 ? Found::none : Found::all));
      if (budget < 9) CHECK(found == Found::gave_up);
    }
  }
  CHECK(seen == std::set<Found>{Found::all, Found::none, Found::gave_up});
}

TEST_CASE("a job of more actors than are searched through is given up, one of as many is not") {
  Cluster cluster{{node(0, 100, 8)}};
  for (std::uint32_t small : {63U, 64U}) {
    JobRequest job = job_of(1, small);
    Relations relations = relations_of(job);
    Seating seating(ground_of(cluster, Occupied::as_it_is), job, relations, std::nullopt);
    CHECK(search(seating) == (small == 63 ? Found::all : Found::gave_up));
  }
}

TEST_CASE("optional groups are not searched for") {
  Cluster cluster = three_nodes();
  JobRequest job = job_of(3, 99);
  job.groups[1].required = false;
  Relations relations = relations_of(job);
  Seating seating(ground_of(cluster, Occupied::as_it_is), job, relations, std::nullopt);
  CHECK(search(seating) == Found::all);
  CHECK(seating.sitters().size() == 3);
}
