#include "runtime/cluster/driver_actor.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration looks_every = 50ms;
constexpr Duration meets_every = 1s;
constexpr Duration node_patience = 10s;

}  // namespace

struct DriverActor::Node {
  std::string address;
  ProcessId process = 0;
  ActorRef actor;
  bool connected = false;
  Time next_meeting{};
  std::string why;  // why there is no session
};

struct DriverActor::Worker {
  std::string name;
  Bytes setup;
  std::string address;  // of its node, once it was ordered there
  bool ordered = false;
  Pending<StartWorker> starting;
  Time next_seat{};
};

DriverActor::DriverActor(DriverSetup setup, ActorRef own_node, std::shared_ptr<Seats> seats)
    : setup_(std::move(setup)), own_node_(std::move(own_node)), seats_(std::move(seats)) {
  handle(&DriverActor::launch);
  handle(&DriverActor::end_worker);
  handle(&DriverActor::connect_pair);
  handle(&DriverActor::node_connected);
  handle(&DriverActor::node_lost);
  handle(&DriverActor::worker_gone);
  handle(&DriverActor::meeting_failed);
  handle(&DriverActor::seat_workers);
  handle(&DriverActor::found_seat);
  handle(&DriverActor::tick);
  for (const WorkerSeat& seat : setup_.start.seats) places_[seat.worker] = seat;
}

DriverActor::~DriverActor() = default;

Task<void> DriverActor::start() {
  Node& own = node_at(setup_.node_address);
  own.process = setup_.node;
  own.actor = own_node_;
  own.connected = true;
  after(looks_every, DriverTick{});
  co_return;
}

DriverActor::Node& DriverActor::node_at(const std::string& address) {
  auto& node = nodes_[address];
  if (node == nullptr) {
    node = std::make_unique<Node>();
    node->address = address;
    node->why = "it is not met yet";
  }
  return *node;
}

// ---- orders of the host ------------------------------------------------------------------------

void DriverActor::launch(LaunchWorker order) {
  auto worker = std::make_unique<Worker>();
  worker->name = order.name;
  worker->setup = std::move(order.setup);
  Worker& w = *worker;
  workers_[order.process] = std::move(worker);
  // One that the head does not know of is beside the driver.
  places_.try_emplace(order.name, WorkerSeat{order.name, setup_.node_name, setup_.node_address});
  advance(order.process, w);
}

void DriverActor::end_worker(EndWorker order) {
  auto worker = workers_.find(order.process);
  if (worker == workers_.end()) return;
  if (!worker->second->ordered)
    return ended(order.process, {.signalled = true, .signal = SIGKILL, .instead = "never began"});
  Node& node = node_at(worker->second->address);
  if (node.connected) std::ignore = try_send(node.actor, KillWorker{order.process});
}

void DriverActor::connect_pair(ConnectPair order) {
  if (!connect_now(order)) pairs_.push_back(std::move(order));
}

// False if it must wait for one of them.
bool DriverActor::connect_now(const ConnectPair& pair) {
  auto address_of = [&](ProcessId process) -> std::optional<std::string> {
    if (process == 0) return setup_.node_address;
    auto worker = workers_.find(process);
    if (worker == workers_.end()) return "";  // it has ended: nobody is left to be connected
    if (!worker->second->ordered) return std::nullopt;
    return worker->second->address;
  };
  auto one = address_of(pair.one);
  auto other = address_of(pair.other);
  if (!one || !other) return false;
  if (one->empty() || other->empty()) return true;
  Node& node = node_at(*one);
  if (!node.connected) return true;
  ConnectWorkers order{
      pair.one, pair.to_one, pair.other, pair.to_other, *one == *other ? "" : *other};
  auto sent = try_send(node.actor, std::move(order));
  return sent || sent.error().code != Errc::full;
}

// ---- nodes -------------------------------------------------------------------------------------

void DriverActor::node_connected(NodeConnected notice) {
  Node& node = node_at(notice.address);
  node.process = notice.process;
  node.actor = notice.actor;
  node.connected = true;
  advance();
}

void DriverActor::node_lost(NodeLost notice) {
  for (auto& [address, node] : nodes_) {
    if (node->process != notice.process || !node->connected) continue;
    node->connected = false;
    node->why = notice.why;
    node->next_meeting = tramontane::after(now(), meets_every);
    log(Level::warning, str("node ", address, " is lost"), {{"reason", notice.why}});
    std::vector<ProcessId> there;
    for (const auto& [process, worker] : workers_)
      if (worker->ordered && worker->address == address) there.push_back(process);
    for (ProcessId process : there)
      ended(process, {.signalled = true,
                         .signal = SIGKILL,
                         .instead = str("was lost with its node ", address, ": ", notice.why)});
  }
}

void DriverActor::meeting_failed(MeetingFailed notice) {
  Node& node = node_at(notice.address);
  if (!node.connected) node.why = notice.why;
}

void DriverActor::worker_gone(WorkerGone notice) {
  auto worker = workers_.find(notice.process);
  if (worker == workers_.end()) return;
  seats_->keep_lines(worker->second->name, std::move(notice.end.last_lines));
  ended(notice.process, notice.end.end);
}

void DriverActor::ended(ProcessId process, const ChildEnd& end) {
  workers_.erase(process);
  seats_->change(process, [&](Seats::Worker& worker) { worker.end = end; });
  if (auto connection = seats_->take(process)) connection->give_up(end.text());
}

// Their agent ends those in order that are elsewhere, and starts them again.
void DriverActor::seat_workers(SeatWorkers order) {
  if (order.job != setup_.start.job || order.attempt != setup_.start.attempt) return;
  bool seated = true;
  for (const WorkerSeat& seat : order.seats) {
    places_[seat.worker] = seat;
    for (const auto& [process, worker] : workers_) {
      if (worker->name != seat.worker || !worker->ordered || worker->address == seat.address)
        continue;
      seated = false;
      seats_->change(process, [&](Seats::Worker& w) {
        w.leaves_for = str("it moves from node ", w.node, " to node ", seat.node);
      });
    }
  }
  if (seated)
    std::ignore = try_send(own_node_, WorkersSeated{order.job, order.attempt, order.number});
}

void DriverActor::found_seat(FoundSeat found) {
  auto place = places_.find(found.worker);
  if (place == places_.end() || !found.waiting_for.empty() || found.address.empty()) return;
  if (found.address != place->second.address)
    log(Level::info, str("worker ", found.worker, " moves"),
        {{"from", place->second.node}, {"to", found.node}});
  place->second = {found.worker, found.node, found.address, found.devices};
}

// ---- starting workers --------------------------------------------------------------------------

void DriverActor::tick(DriverTick) {
  after(looks_every, DriverTick{});
  advance();
}

void DriverActor::advance() {
  std::vector<ProcessId> all;
  for (const auto& [process, worker] : workers_) all.push_back(process);
  for (ProcessId process : all) advance(process, *workers_.at(process));
  std::erase_if(pairs_, [&](const ConnectPair& pair) { return connect_now(pair); });
}

void DriverActor::advance(ProcessId process, Worker& worker) {
  if (worker.starting.ready()) {
    auto started = worker.starting.take();
    if (!started) {
      log(Level::error, str("worker ", worker.name, " cannot be started"),
          {{"reason", started.error().text}});
      return ended(process,
          {.exit_code = 70, .instead = str("could not be started: ", started.error().text)});
    }
    seats_->change(process, [&](Seats::Worker& w) { w.pid = started->pid; });
  }
  if (worker.ordered) return;
  look_for_seat(worker);
  const WorkerSeat& seat = places_.at(worker.name);
  Node& node = node_at(seat.address);
  if (!node.connected) {
    seats_->change(process, [&](Seats::Worker& w) {
      w.waiting_for = str("node ", seat.node, " (", seat.address, "): ", node.why);
    });
    if (now() < node.next_meeting) return;
    if (try_send(own_node_, MeetNode{seat.address}))
      node.next_meeting = tramontane::after(now(), meets_every);
    return;
  }
  worker.ordered = true;
  worker.address = seat.address;
  seats_->change(process, [&](Seats::Worker& w) {
    w.node = seat.node;
    w.waiting_for.clear();
  });
  StartWorker order{process, worker.setup, seat.devices};
  worker.starting = call(node.actor, give(order), node_patience, "a worker to be started");
}

// The head knows whether the node will come back, and what else there is.
void DriverActor::look_for_seat(Worker& worker) {
  const WorkerSeat& place = places_.at(worker.name);
  if (node_at(place.address).connected || now() < worker.next_seat) return;
  if (worker.next_seat == Time()) {  // it may be met in a moment
    worker.next_seat = tramontane::after(now(), meets_every);
    return;
  }
  worker.next_seat = tramontane::after(now(), meets_every);
  std::ignore = try_send(own_node_, SeekSeat{worker.name, place.node});
}

}  // namespace tramontane
