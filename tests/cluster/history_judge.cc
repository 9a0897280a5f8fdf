// What is judged after every step, and how a history ends.
#include "tests/cluster/cluster_values.h"
#include "tests/cluster/history.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tramontane {
namespace {

struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool placed(const HeadJob& job) {
  return job.state == JobState::placing || job.state == JobState::running ||
         job.state == JobState::waiting;
}

}  // namespace

void History::require(bool holds, const std::string& text) {
  if (!holds) throw Fault(text);
}

bool History::lost(const Machine& machine) const {
  return !machine.connected && (machine.leaving || wall() - machine.since >= rules_.lease_ms);
}

void History::judge() {
  std::map<std::uint64_t, int> alive;
  for (const auto& [name, machine] : machines_) {
    for (const Driver& driver : machine.drivers)
      if (driver.alive) ++alive[driver.job];
    judge_node(name, machine);
  }
  for (const auto& [job, count] : alive)
    require(count == 1, str("job ", job, " has ", count, " drivers alive"));
  for (const auto& [id, job] : head_->jobs()) judge_job(job);
  require(store_.size() == head_->jobs().size(), "every job is in the store");
}

void History::judge_job(const HeadJob& job) {
  std::string who = str("job ", job.id, " (", name(job.state), "): ");
  require(store_.at(job.id) == job, who + "what changed is told");
  if (over(job.state)) {
    require(job.seats.empty() && job.pid == 0, who + "it has no seats");
    auto [ended, fresh] = over_.emplace(job.id, job);
    HeadJob same = job;
    same.ended = ended->second.ended;  // its last driver may be heard of later
    require(ended->second == same, who + "it was over and changes");
    if (fresh) ++seen[name(job.state)];
    if (stops_.contains(job.id) && fresh) ++seen["stops"];
  }
  if (job.state != JobState::running && job.state != JobState::finished)
    require(!job.reason.empty(), who + "there is a reason");
  if (job.state == JobState::queued) require(job.seats.empty(), who + "nothing is placed");
  require((job.pid != 0) == (job.state == JobState::running), who + "a driver that runs has a pid");
  if (!placed(job)) return;
  std::set<std::string> names;
  for (const SeatOfWorker& seat : job.seats) names.insert(seat.worker);
  require(names.size() == job.workers.size() && job.seats.size() == job.workers.size(),
      who + "all of its workers have a seat, or none");
  for (const JobWorker& worker : job.workers)
    if (worker.at_run_directory)
      require(node_of(job, worker.name) == job.driver_node, who + worker.name + " is elsewhere");
  const Machine& machine = machines_.at(job.driver_node);
  require(machine.offer.home == rules_.home, who + "its driver is where run directories are");
  if (job.state != JobState::waiting) require(!lost(machine), who + "its node is lost");
  if (stops_.contains(job.id))
    require(job.state != JobState::waiting, who + "nobody waits for what is to stop");
}

void History::judge_node(const std::string& name, const Machine& machine) {
  auto known = head_->nodes().find(name);
  if (known != head_->nodes().end())
    require(known->second.connected == machine.connected, str("node ", name, " is connected"));
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::map<std::uint32_t, std::int64_t> devices;
  for (const auto& [id, job] : head_->jobs())
    for (const SeatOfWorker& seat : job.seats) {
      if (seat.node != name) continue;
      for (const JobWorker& worker : job.workers) {
        if (worker.name != seat.worker) continue;
        cpu += worker.need.cpu_milli;
        memory += worker.need.memory_bytes;
      }
      for (const DeviceShare& share : seat.devices) devices[share.device] += share.milli;
    }
  bool fits = cpu <= machine.offer.cpu_milli && memory <= machine.offer.memory;
  for (const auto& [device, milli] : devices)
    fits = fits && device < machine.offer.gpus && milli <= whole_gpu_milli;
  require(fits || machine.less, str("node ", name, " has more than fits"));
}

void History::judge_start(const Order& order) {
  const HeadJob& job = head_->jobs().at(order.start.job);
  std::string who = str("the start of job ", job.id, ": ");
  require(job.state == JobState::placing, who + "it is being placed");
  require(job.attempt == order.start.attempt, who + "its attempt");
  require(job.attempt > std::exchange(attempts_[job.id], job.attempt), who + "a new attempt");
  const Machine& machine = machines_.at(job.driver_node);
  require(machine.connected && machine.known == order.node, who + "to the driver's node");
  require(order.start.seats.size() + 1 == job.workers.size(), who + "with all seats");
}

// A seat that is new is on a ready node; one that has moved was on a node that had gone, and was
// asked for.
void History::judge_moves(
    const std::map<std::uint64_t, HeadJob>& before, const std::string& asked_node) {
  for (const auto& [id, job] : head_->jobs()) {
    auto was = before.find(id);
    for (const SeatOfWorker& seat : job.seats) {
      std::string old = was == before.end() ? "" : node_of(was->second, seat.worker);
      if (old == seat.node) continue;
      const Machine& to = machines_.at(seat.node);
      std::string who = str("worker ", id, "/", seat.worker, ": ");
      bool ready = to.connected && !to.draining && !to.leaving;
      require(ready, who + "it goes to a node that is ready");
      if (old.empty()) continue;
      const Machine& from = machines_.at(old);
      bool emptied = from.draining || from.leaving;
      require(old == asked_node || (from.connected && emptied && old != job.driver_node),
          who + "it was not asked for and moves");
      require(lost(from) || emptied, who + "it moves from a node that is not lost");
    }
  }
}

void History::find_seats() {
  for (auto& [name, machine] : machines_) {
    if (!machine.session) continue;
    std::vector<Driver> drivers = machine.drivers;  // the head may begin anew
    for (const Driver& driver : drivers)
      for (const JobWorker& worker : head_->jobs().at(driver.job).workers)
        if (machine.session && chance(40)) find_seat(driver, std::string(worker.name));
  }
}

void History::find_seat(const Driver& driver, const std::string& worker) {
  const HeadJob& job = head_->jobs().at(driver.job);
  bool valid = !over(job.state) && job.attempt == driver.attempt;
  std::string node = node_of(job, worker);
  auto before = head_->jobs();
  try {
    FoundSeat found = head_->find_seat({driver.job, driver.attempt, worker, node}, wall());
    require(valid, "an attempt that is over has no seats");
    require(found.waiting_for.empty() != found.address.empty(), "a seat, or what it waits for");
    std::string now = node_of(head_->jobs().at(driver.job), worker);
    if (found.waiting_for.empty()) {
      require(
          found.node == now && machines_.at(now).connected, "a seat is on a node that is there");
      if (now != node) ++seen["moves"];
      for (auto& [name, machine] : machines_)
        for (Driver& each : machine.drivers)
          if (each.job == driver.job && each.attempt == driver.attempt) each.seats[worker] = now;
      note(str("worker ", driver.job, "/", worker, " goes from ", node, " to ", now));
    } else {
      const Machine& machine = machines_.at(now);
      require(!machine.connected || machine.draining || machine.leaving,
          str("a worker waits for a node that is not well: ", found.waiting_for));
    }
  } catch (const Error& error) {
    require(!valid && error.errc() == Errc::refused, str("a seat is found: ", error.text()));
  }
  judge_moves(before, node);
  act();
}

// What the head has written down and its driver knows.
void History::judge_seats(const Driver& driver) {
  for (const SeatOfWorker& seat : head_->jobs().at(driver.job).seats) {
    if (seat.worker == driver_of_job) continue;
    auto known = driver.seats.find(seat.worker);
    require(known != driver.seats.end() && known->second == seat.node,
        str("worker ", driver.job, "/", seat.worker, " has a seat that its driver does not know"));
  }
}

bool History::ever_fits(const HeadJob& job) const {
  Cluster cluster = head_->cluster(wall());
  for (Node& node : cluster.nodes) node.placed.clear();
  std::optional<NodeId> run;
  for (const auto& [name, node] : head_->nodes())
    if (node.offer.home == rules_.home && (!run || node.id < *run)) run = node.id;
  return std::holds_alternative<Placement>(place(cluster, request_of(job, run)));
}

// ---- the end -----------------------------------------------------------------------------------

// Everything works from now on.
void History::heal() {
  healed_ = true;
  note("all is well from here on");
  for (auto& [name, machine] : machines_) {
    if (!machine.session) notice(machine);
    revive(machine);
    machine.joins.reset();
    if (!machine.session) {
      dial(machine);
      hear_join(machine);
    }
    if (head_->drain(name, false)) machine.draining = false;
  }
}

void History::all_is_well_again() {
  auto deliver_all = [&] {
    for (auto& [name, machine] : machines_)
      for (int i = 0; i < 8; ++i) deliver(machine);
    pass(250);
  };
  for (int i = 0; i < 50; ++i) deliver_all();
  for (const auto& each : head_->jobs()) {
    std::uint64_t id = each.first;
    const HeadJob& job = each.second;
    if (over(job.state) || job.state == JobState::queued) continue;
    require(job.state == JobState::running, str("job ", id, " does not go on: ", job.reason));
    const Machine& machine = machines_.at(job.driver_node);
    require(std::any_of(machine.drivers.begin(), machine.drivers.end(),
                [&](const Driver& driver) {
                  return driver.alive && driver.job == id && driver.attempt == job.attempt;
                }),
        str("job ", id, " runs, and its driver does not"));
    for (const Driver& driver : machine.drivers)
      if (driver.alive && driver.job == id && !stops_.contains(id)) judge_seats(driver);
  }
  auto waits = [&](const auto& each) {
    return !over(each.second.state) &&
           (each.second.state != JobState::queued || ever_fits(each.second));
  };
  for (int i = 0; i < 400; ++i) {
    bool alive = false;
    for (auto& [name, machine] : machines_)
      for (Driver& driver : machine.drivers) {
        alive = alive || driver.alive;
        // One whose job is over ends as soon as it is told to.
        bool ends = driver.stopping || !over(head_->jobs().at(driver.job).state);
        if (driver.alive && ends && now_ - driver.since > 1'000)
          end_driver(machine, driver, exited(driver.stopping ? 130 : 0));
      }
    if (!alive && std::none_of(head_->jobs().begin(), head_->jobs().end(), waits)) break;
    deliver_all();
  }
  for (const auto& [id, job] : head_->jobs()) {
    if (over(job.state)) continue;
    require(!stops_.contains(id), str("job ", id, " was stopped and is ", name(job.state)));
    require(!waits(std::pair(id, job)), str("job ", id, " is ", name(job.state), ": ", job.reason));
    ++seen["jobs that never fit"];
  }
  for (const auto& [name, machine] : machines_)
    require(std::none_of(machine.drivers.begin(), machine.drivers.end(),
                [](const Driver& driver) { return driver.alive; }),
        str("a driver of nobody is alive on node ", name));
}

std::string History::play() {
  try {
    for (auto& [name, machine] : machines_) {
      if (chance(20)) continue;
      revive(machine);
      dial(machine);
      hear_join(machine);
    }
    for (std::uint64_t steps = 40 + random_.below(160); steps > 0; --steps) {
      step();
      if (chance(30)) pass(100);
    }
    heal();
    all_is_well_again();
    return "";
  } catch (const std::exception& error) {
    std::string text = str("seed ", seed_, ": ", error.what());
    for (const std::string& line : notes_) text += "\n  " + line;
    return text;
  }
}

}  // namespace tramontane
