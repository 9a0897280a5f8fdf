#include "runtime/cluster/cluster_host.h"

#include "runtime/actor/pool.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/process_limits.h"
#include "runtime/cluster/driver_actor.h"
#include "runtime/cluster/seats.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"
#include "runtime/node/handover.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration node_silence = 8s;  // of another node: it is lost

class ClusterWorker final : public HostedWorker {
 public:
  ClusterWorker(System& system, ActorRef actor, std::shared_ptr<Seats> seats, ProcessId process)
      : system_(system), actor_(std::move(actor)), seats_(std::move(seats)), process_(process) {}

  ~ClusterWorker() override {
    if (!ended()) kill();
    seats_->remove(process_);
  }

  ProcessId process() const { return process_; }

  int pid() const override { return known().pid; }

  std::string where() const override {
    Seats::Worker worker = known();
    if (worker.node.empty()) return "not placed yet";
    return str(worker.pid == 0 ? "" : str("pid ", worker.pid, " "), "on node ", worker.node);
  }

  std::string waiting_for() const override { return known().waiting_for; }

  std::string leaves_for() const override { return known().leaves_for; }

  std::optional<ChildEnd> ended() override { return known().end; }

  void kill() override { std::ignore = system_.try_send(actor_, EndWorker{process_}); }

 private:
  Seats::Worker known() const { return seats_->find(process_).value_or(Seats::Worker{}); }

  System& system_;
  const ActorRef actor_;
  const std::shared_ptr<Seats> seats_;
  const ProcessId process_;
};

ProcessId process_of(HostedWorker& worker) {
  return static_cast<ClusterWorker&>(worker).process();
}

}  // namespace

class ClusterHost::State {
 public:
  State(System& s, Options o)
      : system(s),
        setup(std::move(o.setup)),
        links(dynamic_cast<ThreadPool&>(s.pool("link"))),
        remote(std::make_shared<RemoteActors>(s, setup.number)),
        handover_(std::move(o.handover)) {
    ActorRef node = remote->add({setup.node_actor, "node/" + setup.node_name, setup.node, 1});
    actor = system.spawn({.name = "driver",
                             .kind = "driver",
                             .mailbox = {.messages = 4096},
                             .id = speaker_of(setup.number)},
        [this, node] { return std::make_unique<DriverActor>(setup, node, seats); });
    remote->on_session_end([this](ProcessId process, const std::string& why) {
      std::ignore = system.try_send(actor, NodeLost{process, why});
    });
    open(setup.node, setup.node_name, std::move(o.node));
    meeting_ = start_thread("the thread that meets others", [this] { meet(); });
  }

  ~State() { end(); }

  void end() {
    over_ = true;
    if (meeting_.joinable()) meeting_.join();
    remote->end("the job has ended");
  }

  // From an actor's thread, so that it does not wait. False where there is no room.
  template <class M>
  bool order(M message) {
    auto sent = system.try_send(actor, std::move(message));
    if (!sent)
      system.log().write(
          Level::error, "driver", "an order is lost", {{"reason", sent.error().text}});
    return sent.has_value();
  }

  void open(ProcessId process, const std::string& name, LinkSocket socket) {
    SessionOptions options;
    options.beat = 1s;
    remote->connect(process, name, socket_link(links, std::move(socket)), options);
  }

  System& system;
  const DriverSetup setup;
  ThreadPool& links;
  const std::shared_ptr<Seats> seats = std::make_shared<Seats>();
  const std::shared_ptr<RemoteActors> remote;  // nodes
  ActorRef actor;

 private:
  // New sockets, until the end.
  void meet() {
    while (!over_) {
      listen();
      Handover::Given given;
      switch (handover_.take(100ms, given)) {
        case Handover::Taken::nothing:
          continue;
        case Handover::Taken::peer_gone:
          // The node is gone, and with it this process (die_with_parent()).
          std::this_thread::sleep_for(100ms);
          continue;
        case Handover::Taken::something:
          break;
      }
      auto introduction = decode_introduction(given.introduction);
      if (!introduction) continue;
      if (auto connection = seats->take(introduction->process))
        connection->attach(socket_link(links, std::move(given.socket)));
      else if (!introduction->actors.empty() && introduction->process >= 0x80000000)
        meet_node(*introduction, std::move(given.socket));
    }
  }

  // A node that was stopped, or whose machine was, keeps its connection and says nothing.
  void listen() {
    for (ProcessId node : met_) {
      auto silence = remote->silence(node);
      if (silence && *silence > node_silence) remote->disconnect(node, "nothing was heard of it");
    }
  }

  void meet_node(const Introduction& introduction, LinkSocket socket) {
    met_.insert(introduction.process);
    ActorRef node = remote->add(introduction.actors.front());
    open(introduction.process, introduction.peer, std::move(socket));
    order(NodeConnected{introduction.peer, introduction.process, node});
  }

  Handover handover_;
  std::set<ProcessId> met_;  // by the thread alone; the driver's own node is not among them
  std::atomic<bool> over_{false};
  std::thread meeting_;
};

ClusterHost::ClusterHost(System& system, Options options)
    : state_(std::make_unique<State>(system, std::move(options))) {}

ClusterHost::~ClusterHost() = default;

std::unique_ptr<HostedWorker> ClusterHost::start(const WorkerSetup& setup) {
  State& s = *state_;
  s.seats->add(setup.process, {.name = setup.name, .waiting_for = "its node"});
  if (!s.order(LaunchWorker{setup.process, setup.name, encode_setup(setup)}))
    s.seats->change(setup.process, [](Seats::Worker& worker) {
      worker.end = ChildEnd{.exit_code = 70, .instead = "could not be started: too many orders"};
    });
  return std::make_unique<ClusterWorker>(s.system, s.actor, s.seats, setup.process);
}

void ClusterHost::connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
    const Introduction& to_other) {
  state_->order(ConnectPair{process_of(one), encode_introduction(to_one), process_of(other),
      encode_introduction(to_other)});
}

std::unique_ptr<Link> ClusterHost::connect(HostedWorker& worker, const Introduction& to_worker) {
  ProcessId process = process_of(worker);
  auto connection = std::make_shared<LaterLink::Connection>(state_->system.clock());
  state_->seats->expect(process, connection);
  Introduction to_us{.process = process, .peer = "a worker"};
  state_->order(
      ConnectPair{0, encode_introduction(to_us), process, encode_introduction(to_worker)});
  return std::make_unique<LaterLink>(connection);
}

std::vector<std::string> ClusterHost::last_lines(const std::string& worker) const {
  return state_->seats->lines(worker);
}

void ClusterHost::end() {
  state_->end();
}

Duration ClusterHost::handshake() const {
  return std::chrono::hours(24);  // until it is placed: the agent sees to workers that stand still
}

}  // namespace tramontane
