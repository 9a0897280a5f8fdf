// What happens; what is judged: history_judge.cc.
#include "tests/cluster/history.h"

#include "tests/cluster/cluster_values.h"

#include <algorithm>
#include <utility>

namespace tramontane {
History::History(std::uint64_t seed) : seed_(seed), random_(seed), rules_(rules_of_test()) {
  rules_.queue.patience_ms = 5'000;
  rules_.deaths_most = 3;
  head_ = std::make_unique<HeadState>(rules_, std::vector<HeadJob>(), wall());
  std::uint64_t count = 1 + random_.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string name(1, static_cast<char>('a' + i));
    Machine& machine = machines_[name];
    auto cpus = static_cast<std::int64_t>(2 + random_.below(8));
    machine.offer = i == 0 || chance(40) ? near_node(name, 0, cpus) : far_node(name, 0, cpus);
    machine.offer.gpus = static_cast<std::uint32_t>(random_.below(3));
    machine.offer.instruction_set = static_cast<std::uint8_t>(random_.below(3));
    machine.since = wall();
  }
}

History::Machine& History::any_machine() {
  auto at = machines_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(machines_.size())));
  return at->second;
}

void History::note(const std::string& text) {
  notes_.push_back(str(now_, " ", text));
  if (notes_.size() > 40) notes_.pop_front();
}

void History::step() {
  Machine& machine = any_machine();
  switch (random_.below(16)) {
    case 0:
      return submit();
    case 1:
      return chance(30) ? stop() : drain();
    case 2:
      return chance(30) && machine.alive ? die(machine) : part(machine);
    case 3:
      return chance(20) ? leave(machine) : notice(machine);
    case 4:
      return end_driver();
    case 5:
      return chance(12) ? head_begins_anew() : find_seats();
    case 6:
      pass(chance(30) ? 12'000 : 600);
      return find_seats();
    case 7:
    case 8:
      return machine.alive ? dial(machine) : revive(machine);
    case 9:
    case 10:
      return hear_join(machine);
    default:
      return deliver(machine);
  }
}

// ---- people ------------------------------------------------------------------------------------

void History::submit() {
  if (head_->jobs().size() >= 8) return;
  HeadJob job{.name = "j", .graph = "g", .priority = static_cast<std::int32_t>(random_.below(3))};
  job.workers = {driver_of_test()};
  std::uint64_t generators = random_.below(6);
  std::int64_t cpu = static_cast<std::int64_t>(1 + random_.below(6)) * 500;
  int gpu = chance(70) ? 0 : (chance(50) ? 500 : 1000);
  for (std::uint64_t i = 0; i < generators; ++i)
    job.workers.push_back(generator_of_test(static_cast<int>(i), cpu, gpu));
  if (chance(40))
    job.workers.push_back({.name = "ledger",
        .group = "ledger",
        .need = {.cpu_milli = 200},
        .at_run_directory = true});
  std::uint64_t id = head_->submit(std::move(job), wall());
  note(str("submit ", id, ": ", generators, " of ", cpu, " gpu ", gpu));
  act();
}

void History::stop() {
  if (head_->jobs().empty()) return;
  std::uint64_t id = 1 + random_.below(head_->jobs().size());
  note(str("stop ", id));
  require(head_->stop(id, std::chrono::seconds(1), wall()), "a job that there is can be stopped");
  stops_.insert(id);
  act();
}

void History::drain() {
  auto at = machines_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(machines_.size())));
  bool draining = chance(50);
  note(str("drain ", at->first, " ", draining));
  if (head_->drain(at->first, draining)) at->second.draining = draining;
  act();
  if (draining) find_seats();
}

void History::leave(Machine& machine) {
  if (!machine.session) return;
  note(str("node ", machine.offer.name, " is about to end"));
  machine.to_head.push_back({.what = ToHead::What::leaves});
}

// ---- nodes -------------------------------------------------------------------------------------

void History::revive(Machine& machine) {
  if (machine.alive) return;
  machine.alive = true;
  machine.offer.process = ++processes_;
  machine.offer.address = str(machine.offer.name, ":", processes_);
  if (chance(10)) {
    machine.offer.cpu_milli = 1000 * static_cast<std::int64_t>(1 + random_.below(6));
    machine.offer.gpus = static_cast<std::uint32_t>(random_.below(3));
    machine.less = true;
  }
  note(str("node ", machine.offer.name, " begins as ", processes_));
}

void History::die(Machine& machine) {
  note(str("node ", machine.offer.name, " dies"));
  part(machine);
  machine.alive = false;
  machine.drivers.clear();
  ++seen["deaths of nodes"];
}

// Of what is on its way some arrives.
void History::part(Machine& machine) {
  if (!machine.session && !machine.joins) return;
  note(str("node ", machine.offer.name, " parts"));
  while (!machine.to_node.empty() && chance(50)) deliver_to_node(machine);
  while (!machine.to_head.empty() && chance(50)) deliver_to_head(machine);
  machine.session = false;
  machine.joins.reset();
  machine.to_node.clear();
  machine.to_head.clear();
  for (Driver& driver : machine.drivers) driver.telling = false;
  if (chance(60)) notice(machine);
}

void History::notice(Machine& machine) {
  if (machine.session || !machine.connected) return;
  note(str("the head notices that ", machine.offer.name, " is away"));
  machine.connected = false;
  machine.since = wall();
  head_->disconnected(machine.known, wall());
  for (Call& call : calls_)
    if (call.machine == machine.offer.name && call.state == Call::State::open)
      call.state = Call::State::failed;
  act();
}

void History::dial(Machine& machine) {
  if (!machine.alive || machine.session || machine.joins) return;
  machine.joins.emplace();
  for (const Driver& driver : machine.drivers)
    machine.joins->push_back(
        {driver.job, driver.attempt, driver.alive ? 7 : 0, !driver.alive, driver.end});
  note(str("node ", machine.offer.name, " dials with ", machine.joins->size(), " drivers"));
}

void History::hear_join(Machine& machine) {
  if (!machine.joins) return;
  JoinCluster offer = machine.offer;
  offer.drivers = *std::exchange(machine.joins, std::nullopt);
  bool another = machine.connected && machine.known != offer.process;
  note(str("node ", offer.name, " joins"));
  if (random_.below(4) == 0 && !machine.connected) {
    // Somebody else who takes the name, of a machine that has no run directories.
    JoinCluster stranger = far_node(offer.name, offer.process + 0x10000000);
    bool drives = std::any_of(head_->jobs().begin(), head_->jobs().end(), [&](const auto& each) {
      return !over(each.second.state) && each.second.driver_node == offer.name;
    });
    if (drives) {
      ++seen["strangers"];
      try {
        head_->joined(stranger, wall());
        require(false, "a stranger does not pass for a driver's node");
      } catch (const Error& error) {
        require(error.errc() == Errc::refused, error.text());
      }
    }
  }
  try {
    head_->joined(offer, wall());
  } catch (const Error& error) {
    require(another && error.errc() == Errc::refused, str("who may join does: ", error.text()));
    return;
  }
  require(!another, "no second node of a name joins");
  for (Call& call : calls_)  // whose session was replaced
    if (call.machine == offer.name && call.state == Call::State::open)
      call.state = Call::State::failed;
  machine.session = machine.connected = true;
  machine.leaving = false;
  machine.known = offer.process;
  machine.since = wall();
  ++seen["joins"];
  act();
}

// ---- what is on its way ------------------------------------------------------------------------

void History::deliver(Machine& machine) {
  bool first = chance(50);
  if (first && !machine.to_node.empty()) return deliver_to_node(machine);
  if (!machine.to_head.empty()) return deliver_to_head(machine);
  if (!machine.to_node.empty()) return deliver_to_node(machine);
  if (!machine.session) return;
  for (Driver& driver : machine.drivers) {
    if (driver.alive || driver.telling) continue;
    driver.telling = true;
    machine.to_head.push_back({.what = ToHead::What::ended,
        .job = driver.job,
        .attempt = driver.attempt,
        .end = driver.end});
  }
}

void History::deliver_to_node(Machine& machine) {
  ToNode order = machine.to_node.front();
  machine.to_node.pop_front();
  if (order.what == ToNode::What::start) return start_driver(machine, order);
  for (auto driver = machine.drivers.begin(); driver != machine.drivers.end(); ++driver) {
    if (driver->job != order.job || driver->attempt != order.attempt) continue;
    if (order.what == ToNode::What::noted) {
      machine.drivers.erase(driver);
      return;
    }
    if (order.what == ToNode::What::seat) {
      if (!driver->alive || chance(healed_ ? 0 : 20)) return;
      for (const WorkerSeat& seat : order.seats) driver->seats[seat.worker] = seat.node;
      machine.to_head.push_back({.what = ToHead::What::seated,
          .job = order.job,
          .attempt = order.attempt,
          .number = order.number});
      return;
    }
    driver->stopping = true;
    driver->since = now_;
    return;
  }
}

void History::start_driver(Machine& machine, const ToNode& order) {
  auto answer = [&](bool started) {
    machine.to_head.push_back({.job = order.job, .attempt = order.attempt, .done = started});
  };
  for (Driver& other : machine.drivers) {
    if (other.job != order.job) continue;
    if (other.attempt == order.attempt) return answer(true);
    if (!other.alive) continue;
    ++seen["earlier attempts that had not ended"];
    end_driver(machine, other, killed());
    return answer(false);
  }
  if (chance(healed_ ? 0 : 10)) return answer(false);
  note(str("driver ", order.job, "/", order.attempt, " begins on ", machine.offer.name));
  machine.drivers.push_back({.job = order.job, .attempt = order.attempt, .since = now_});
  for (const WorkerSeat& seat : order.seats) machine.drivers.back().seats[seat.worker] = seat.node;
  ++seen["drivers"];
  answer(true);
}

void History::deliver_to_head(Machine& machine) {
  ToHead notice = machine.to_head.front();
  machine.to_head.pop_front();
  if (notice.what == ToHead::What::ended) {
    note(str("the head hears that ", notice.job, "/", notice.attempt, " ended"));
    head_->driver_ended(notice.job, notice.attempt, notice.end, wall());
    act();
    if (machine.session)
      machine.to_node.push_back({ToNode::What::noted, notice.job, notice.attempt});
    return;
  }
  if (notice.what == ToHead::What::leaves) {
    machine.leaving = true;
    head_->leaves(machine.known);
    return act();
  }
  if (notice.what == ToHead::What::seated) {
    head_->seated({notice.job, notice.attempt, notice.number});
    ++seen["workers seated"];
    return;
  }
  for (Call& call : calls_)
    if (call.machine == machine.offer.name && call.job == notice.job &&
        call.attempt == notice.attempt && call.state == Call::State::open)
      call.state = notice.done ? Call::State::started : Call::State::failed;
}

// ---- drivers -----------------------------------------------------------------------------------

void History::end_driver() {
  Machine& machine = any_machine();
  if (machine.drivers.empty()) return;
  Driver& driver = machine.drivers[random_.below(machine.drivers.size())];
  if (!driver.alive) return;
  ProcessEnd ends[] = {killed(), killed(), exited(0), exited(3, {"tram: no"}), exited(130)};
  end_driver(machine, driver, driver.stopping && chance(70) ? exited(130) : ends[random_.below(5)]);
}

void History::end_driver(Machine& machine, Driver& driver, ProcessEnd end) {
  note(str(
      "driver ", driver.job, "/", driver.attempt, " on ", machine.offer.name, " ", end.end.text()));
  driver.alive = false;
  driver.end = std::move(end);
}

}  // namespace tramontane
