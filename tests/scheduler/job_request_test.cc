#include "scheduler/job_request.h"

#include "runtime/base/result.h"
#include "scheduler/relations.h"
#include "tests/scheduler/world.h"

#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

JobRequest good_job() {
  JobRequest job{.id = 1, .name = "gate", .run_node = 3};
  job.groups = {{.name = "ledger", .at_run_directory = true},
      {.name = "trainer", .near = {"ledger"}},
      {.name = "generator", .count = 4, .apart = {"trainer"}}};
  return job;
}

std::string said_of(void (*change)(JobRequest&)) {
  JobRequest job = good_job();
  check(job);
  change(job);
  try {
    check(job);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
  return "";
}

}  // namespace

TEST_CASE("a job that makes no sense is refused, and the group is named") {
  CHECK(said_of([](JobRequest& j) { j.groups[2].count = 0; }) ==
        "group generator: no actors: a group has at least one");
  CHECK(said_of([](JobRequest& j) { j.groups[2].need.cpu_milli = -1; }) ==
        "group generator: -1 thousandths of a CPU: 0 to 1099511627776");
  CHECK(said_of([](JobRequest& j) {
    j.groups[2].need.cpu_milli = cpu_milli_max + 1;
  }).starts_with("group generator: 1099511627777 thousandths"));
  CHECK(said_of([](JobRequest& j) {
    j.groups[2].need.memory_bytes = -1;
  }).starts_with("group generator: -1 bytes"));
  CHECK(said_of([](JobRequest& j) {
    j.groups[2].need.memory_bytes = memory_bytes_max + 1;
  }).starts_with("group generator: "));
  CHECK(said_of([](JobRequest& j) { j.groups[2].need.gpu_milli = -1; }) ==
        "group generator: -1 thousandths of a GPU: 0 to 1024 GPUs");
  CHECK(said_of([](JobRequest& j) {
    j.groups[2].need.gpu_milli = 1'025'000;
  }).starts_with("group generator: 1025000 thousandths"));
  CHECK(said_of([](JobRequest& j) { j.groups[2].need.gpu_milli = 1500; }) ==
        "group generator: 1500 thousandths of a GPU: whole ones, or a share of one device below "
        "1000");
  CHECK(said_of([](JobRequest& j) { j.run_node.reset(); }) ==
        "group ledger: at_run_directory, and the job names no node of its run directory");
  CHECK(said_of([](JobRequest& j) { j.groups[1].name = ""; }) ==
        "a group's name has 0 bytes: 1 to 256");
  CHECK(said_of([](JobRequest& j) { j.groups[1].name.assign(257, 'x'); }) ==
        "a group's name has 257 bytes: 1 to 256");
  CHECK(said_of([](JobRequest& j) {
    j.groups[1].needs_labels = {{std::string(257, 'x'), ""}};
  }) == "group trainer: a label of more than 256 bytes");
  CHECK(said_of([](JobRequest& j) {
    j.groups[1].prefers_labels = {{"", std::string(257, 'x')}};
  }) == "group trainer: a label of more than 256 bytes");
  CHECK(said_of([](JobRequest& j) { j.groups[1].apart = {std::string(257, 'x')}; }) ==
        "group trainer: names a group by 257 bytes: 256 at most");
  CHECK(said_of([](JobRequest& j) { j.groups[1].name = "ledger"; }) ==
        "two groups of job gate are called ledger: names are unique");
  CHECK(said_of([](JobRequest& j) { j.groups.resize(20'001); }) ==
        "job gate: 20001 groups; 20000 at most");
  CHECK(said_of([](JobRequest& j) {
    for (int i = 0; i < 4096; ++i)
      j.groups.push_back({.name = str(i), .needs_labels = {{"k", str(i)}}});
  }) == "job gate: groups need or prefer more than 4096 different lists of labels");
  CHECK(said_of([](JobRequest& j) { j.groups[2].count = 1'000'000; }) ==
        "job gate: 1000002 actors; 1000000 at most");
  CHECK(said_of([](JobRequest& j) { j.groups[2].apart.assign(1'000'000, "ledger"); }) ==
        "job gate: 1000001 names in near and apart; 1000000 at most");
}

TEST_CASE("groups that are not there, circles and what is near itself are refused") {
  CHECK(said_of([](JobRequest& j) { j.groups[1].near = {"legder"}; }) ==
        "group trainer, near: unknown group 'legder'; did you mean 'ledger'? There are: ledger, "
        "trainer, generator");
  CHECK(said_of([](JobRequest& j) {
    j.groups[1].apart = {"x"};
  }).starts_with("group trainer, apart from: unknown group 'x'."));
  CHECK(said_of([](JobRequest& j) { j.groups[1].near = {"trainer"}; }) ==
        "group trainer is near itself: say strict_pack or strict_spread");
  CHECK(said_of([](JobRequest& j) { j.groups[1].apart = {"trainer"}; }) ==
        "group trainer is apart from itself: say strict_pack or strict_spread");
  CHECK(said_of([](JobRequest& j) { j.groups[0].near = {"trainer"}; }) ==
        "group ledger is near a circle of groups that are near each other: leave one of them out");
  CHECK(said_of([](JobRequest& j) { j.groups[0].required = false; }) ==
        "group trainer is required, and near ledger, which is optional: make that required, too");
  CHECK(said_of([](JobRequest& j) {
    j.groups[0].required = false;
    j.groups[1].required = false;
  }) == "");
}

TEST_CASE("bounds themselves are allowed") {
  JobRequest job = good_job();
  JobGroup& group = job.groups[2];
  group.need = {cpu_milli_max, memory_bytes_max, 1'024'000};
  group.count = 999'998;
  group.name.assign(256, 'x');
  group.apart.assign(999'999, "trainer");
  check(job);
  CHECK(relations_of(job).apart[1] == std::vector<std::uint32_t>{2});
  group.need.gpu_milli = 999;
  check(job);
}

TEST_CASE("apart goes both ways, and the nearby come after those that they are near") {
  JobRequest job = good_job();
  Relations relations = relations_of(job);
  CHECK(relations.near[1] == std::vector<std::uint32_t>{0});
  CHECK(relations.followers[0] == std::vector<std::uint32_t>{1});
  CHECK(relations.apart[1] == std::vector<std::uint32_t>{2});
  CHECK(relations.apart[2] == std::vector<std::uint32_t>{1});
  CHECK(relations.order == std::vector<std::uint32_t>{0, 2, 1});
}

TEST_CASE("the hardest groups come first") {
  JobRequest job{.id = 1, .run_node = 0};
  job.groups = {{.name = "optional", .need = {.gpu_milli = 8000}, .required = false},
      {.name = "small", .need = {.cpu_milli = 1}}, {.name = "large", .need = {.cpu_milli = 2}},
      {.name = "memory", .need = {.memory_bytes = 1}},
      {.name = "label", .needs_labels = {{"k", "v"}}}, {.name = "gpu", .need = {.gpu_milli = 1}},
      {.name = "each", .strategy = Strategy::strict_spread},
      {.name = "all", .strategy = Strategy::strict_pack},
      {.name = "run", .at_run_directory = true}};
  CHECK(relations_of(job).order == std::vector<std::uint32_t>{8, 7, 6, 5, 4, 3, 2, 1, 0});
}

TEST_CASE("a chain of ten thousand groups, each near the one before, has an order") {
  JobRequest job{.id = 1};
  for (int i = 0; i < 10'000; ++i) {
    job.groups.push_back({.name = str("g", i)});
    if (i > 0) job.groups.back().near = {str("g", i - 1)};
  }
  check(job);
  CHECK(relations_of(job).order.back() == 9'999);
  Cluster cluster{{node(0, 4, 8)}};
  CHECK(placed(place(cluster, job)) != nullptr);
}

TEST_CASE("what generates is spread, unless it says more") {
  JobGroup group{.name = "g"};
  CHECK_FALSE(computes(group));
  CHECK(strategy_of(group) == Strategy::by_work);
  group.work = Work::computes;
  CHECK(computes(group));
  CHECK(strategy_of(group) == Strategy::by_work);
  group.work = Work::generates;
  CHECK(computes(group));
  CHECK(strategy_of(group) == Strategy::spread);
  group.strategy = Strategy::pack;
  CHECK(strategy_of(group) == Strategy::pack);
}
