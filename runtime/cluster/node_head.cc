// What a node does for the head: it joins, runs drivers, and tells how they ended.

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/cluster/node_driver.h"
#include "runtime/link/socket_link.h"
#include "runtime/node/log_tail.h"
#include "runtime/node/worker.h"
#include "runtime/wire/blob.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t driver_lines = 50;
constexpr Duration head_patience = 5s;
constexpr Duration head_told_every = 60s;  // that it is not reached
constexpr Duration move_patience = 15s;    // of a node that ends, with workers that may move

}  // namespace

// ---- joining -----------------------------------------------------------------------------------

void NodeActor::see_to_head() {
  if (connected_ || dials_head_ || now() < next_dial_) return;
  std::string address = options_.head();
  next_dial_ = tramontane::after(now(), options_.join_again);
  if (address.empty()) return;
  dials_head_ = true;
  Greeting own{.role = "node",
      .process = options_.offer.process,
      .actor = self().id(),
      .name = options_.offer.name,
      .address = options_.offer.address};
  auto then = [this](Dialed made) {
    dials_head_ = false;
    if (made.peer.role != "head" || made.peer.process != head_process) {
      next_dial_ = tramontane::after(now(), options_.join_again);
      return log(Level::error, "who answers there is no head", {{"role", made.peer.role}});
    }
    connected_ = true;
    head_told_ = {};
    SessionOptions options;
    options.beat = 1s;
    remote_->connect(
        head_process, "the head", socket_link(links_, std::move(made.socket)), options);
    JoinCluster offer = options_.offer;
    offer.drivers = driver_states();
    join_ = call(head_, give(offer), head_patience, "the head to let this node in");
  };
  auto failed = [this](const std::string& why) {
    dials_head_ = false;
    if (now() < head_told_) return;
    head_told_ = tramontane::after(now(), head_told_every);
    log(Level::warning, "the head is not reached", {{"reason", why}});
  };
  dial_for(0, address, std::move(own), then, failed);
}

void NodeActor::joined() {
  if (!join_.ready()) return;
  auto welcomed = join_.take();
  member_ = welcomed.has_value();
  if (member_) return log(Level::info, "joined the cluster", {{"node", welcomed->node}});
  log(Level::error, "the head does not let this node in", {{"reason", welcomed.error().text}});
  remote_->disconnect(head_process, "it was not let in");
}

std::vector<DriverState> NodeActor::driver_states() const {
  std::vector<DriverState> states;
  for (const auto& [number, driver] : drivers_)
    if (driver->child)
      states.push_back({.job = driver->job,
          .attempt = driver->attempt,
          .pid = driver->child->pid(),
          .ended = driver->end.has_value(),
          .end = driver->end.value_or(ProcessEnd{})});
  return states;
}

// ---- drivers -----------------------------------------------------------------------------------

NodeActor::Driver* NodeActor::find_driver(std::uint64_t job, std::uint32_t attempt) {
  for (auto& [number, driver] : drivers_)
    if (driver->child && driver->job == job && driver->attempt == attempt) return driver.get();
  return nullptr;
}

Answer<ProcessStarted> NodeActor::start_driver(StartDriver order) {
  if (Driver* there = find_driver(order.job, order.attempt))
    return ProcessStarted{there->child->pid()};
  for (auto& [number, other] : drivers_) {
    if (!other->child || other->job != order.job || other->end) continue;
    other->child->kill_group(SIGKILL);
    return Failure{Errc::refused, "an earlier attempt has not ended yet"};
  }
  try {
    return ProcessStarted{run_driver(order)};
  } catch (const std::exception& error) {
    return Failure{Errc::io, error.what()};
  }
}

int NodeActor::run_driver(const StartDriver& order) {
  auto driver = std::make_unique<Driver>();
  Driver& d = *driver;
  d.number = draw_driver_number();
  d.job = order.job;
  d.attempt = order.attempt;
  d.name = str(order.name, " (job ", order.job, ")");
  std::filesystem::create_directories(options_.logs);
  d.log = str(options_.logs, "/job-", order.job, ".log");
  auto [ours, theirs] = handover_pair();
  auto [here, there] = socket_pair();
  DriverSetup setup{.start = order,
      .number = d.number,
      .node = options_.offer.process,
      .node_actor = self().id(),
      .node_name = options_.offer.name,
      .node_address = options_.offer.address};
  Blob memory = Blob::from_bytes(encode_driver_setup(setup));
  ChildOptions options{.command = options_.driver,
      .descriptors = {{theirs.get(), worker_handover}, {memory.descriptor(), worker_setup},
          {there.get(), worker_setup + 1}},
      .output = d.log};
  options.command.push_back(str("job-", order.job));
  d.child = Child::start(std::move(options));
  d.handover.emplace(std::move(ours));
  log(Level::info, str("driver of ", d.name, " began"),
      {{"pid", d.child->pid()}, {"attempt", d.attempt}});
  int pid = d.child->pid();
  open_driver(d, std::move(here), d.name, speaker_of(d.number));
  drivers_[d.number] = std::move(driver);
  return pid;
}

FilesChecked NodeActor::check_files(CheckFiles request) {
  FilesChecked checked;
  for (const FileCheck& file : request.files) {
    std::error_code error;
    std::uint64_t bytes = std::filesystem::file_size(file.path, error);
    if (error)
      checked.problems.push_back(str(file.path, ": ", error.message()));
    else if (bytes != file.bytes)
      checked.problems.push_back(
          str(file.path, " has ", bytes, " bytes, not ", file.bytes, " as where it was submitted"));
    else if (::access(file.path.c_str(), R_OK) != 0)
      checked.problems.push_back(str(file.path, ": it may not be read here"));
  }
  return checked;
}

void NodeActor::stop_driver(StopDriver order) {
  Driver* driver = find_driver(order.job, order.attempt);
  if (driver == nullptr || driver->end) return;
  if (!driver->kill_at) driver->child->kill(SIGTERM);
  driver->kill_at = tramontane::after(now(), order.patience);
}

// One that cannot be told now is told again: the head repeats it.
void NodeActor::seat_workers(SeatWorkers order) {
  Driver* driver = find_driver(order.job, order.attempt);
  if (driver != nullptr && driver->connected)
    std::ignore = try_send(driver->actor, std::move(order));
}

void NodeActor::workers_seated(WorkersSeated notice) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr || driver->job != notice.job || driver->attempt != notice.attempt) return;
  if (member_) std::ignore = try_send(head_, notice);
}

void NodeActor::look_after(Driver& driver) {
  look_after_workers(driver);
  if (!driver.child) return;
  if (driver.handover) driver.handover->flush();
  if (!driver.end) {
    if (driver.kill_at && now() >= *driver.kill_at) driver.child->kill_group(SIGKILL);
    auto end = driver.child->wait(Duration::zero());
    if (!end) return;
    driver.end = ProcessEnd{*end, log_tail(driver.log, driver_lines)};
    log(Level::info, str("driver of ", driver.name, " ", end->text()));
    drop_workers(driver, "it has ended");
    remote_->disconnect(driver.number, "it has ended");
  }
  tell_end(driver);
}

// Until the head has heard.
void NodeActor::tell_end(Driver& driver) {
  if (driver.telling.ready()) driver.told = driver.telling.take().has_value();
  if (driver.told || driver.telling.waiting() || !member_) return;
  DriverEnded ended{driver.job, driver.attempt, *driver.end};
  driver.telling = call(head_, give(ended), head_patience, "the head to take note");
}

void NodeActor::look_after_workers(Driver& driver) {
  for (auto worker = driver.workers.begin(); worker != driver.workers.end();) {
    auto end = worker->second.hosted->ended();
    if (!end) {
      ++worker;
      continue;
    }
    WorkerGone gone{worker->first, {*end, driver.host->last_lines(worker->second.name)}};
    log(Level::info, str("worker ", worker->second.name, " of ", driver.name, " ", end->text()));
    tell_gone(driver, std::move(gone));
    worker = driver.workers.erase(worker);
  }
}

// A driver that has no room is stuck; it is told all with the end of its session.
void NodeActor::tell_gone(Driver& driver, WorkerGone gone) {
  if (driver.connected && !try_send(driver.actor, std::move(gone)))
    remote_->disconnect(driver.number, "the driver does not take what it is told");
}

// A driver asks again until it has one.
void NodeActor::seek_seat(SeekSeat request) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr || driver->seeking.contains(request.worker)) return;
  if (!member_) {
    std::ignore = try_send(driver->actor,
        FoundSeat{.waiting_for = "the head, which is not reached", .worker = request.worker});
    return;
  }
  FindSeat find{driver->job, driver->attempt, request.worker, request.lost};
  driver->seeking[request.worker] = call(head_, give(find), head_patience, "a seat for a worker");
}

void NodeActor::hear_of_seats(Driver& driver) {
  for (auto seek = driver.seeking.begin(); seek != driver.seeking.end();) {
    if (!seek->second.ready()) {
      ++seek;
      continue;
    }
    auto answer = seek->second.take();
    FoundSeat found;
    if (answer)
      found = std::move(*answer);
    else
      found.waiting_for = str("the head: ", answer.error().text);
    found.worker = seek->first;
    if (driver.connected) std::ignore = try_send(driver.actor, std::move(found));
    seek = driver.seeking.erase(seek);
  }
}

void NodeActor::tick(NodeTick) {
  after(node_looks_every, NodeTick{});
  joined();
  see_to_head();
  for (auto driver = drivers_.begin(); driver != drivers_.end();) {
    Driver& d = *driver->second;
    hear_of_seats(d);
    look_after(d);
    bool over = d.child ? d.told : !d.connected && d.workers.empty();
    bool knocked = std::any_of(knocks_.begin(), knocks_.end(),
        [&](const Knock& knock) { return knock.driver == d.number; });
    if (!over || knocked) {
      ++driver;
      continue;
    }
    if (d.actor) remote_->gone(d.actor.id(), "its job has ended");
    driver = drivers_.erase(driver);
  }
  std::erase_if(knocks_, [&](const Knock& knock) { return now() >= knock.until; });
}

// Drivers end as when they are stopped, and what they have here with them. Workers of drivers
// elsewhere are given time to move, if there is a head that has other seats for them.
Task<void> NodeActor::leave(LeaveCluster order) {
  Time deadline = tramontane::after(now(), order.patience);
  Time moved_by = tramontane::after(now(), std::min(order.patience, move_patience));
  for (auto& [number, driver] : drivers_)
    if (driver->child && !driver->end) driver->child->kill(SIGTERM);
  NodeLeaves notice;
  bool move = member_ && (co_await ask(head_, notice, 1s, "the head to take note")).has_value();
  auto busy = [&] {
    return std::any_of(drivers_.begin(), drivers_.end(), [&](const auto& each) {
      const Driver& driver = *each.second;
      if (driver.child) return !driver.end.has_value();
      return move && !driver.workers.empty() && now() < moved_by;
    });
  };
  while (busy() && now() < deadline) {
    for (auto& [number, driver] : drivers_) look_after(*driver);
    co_await sleep(20ms, "drivers to end");
  }
  drivers_.clear();
}

}  // namespace tramontane
