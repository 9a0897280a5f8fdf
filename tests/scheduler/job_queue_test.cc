#include "scheduler/job_queue.h"

#include "runtime/base/result.h"
#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

WaitingJob waiting(JobId id, std::int64_t cpus, std::int64_t submitted_ms, int priority = 0) {
  WaitingJob job{.priority = priority, .submitted_ms = submitted_ms};
  job.request = {.id = id, .name = str("job ", id)};
  job.request.groups = {{.name = "g", .need = {.cpu_milli = cpus * 1000}}};
  return job;
}

std::vector<JobId> ids(const std::vector<WaitingJob>& jobs, const auto& entries) {
  std::vector<JobId> found;
  for (const auto& entry : entries) found.push_back(jobs[entry.job].request.id);
  return found;
}

using Ids = std::vector<JobId>;

// Jobs that arrive, run and end; one event after the other.
class Queue {
 public:
  Queue(Cluster cluster, QueueRules rules) : cluster_(std::move(cluster)), rules_(rules) {}

  struct Running {
    JobId id = 0;
    std::int64_t ends_ms = 0;
  };

  void submit(WaitingJob job) { jobs.push_back(std::move(job)); }

  // One turn; each that starts runs for what `duration` says.
  void turn(std::int64_t now_ms, const auto& duration) {
    std::erase_if(running, [&](const Running& one) {
      if (one.ends_ms > now_ms) return false;
      vacate(cluster_, one.id);
      return true;
    });
    QueueTurn turn = next_jobs(cluster_, jobs, now_ms, rules_);
    std::set<JobId> started;
    for (const auto& start : turn.starts) {
      const WaitingJob& job = jobs[start.job];
      CHECK(fault_of(cluster_, job.request, start.placement) == "");
      settle(cluster_, job.request, start.placement);
      waited_ms[job.request.id] = now_ms - job.submitted_ms;
      running.push_back({job.request.id, now_ms + duration(job)});
      started.insert(job.request.id);
    }
    CHECK(started.size() + turn.waits.size() == jobs.size());
    std::erase_if(jobs, [&](const WaitingJob& job) { return started.contains(job.request.id); });
  }

  std::vector<WaitingJob> jobs;
  std::vector<Running> running;
  std::map<JobId, std::int64_t> waited_ms;

 private:
  Cluster cluster_;
  QueueRules rules_;
};

}  // namespace

TEST_CASE("jobs are asked by priority, then age, then id") {
  std::vector<WaitingJob> jobs = {waiting(4, 1, 10), waiting(3, 1, 10), waiting(2, 1, 5),
      waiting(1, 1, 20, 7), waiting(5, 1, 0, -1)};
  CHECK(asking_order(jobs, 20, {.patience_ms = 100}) == std::vector<std::size_t>{3, 2, 1, 0, 4});
  Cluster cluster{{node(0, 3, 8)}};
  QueueTurn turn = next_jobs(cluster, jobs, 20, {.patience_ms = 100});
  CHECK(ids(jobs, turn.starts) == Ids{1, 2, 3});
  CHECK(ids(jobs, turn.waits) == Ids{4, 5});
}

TEST_CASE("overdue jobs come first, the oldest before the more important") {
  std::vector<WaitingJob> jobs = {
      waiting(1, 1, 1, 9), waiting(2, 1, 0), waiting(3, 1, 50, 99), waiting(4, 1, 11, 5)};
  // Waited 110, 111, 61 and 100: more than the patience is overdue, as much is not.
  CHECK(asking_order(jobs, 111, {.patience_ms = 100}) == std::vector<std::size_t>{1, 0, 2, 3});
  CHECK(asking_order(jobs, 112, {.patience_ms = 100}) == std::vector<std::size_t>{1, 0, 3, 2});
  // One that was submitted in the future has not waited, however little patience there is.
  CHECK(asking_order(jobs, 10, {.patience_ms = -5}) == std::vector<std::size_t>{1, 0, 2, 3});
  auto least = std::numeric_limits<std::int64_t>::min();
  auto most = std::numeric_limits<std::int64_t>::max();
  jobs = {waiting(1, 1, most, 1), waiting(2, 1, least)};
  CHECK(asking_order(jobs, most, {}) == std::vector<std::size_t>{1, 0});
  CHECK(asking_order(jobs, least, {}) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("a job that does not fit lets others by, until it is overdue") {
  Cluster cluster{{node(0, 4, 8)}};
  occupy(cluster.nodes[0], {.cpu_milli = 2000});
  std::vector<WaitingJob> jobs = {waiting(1, 4, 0), waiting(2, 1, 10)};
  QueueTurn turn = next_jobs(cluster, jobs, 100, {.patience_ms = 100});
  CHECK(ids(jobs, turn.starts) == Ids{2});
  REQUIRE(turn.waits.size() == 1);
  CHECK_FALSE(turn.waits[0].reserves);
  CHECK(turn.waits[0].obstacles.prospect == Prospect::when_something_ends);

  turn = next_jobs(cluster, jobs, 101, {.patience_ms = 100});
  CHECK(turn.starts.empty());
  REQUIRE(turn.waits.size() == 2);
  CHECK(turn.waits[0].reserves);
  CHECK(nodes_of(turn.waits[0].reserved, 0) == std::vector<NodeId>{0});
  CHECK_FALSE(turn.waits[1].reserves);
}

TEST_CASE("beside a reservation there is room for those that leave it free") {
  Cluster cluster{{node(0, 8, 8), node(1, 3, 8)}};
  occupy(cluster.nodes[0], {.cpu_milli = 4000});
  // The first reserves 6 of the 8 on a: 4 of them are free, so that all of what is free is kept.
  std::vector<WaitingJob> jobs = {waiting(1, 6, 0), waiting(2, 3, 500), waiting(3, 1, 500)};
  QueueTurn turn = next_jobs(cluster, jobs, 600, {.patience_ms = 100});
  CHECK(ids(jobs, turn.starts) == Ids{2});
  CHECK(nodes_of(turn.starts[0].placement, 0) == std::vector<NodeId>{1});
  CHECK(ids(jobs, turn.waits) == Ids{1, 3});
}

TEST_CASE("a job that never fits holds up nobody") {
  Cluster cluster{{node(0, 4, 8)}};
  std::vector<WaitingJob> jobs = {waiting(1, 5, 0), waiting(2, 4, 500)};
  QueueTurn turn = next_jobs(cluster, jobs, 600, {.patience_ms = 100});
  CHECK(ids(jobs, turn.starts) == Ids{2});
  REQUIRE(turn.waits.size() == 1);
  CHECK_FALSE(turn.waits[0].reserves);
  CHECK(turn.waits[0].obstacles.prospect == Prospect::never);
}

TEST_CASE("an older reservation is not taken by a younger one") {
  Cluster cluster{{node(0, 4, 8), node(1, 4, 8)}};
  for (auto& one : cluster.nodes) occupy(one, {.cpu_milli = 1000});
  std::vector<WaitingJob> jobs = {waiting(1, 4, 0), waiting(2, 4, 1), waiting(3, 4, 2)};
  QueueTurn turn = next_jobs(cluster, jobs, 600, {.patience_ms = 100});
  REQUIRE(turn.waits.size() == 3);
  CHECK(turn.waits[0].reserves);
  CHECK(turn.waits[1].reserves);
  CHECK(nodes_of(turn.waits[0].reserved, 0) != nodes_of(turn.waits[1].reserved, 0));
  CHECK_FALSE(turn.waits[2].reserves);
}

TEST_CASE("two waiting jobs with one id, and a bad request, are refused") {
  Cluster cluster{{node(0, 4, 8)}};
  std::vector<WaitingJob> jobs = {waiting(1, 1, 0), waiting(1, 1, 0)};
  CHECK_THROWS_AS(next_jobs(cluster, jobs, 0, {}), Error);
  jobs[1].request.id = 2;
  jobs[1].request.groups[0].need.gpu_milli = 1500;
  CHECK_THROWS_WITH_AS(next_jobs(cluster, jobs, 0, {}), doctest::Contains("group g: 1500"), Error);
}

TEST_CASE("the order of the waiting does not matter") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed, 5);
    Cluster cluster = random_cluster(random, {6, 4, 4});
    std::vector<WaitingJob> jobs;
    for (JobId id = 1; id <= 8; ++id) {
      WaitingJob job{random_job(random, {6, 3, 3}, cluster),
          static_cast<std::int32_t>(random.below(3)), static_cast<std::int64_t>(random.below(200))};
      job.request.id = id;
      jobs.push_back(std::move(job));
    }
    INFO("seed ", seed);
    QueueTurn first = next_jobs(cluster, jobs, 200, {.patience_ms = 100});
    Ids starts = ids(jobs, first.starts);
    Ids waits = ids(jobs, first.waits);
    shuffle(jobs, random);
    QueueTurn second = next_jobs(cluster, jobs, 200, {.patience_ms = 100});
    CHECK(ids(jobs, second.starts) == starts);
    CHECK(ids(jobs, second.waits) == waits);
    for (std::size_t i = 0; i < starts.size(); ++i)
      CHECK(second.starts[i].placement == first.starts[i].placement);
  }
}

// Small jobs of high priority without end, so that without reservations no large one would start.
TEST_CASE("no job waits longer than patience and (k + 1) times the longest run") {
  constexpr std::int64_t longest_ms = 40;
  constexpr std::int64_t patience_ms = 60;
  std::int64_t overdue = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Random random(seed, 6);
    Cluster cluster{{node(0, 8, 8), node(1, 8, 8), node(2, 4, 8)}};
    Queue queue(cluster, {.patience_ms = patience_ms});
    std::map<JobId, std::int64_t> bound_ms;
    JobId next_id = 1;
    auto duration = [&](const WaitingJob&) {
      return static_cast<std::int64_t>(1 + random.below(longest_ms));
    };
    for (std::int64_t now_ms = 0; now_ms < 400 || !queue.jobs.empty(); ++now_ms) {
      if (now_ms < 400 && random.below(3) == 0)
        queue.submit(
            waiting(next_id++, static_cast<std::int64_t>(1 + random.below(4)), now_ms, 10));
      if (now_ms < 400 && random.below(40) == 0) {
        WaitingJob large = waiting(next_id++, 0, now_ms);
        large.request.groups[0].need.cpu_milli =
            static_cast<std::int64_t>(4 + random.below(5)) * 1000;
        large.request.groups[0].count = static_cast<std::uint32_t>(1 + random.below(2));
        queue.submit(std::move(large));
      }
      for (const auto& job : queue.jobs) {
        if (now_ms - job.submitted_ms <= patience_ms || bound_ms.contains(job.request.id)) continue;
        auto older =
            std::count_if(queue.jobs.begin(), queue.jobs.end(), [&](const WaitingJob& other) {
              return std::pair(other.submitted_ms, other.request.id) <
                     std::pair(job.submitted_ms, job.request.id);
            });
        // One more: it is overdue from the first moment after the patience on.
        bound_ms[job.request.id] = patience_ms + 1 + (older + 1) * longest_ms;
        ++overdue;
      }
      queue.turn(now_ms, duration);
      REQUIRE(now_ms < 10'000);
    }
    INFO("seed ", seed);
    CHECK(queue.waited_ms.size() + 1 == next_id);  // all of them have started
    for (const auto& [id, bound] : bound_ms) {
      INFO("job ", id);
      CHECK(queue.waited_ms.at(id) <= bound);
    }
  }
  CHECK(overdue > 100);
}

TEST_CASE("without reservations a large job starves behind small ones, with them it does not") {
  auto waited_of = [](std::int64_t patience_ms) {
    Queue queue({{node(0, 4, 8)}}, {.patience_ms = patience_ms});
    queue.submit(waiting(1, 4, 0));
    queue.submit(waiting(2, 2, 0, 5));
    JobId next_id = 3;
    for (std::int64_t now_ms = 0; now_ms < 2000; ++now_ms) {
      if (now_ms % 10 == 5) queue.submit(waiting(next_id++, 2, now_ms, 5));
      queue.turn(now_ms, [](const WaitingJob&) { return std::int64_t{15}; });
    }
    return queue.waited_ms.contains(1) ? queue.waited_ms[1] : -1;
  };
  CHECK(waited_of(100'000) == -1);
  std::int64_t waited_ms = waited_of(100);
  CHECK(waited_ms > 100);
  CHECK(waited_ms <= 100 + 15 + 1);
}
