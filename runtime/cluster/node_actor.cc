// What a node does for drivers, and who visits it. What it does for the head: node_head.cc.

#include "runtime/cluster/node_actor.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/cluster/node_driver.h"
#include "runtime/cluster/resources.h"
#include "runtime/link/socket_link.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tramontane {

NodeActor::NodeActor(
    NodeOptions options, std::shared_ptr<RemoteActors> remote, ThreadPool& links, ActorRef dialer)
    : options_(std::move(options)),
      remote_(std::move(remote)),
      links_(links),
      dialer_(std::move(dialer)) {
  handle(&NodeActor::start_worker);
  handle(&NodeActor::kill_worker);
  handle(&NodeActor::connect_workers);
  handle(&NodeActor::meet_node);
  handle(&NodeActor::seek_seat);
  handle(&NodeActor::start_driver);
  handle(&NodeActor::check_files);
  handle(&NodeActor::stop_driver);
  handle(&NodeActor::seat_workers);
  handle(&NodeActor::workers_seated);
  handle(&NodeActor::visit);
  handle(&NodeActor::dialed);
  handle(&NodeActor::lost);
  handle(&NodeActor::leave);
  handle(&NodeActor::tick);
}

NodeActor::~NodeActor() = default;

Task<void> NodeActor::start() {
  head_ = remote_->add(
      {.id = speaker_of(head_process), .name = "head", .process = head_process, .incarnation = 1});
  after(node_looks_every, NodeTick{});
  see_to_head();
  co_return;
}

NodeActor::Driver* NodeActor::driver_of_sender() {
  auto found = drivers_.find(numbered_by(sender().id()));
  return found == drivers_.end() || !found->second->connected ? nullptr : found->second.get();
}

// ---- workers -----------------------------------------------------------------------------------

Answer<ProcessStarted> NodeActor::start_worker(StartWorker order) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr) return Failure{Errc::refused, "a worker for nobody who is known here"};
  auto setup = decode_setup(order.setup);
  if (!setup) return Failure{Errc::bad_input, "a worker's setup that makes no sense"};
  if (driver->host == nullptr) {
    driver->folder = setup->folder;
    driver->host =
        std::make_unique<ProcessHost>(system(), ProcessHost::Options{.folder = driver->folder});
  }
  Driver::Worker worker{setup->name, nullptr};
  try {
    worker.hosted = driver->host->start(*setup, device_environment(order.devices));
  } catch (const std::exception& error) {
    return Failure{Errc::io, error.what()};
  }
  int pid = worker.hosted->pid();
  log(Level::info, str("worker ", setup->name, " of ", driver->name, " began"),
      {{"pid", pid}, {"process", order.process}});
  driver->workers[order.process] = std::move(worker);
  auto knocks = std::exchange(knocks_, {});
  for (Knock& knock : knocks)
    if (knock.driver == driver->number && knock.process == order.process)
      introduce(*driver, knock.process, knock.introduction, std::move(knock.socket));
    else
      knocks_.push_back(std::move(knock));
  return ProcessStarted{pid};
}

void NodeActor::kill_worker(KillWorker order) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr) return;
  auto worker = driver->workers.find(order.process);
  if (worker != driver->workers.end()) worker->second.hosted->kill();
}

void NodeActor::introduce(
    Driver& driver, ProcessId process, const Bytes& introduction, LinkSocket socket) {
  if (process == 0) {
    if (driver.handover) driver.handover->give(introduction, std::move(socket));
    return;
  }
  auto worker = driver.workers.find(process);
  auto decoded = decode_introduction(introduction);
  if (!decoded) return;
  if (worker != driver.workers.end())
    return ProcessHost::give(*worker->second.hosted, *decoded, std::move(socket));
  knocks_.push_back({.driver = driver.number,
      .process = process,
      .introduction = introduction,
      .socket = std::move(socket),
      .until = tramontane::after(now(), knock_patience)});
}

void NodeActor::connect_workers(ConnectWorkers order) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr) return;
  if (order.other_address.empty()) {
    auto ends = socket_pair();
    introduce(*driver, order.one, order.to_one, std::move(ends.first));
    introduce(*driver, order.other, order.to_other, std::move(ends.second));
    return;
  }
  VisitPurpose purpose{.driver = driver->number,
      .job = driver->job,
      .process = order.other,
      .introduction = std::move(order.to_other)};
  Greeting own{.role = "visit", .name = options_.offer.name, .purpose = encode_purpose(purpose)};
  ProcessId number = driver->number;
  auto then = [this, number, one = order.one, to_one = std::move(order.to_one)](Dialed made) {
    auto found = drivers_.find(number);
    if (found != drivers_.end()) introduce(*found->second, one, to_one, std::move(made.socket));
  };
  auto failed = [this, name = driver->name, address = order.other_address](const std::string& why) {
    log(Level::warning, str("workers of ", name, " are not connected"),
        {{"to", address}, {"reason", why}});
  };
  dial_for(driver->job, order.other_address, std::move(own), then, failed);
}

// The driver's own session to another node: with an introduction of that node's actor.
void NodeActor::meet_node(MeetNode order) {
  Driver* driver = driver_of_sender();
  if (driver == nullptr) return;
  VisitPurpose purpose{
      .driver = driver->number, .job = driver->job, .actor = speaker_of(driver->number)};
  Greeting own{.role = "visit", .name = driver->name, .purpose = encode_purpose(purpose)};
  ProcessId number = driver->number;
  auto then = [this, number, address = order.address](Dialed made) {
    auto found = drivers_.find(number);
    if (found == drivers_.end()) return;
    Introduction node{.process = made.peer.process,
        .peer = address,
        .actors = {{made.peer.actor, "node/" + made.peer.name, made.peer.process, 1}}};
    introduce(*found->second, 0, encode_introduction(node), std::move(made.socket));
  };
  auto failed = [this, number, address = order.address](const std::string& why) {
    auto found = drivers_.find(number);
    if (found != drivers_.end() && found->second->actor)
      std::ignore = try_send(found->second->actor, MeetingFailed{address, why});
  };
  dial_for(driver->job, order.address, std::move(own), then, failed);
}

void NodeActor::dial_for(std::uint64_t job, std::string address, Greeting own,
    std::function<void(Dialed)> then, std::function<void(const std::string&)> failed) {
  std::uint64_t request = ++requests_;
  dialing_[request] = {std::move(then), std::move(failed)};
  auto sent = try_send(dialer_, PleaseDial{request, std::move(address), std::move(own)});
  if (sent) return;
  log(Level::warning, "too many connections are being made", {{"job", job}});
  dialing_[request].failed(sent.error().text);
  dialing_.erase(request);
}

void NodeActor::dialed(HasDialed answer) {
  auto found = dialing_.find(answer.request);
  if (found == dialing_.end()) return;
  Dialing call = std::move(found->second);
  dialing_.erase(found);
  if (answer.dialed != nullptr)
    call.then(std::move(*answer.dialed));
  else
    call.failed(answer.why);
}

// ---- visitors ----------------------------------------------------------------------------------

void NodeActor::open_driver(
    Driver& driver, LinkSocket socket, const std::string& name, ActorId actor) {
  driver.actor = remote_->add({.id = actor,
      .name = str("driver/", driver.number),
      .process = driver.number,
      .incarnation = 1});
  driver.connected = true;
  SessionOptions options;
  options.beat = std::chrono::seconds(1);
  remote_->connect(driver.number, name, socket_link(links_, std::move(socket)), options);
}

void NodeActor::visit(Visit visit) {
  auto purpose = decode_purpose(visit.peer.purpose);
  if (visit.peer.role != "visit" || !purpose) {
    log(Level::warning, "a visitor who wants nothing that a node has",
        {{"role", visit.peer.role}, {"name", visit.peer.name}});
    return;
  }
  auto& driver = drivers_[purpose->driver];
  if (driver == nullptr) {
    driver = std::make_unique<Driver>();
    driver->number = purpose->driver;
    driver->job = purpose->job;
    driver->name = purpose->actor != 0 ? visit.peer.name : str("job ", purpose->job);
  }
  if (purpose->actor != 0) {
    driver->name = visit.peer.name;
    return open_driver(*driver, std::move(*visit.socket), visit.peer.name, purpose->actor);
  }
  introduce(*driver, purpose->process, purpose->introduction, std::move(*visit.socket));
}

void NodeActor::lost(SessionLost notice) {
  if (notice.process == head_process) {
    // One that has let this node in may be there again; one that did not is not pestered.
    next_dial_ = member_ ? now() : tramontane::after(now(), options_.join_again);
    connected_ = member_ = false;
    log(Level::warning, "the head is gone: jobs go on", {{"reason", notice.why}});
    return;
  }
  auto found = drivers_.find(notice.process);
  if (found == drivers_.end()) return;
  Driver& driver = *found->second;
  driver.connected = false;
  drop_workers(driver, notice.why);
  // It comes to its end, for which it has no more use for a node.
  if (driver.child && !driver.end && !driver.kill_at)
    driver.kill_at = tramontane::after(now(), driver_patience);
}

// Whoever decides about them is gone.
void NodeActor::drop_workers(Driver& driver, const std::string& why) {
  if (!driver.workers.empty())
    log(Level::warning, str("the workers of ", driver.name, " are killed: its driver is gone"),
        {{"workers", driver.workers.size()}, {"reason", why}});
  driver.workers.clear();
  driver.host.reset();
}

}  // namespace tramontane
