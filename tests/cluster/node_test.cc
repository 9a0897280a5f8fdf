// A node over real sockets: who visits it, and what becomes of what it was asked for.
#include "runtime/actor/pool.h"
#include "runtime/actor/system.h"
#include "runtime/cluster/node_process.h"
#include "runtime/link/dial.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"
#include "runtime/link/tcp_server.h"
#include "runtime/node/messages.h"
#include "tests/node/processes.h"

#include <csignal>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

AccessToken token_of_test() {
  AccessToken token{};
  token.fill(std::byte{5});
  return token;
}

// A process of a cluster: a system whose first actor others talk to.
struct Member {
  explicit Member(ProcessId own)
      : number(own),
        log(clock, {.terminal = Level::off}),
        system({.pools = {{"main", 1}, {"link", 1}},
            .clock = &clock,
            .log = &log,
            .first_id = speaker_of(own) + 1}),
        links(dynamic_cast<ThreadPool&>(system.pool("link"))),
        remote(std::make_shared<RemoteActors>(system, own)) {
    system.attach(remote);
  }

  ~Member() { remote->end("the test ends"); }

  ActorRef meet(const Greeting& peer, LinkSocket socket) {
    ActorRef actor = remote->add({peer.actor, str(peer.role, "/", peer.process), peer.process, 1});
    remote->connect(peer.process, peer.name, socket_link(links, std::move(socket)));
    return actor;
  }

  const ProcessId number;
  RealClock clock;
  Log log;
  System system;
  ThreadPool& links;
  std::shared_ptr<RemoteActors> remote;
};

struct PleaseStart {
  using Reply = ProcessStarted;
  ActorRef node;
  StartWorker order;
};

struct PleaseKill {
  ActorRef node;
  ProcessId process = 0;
};

struct Heard {
  std::mutex mutex;
  std::vector<WorkerGone> gone;
};

class DriverStandIn final : public Actor {
 public:
  explicit DriverStandIn(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {
    handle(&DriverStandIn::start_worker);
    handle(&DriverStandIn::kill_worker);
    handle(&DriverStandIn::gone);
  }

 private:
  Task<Answer<ProcessStarted>> start_worker(PleaseStart request) {
    StartWorker order = std::move(request.order);
    co_return co_await ask(request.node, order, 5s, "a worker to be started");
  }

  void kill_worker(PleaseKill request) {
    std::ignore = try_send(request.node, KillWorker{request.process});
  }

  void gone(WorkerGone notice) {
    std::lock_guard lock(heard_->mutex);
    heard_->gone.push_back(std::move(notice));
  }

  const std::shared_ptr<Heard> heard_;
};

struct Node {
  explicit Node(std::string head = "")
      : process({.offer = {.name = "n"},
            .head = [head] { return head; },
            .token = token_of_test(),
            .home = home.path(),
            .terminal = Level::off}),
        address(TcpAddress::parse(process.address()).value()) {}

  // Says what it wants, and is let in or not.
  Dialed visit(Greeting own) const { return dial(address, token_of_test(), own, 5s).value(); }

  TempFolder home;
  NodeProcess process;
  TcpAddress address;
};

struct Driver : Member {
  explicit Driver(const Node& node) : Member(draw_driver_number()) {
    actor = system.spawn<DriverStandIn>({.name = "driver", .id = speaker_of(number)}, heard);
    VisitPurpose purpose{.driver = number, .job = 7, .actor = speaker_of(number)};
    Dialed dialed =
        node.visit({.role = "visit", .name = "job 7", .purpose = encode_purpose(purpose)});
    there = meet(dialed.peer, std::move(dialed.socket));
  }

  Answer<ProcessStarted> start(ProcessId process, Bytes setup) {
    return system.ask(actor, PleaseStart{there, {process, std::move(setup)}}, 10s);
  }

  Answer<ProcessStarted> start(const Node& node, ProcessId process) {
    return start(process,
        encode_setup(
            {.name = str("w/", process), .process = process, .folder = node.home.path() + "/run"}));
  }

  std::shared_ptr<Heard> heard = std::make_shared<Heard>();
  ActorRef actor;
  ActorRef there;
};

// A head that refuses so many times who wants to join.
class DoorKeeper final : public Actor {
 public:
  struct Joins {
    std::mutex mutex;
    std::vector<Time> when;
  };

  DoorKeeper(int refusals, std::shared_ptr<Joins> joins)
      : refusals_(refusals), joins_(std::move(joins)) {
    handle(&DoorKeeper::join);
  }

 private:
  Answer<Welcomed> join(JoinCluster) {
    std::lock_guard lock(joins_->mutex);
    joins_->when.push_back(now());
    if (refusals_-- > 0) return Failure{Errc::refused, "there is a node \"n\" already"};
    return Welcomed{1};
  }

  int refusals_;
  const std::shared_ptr<Joins> joins_;
};

bool is_gone(int pid) {
  return soon([&] { return state_of(pid) == '-'; });
}

}  // namespace

namespace tramontane {

template <>
struct Codec<PleaseStart> : LocalCodec<PleaseStart> {};

template <>
struct Codec<PleaseKill> : LocalCodec<PleaseKill> {};

}  // namespace tramontane

TEST_CASE("a worker runs until its driver says otherwise, and the driver hears how it ended") {
  Node node;
  Driver driver(node);
  auto first = driver.start(node, 3);
  auto second = driver.start(node, 4);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(state_of(first->pid) != '-');
  std::ignore = driver.system.try_send(driver.actor, PleaseKill{driver.there, 3});
  CHECK(soon([&] {
    std::lock_guard lock(driver.heard->mutex);
    return driver.heard->gone.size() == 1;
  }));
  std::lock_guard lock(driver.heard->mutex);
  CHECK(driver.heard->gone[0].process == 3);
  CHECK(driver.heard->gone[0].end.end.signal == SIGKILL);
  CHECK(state_of(second->pid) != '-');
  CHECK(is_gone(first->pid));
}

TEST_CASE("a driver whose session ends has its workers killed, and those of others live on") {
  Node node;
  Driver other(node);
  auto stays = other.start(node, 3);
  REQUIRE(stays.has_value());
  int pid = 0;
  {
    Driver driver(node);
    auto started = driver.start(node, 3);
    REQUIRE(started.has_value());
    pid = started->pid;
    CHECK(state_of(pid) != '-');
  }
  CHECK(is_gone(pid));
  CHECK(state_of(stays->pid) != '-');
}

TEST_CASE("visitors who make no sense are dropped, and harm nobody") {
  Node node;
  Driver driver(node);
  VisitPurpose knock{.driver = draw_driver_number(), .job = 9, .process = 3};
  VisitPurpose worker{.driver = driver.number, .job = 7, .process = 99};
  worker.introduction = knock.introduction = Bytes(17, std::byte{0xEE});
  std::vector<Dialed> visits;
  for (const Greeting& greeting :
      {Greeting{.role = "visit", .name = "x", .purpose = Bytes(33, std::byte{0xFF})},
          Greeting{.role = "visit", .name = "x"}, Greeting{.role = "client", .name = "x"},
          Greeting{.role = "", .name = "", .purpose = encode_purpose(knock)},
          Greeting{.role = "visit", .name = "x", .purpose = encode_purpose(knock)},
          Greeting{.role = "visit", .name = "x", .purpose = encode_purpose(worker)}})
    visits.push_back(node.visit(greeting));
  auto nonsense = driver.start(5, Bytes(40, std::byte{0xAA}));
  REQUIRE(!nonsense.has_value());
  CHECK(nonsense.error().code == Errc::bad_input);
  CHECK(driver.start(node, 3).has_value());
}

TEST_CASE("a node that is refused asks again after a while, not at once") {
  Member head(head_process);
  auto joins = std::make_shared<DoorKeeper::Joins>();
  ActorRef actor =
      head.system.spawn<DoorKeeper>({.name = "head", .id = speaker_of(head_process)}, 2, joins);
  TcpServer server(head.links, listen_tcp({"127.0.0.1", 0}),
      {.token = token_of_test(),
          .own = {.role = "head",
              .process = head_process,
              .actor = speaker_of(head_process),
              .name = "head"}},
      {.peer = [&](Greeting peer, LinkSocket socket) { head.meet(peer, std::move(socket)); }});
  server.start();
  Node node(server.bound().text());
  Driver driver(node);  // the node works meanwhile
  CHECK(driver.start(node, 3).has_value());
  REQUIRE(soon([&] {
    std::lock_guard lock(joins->mutex);
    return joins->when.size() == 3;
  }));
  server.stop();
  std::lock_guard lock(joins->mutex);
  for (std::size_t i = 1; i < 3; ++i) CHECK(joins->when[i] - joins->when[i - 1] > 800ms);
}
