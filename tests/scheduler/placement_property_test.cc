// Random clusters and jobs: what a placement promises, whatever they are.
#include "scheduler/placement.h"
#include "tests/scheduler/world.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// One way for a job's required actors, by trying all; fault_of() judges each.
class Exhaustive {
 public:
  Exhaustive(const Cluster& cluster, JobRequest job) : cluster_(cluster), job_(std::move(job)) {
    std::erase_if(job_.groups, [](const JobGroup& group) { return !group.required; });
    for (const auto& node : cluster.nodes) rooms_.push_back(free_room(node));
    for (std::uint32_t g = 0; g < job_.groups.size(); ++g)
      for (std::uint32_t a = 0; a < job_.groups[g].count; ++a) placement_.seats.push_back({g, a});
  }

  bool fits() { return step(0); }

 private:
  bool holds() {
    placement_.instruction_set = job_.kernels;
    if (!job_.kernels)
      for (const auto& seat : placement_.seats) {
        if (job_.groups[seat.group].work == Work::passes) continue;
        InstructionSet here = cluster_.nodes[seat.node].instruction_set;
        auto& set = placement_.instruction_set;
        set = set ? std::min(*set, here) : here;
      }
    return fault_of(cluster_, job_, placement_).empty();
  }

  bool step(std::size_t at) {
    if (at == placement_.seats.size()) return holds();
    Seat& seat = placement_.seats[at];
    const Need& need = job_.groups[seat.group].need;
    for (NodeId n = 0; n < rooms_.size(); ++n) {
      if (!rooms_[n].fits(need)) continue;
      bool shares = need.gpu_milli > 0 && need.gpu_milli < 1000;
      std::size_t choices = shares ? rooms_[n].gpus_milli().size() : 1;
      for (std::uint32_t device = 0; device < choices; ++device) {
        if (shares && rooms_[n].gpus_milli()[device] < need.gpu_milli) continue;
        seat.node = n;
        seat.devices = {{device, need.gpu_milli}};
        if (shares)
          rooms_[n].take(need, seat.devices);
        else
          seat.devices = rooms_[n].take(need);
        bool found = step(at + 1);
        rooms_[n].give_back(need, seat.devices);
        if (found) return true;
      }
    }
    return false;
  }

  const Cluster& cluster_;
  JobRequest job_;
  std::vector<Room> rooms_;
  Placement placement_;
};

bool some_group(const JobRequest& job, bool (*is_so)(const JobGroup&)) {
  return std::any_of(job.groups.begin(), job.groups.end(), is_so);
}

}  // namespace

TEST_CASE("every placement of a random job keeps all promises, and each is seen to bind") {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 12'000; ++seed) {
    Random random(seed);
    Sizes sizes{1 + seed % 9, 1 + seed % 5, 1 + seed % 7};
    Cluster cluster = random_cluster(random, sizes);
    JobRequest job = random_job(random, sizes, cluster);
    Placing placing = place(cluster, job);
    INFO("seed ", seed, "\n", text_of(placing));
    if (const auto* placement = placed(placing)) {
      ++seen["placed"];
      CHECK(fault_of(cluster, job, *placement) == "");
      seen["left out"] += placement->left_out.empty() ? 0 : 1;
      seen["near"] += some_group(job, [](auto& g) { return !g.near.empty(); });
      seen["apart"] += some_group(job, [](auto& g) { return !g.apart.empty(); });
      seen["packed"] +=
          some_group(job, [](auto& g) { return g.strategy == Strategy::strict_pack; });
    } else {
      ++seen["obstacles"];
    }
  }
  for (const auto* what : {"placed", "left out", "near", "apart", "packed", "obstacles"}) {
    INFO(what);
    CHECK(seen[what] > 200);
  }
}

TEST_CASE("the order of nodes, of what is placed and of groups does not matter") {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    Random random(seed);
    Sizes sizes{8, 5, 5};
    Cluster cluster = random_cluster(random, sizes);
    JobRequest job = random_job(random, sizes, cluster);
    Placing first = place(cluster, job);
    INFO("seed ", seed);
    CHECK(text_of(place(cluster, job)) == text_of(first));
    shuffle(cluster.nodes, random);
    for (auto& node : cluster.nodes) shuffle(node.placed, random);
    Placing second = place(cluster, job);
    REQUIRE(first.index() == second.index());
    CHECK(text_of(first) == text_of(second));
    if (!placed(first)) continue;
    CHECK(*placed(first) == *placed(second));

    JobRequest turned = job;
    shuffle(turned.groups, random);
    Placing third = place(cluster, turned);
    REQUIRE(placed(third) != nullptr);
    CHECK(placed(third)->instruction_set == placed(first)->instruction_set);
    for (std::uint32_t g = 0; g < turned.groups.size(); ++g) {
      auto was = std::find_if(job.groups.begin(), job.groups.end(),
          [&](const JobGroup& group) { return group.name == turned.groups[g].name; });
      auto index = static_cast<std::uint32_t>(was - job.groups.begin());
      CHECK(nodes_of(*placed(third), g) == nodes_of(*placed(first), index));
    }
  }
}

TEST_CASE("what an exhaustive search can place of a small job is placed") {
  int possible = 0;
  int impossible = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed, 1);
    Sizes sizes{4, 3, 3};
    Cluster cluster = random_cluster(random, sizes);
    JobRequest job = random_job(random, sizes, cluster);
    std::uint32_t actors = 0;
    for (const auto& group : job.groups) actors += group.required ? group.count : 0;
    if (actors > 6) continue;
    bool fits = Exhaustive(cluster, job).fits();
    INFO("seed ", seed);
    CHECK((placed(place(cluster, job)) != nullptr) == fits);
    (fits ? possible : impossible) += 1;
  }
  MESSAGE(possible, " jobs fit, ", impossible, " do not");
  CHECK(possible > 500);
  CHECK(impossible > 500);
}

// Every node of 40 is cut into actors, so that there is a way; each is then smaller by the slack.
TEST_CASE("of jobs that fill a cluster to 95 % nearly all are placed, to 90 % all") {
  auto placed_of = [](std::int64_t slack_percent) {
    int count = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Random random(seed, 9);
      Cluster cluster;
      JobRequest job{.id = 1};
      auto part_of = [&](std::int64_t rest) {
        return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rest) / 2 + 1));
      };
      for (NodeId id = 0; id < 40; ++id) {
        cluster.nodes.push_back(node(id, 64, 256, 8));
        Need rest{64'000, 256 * gib, 0};
        for (std::uint64_t left = 2 + random.below(6); left > 0; --left) {
          Need need = left == 1 ? rest : Need{part_of(rest.cpu_milli), part_of(rest.memory_bytes)};
          rest.cpu_milli -= need.cpu_milli;
          rest.memory_bytes -= need.memory_bytes;
          need.cpu_milli = need.cpu_milli * (100 - slack_percent) / 100;
          need.memory_bytes = need.memory_bytes / 100 * (100 - slack_percent);
          need.gpu_milli = random.below(2) == 0 ? 0 : 1000;
          job.groups.push_back({.name = str("g", job.groups.size()), .need = need});
        }
      }
      Placing placing = place(cluster, job);
      if (!placed(placing)) continue;
      ++count;
      CHECK(fault_of(cluster, job, *placed(placing)) == "");
    }
    return count;
  };
  int full = placed_of(0);
  int nearly = placed_of(5);
  MESSAGE("of 100 jobs ", full, " placed where there is no slack, ", nearly, " with 5 %");
  CHECK(nearly >= 90);
  CHECK(placed_of(10) == 100);
}
