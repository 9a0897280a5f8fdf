#include "runtime/cluster/node_process.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/tcp_server.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration dial_patience = 3s;
constexpr int dialers = 2;

// A node that has failed ends, and is started again by whoever keeps it: what counts is elsewhere.
void end_with(const ExitRecord& record) {
  print_error("tram", str("the ", record.name, " has failed: ", record.text));
  ::_exit(1);
}

}  // namespace

class NodeProcess::State {
 public:
  explicit State(Options options)
      : log(clock, {.terminal = options.terminal, .path = log_path(options)}),
        number(draw_node_number()),
        system({.pools = {{"main", 1}, {"link", 1}, {"dial", dialers}},
            .clock = &clock,
            .log = &log,
            .first_id = speaker_of(number) + 1,
            .on_escalation = end_with}),
        links(dynamic_cast<ThreadPool&>(system.pool("link"))),
        remote(std::make_shared<RemoteActors>(system, number)) {
    system.attach(remote);
    TcpListener listener = listen_tcp(options.listen);
    TcpAddress reached = listener.bound;
    if (!options.advertise.empty()) reached.host = options.advertise;
    address = reached.text();
    Greeting own{.role = "node",
        .process = number,
        .actor = speaker_of(number),
        .name = options.offer.name,
        .address = address};
    server.emplace(links, std::move(listener), options.token, own,
        TcpServer::Events{.peer =
                              [this](Greeting peer, Descriptor socket) {
                                std::ignore = system.try_send(
                                    actor, Visit{std::move(peer),
                                               std::make_shared<Descriptor>(std::move(socket))});
                              },
            .refused =
                [this](const std::string& from, const std::string& why) {
                  log.write(Level::warning, "node", "somebody is not let in",
                      {{"from", from}, {"reason", why}});
                }},
        TcpServer::Limits{});
    spawn(std::move(options));
    remote->on_session_end([this](ProcessId process, const std::string& why) {
      std::ignore = system.try_send(actor, SessionLost{process, why});
    });
    server->start();
  }

  static std::string log_path(const Options& options) {
    std::filesystem::create_directories(options.home + "/logs");
    return str(options.home, "/logs/node-", options.offer.name, ".jsonl");
  }

  void spawn(Options options) {
    ActorRef dialer = system.spawn<Dialer>(
        {.name = "dialer", .kind = "dialer", .pool = "dial"}, options.token, dial_patience);
    NodeOptions node{.offer = std::move(options.offer),
        .head = std::move(options.head),
        .logs = options.home + "/logs"};
    node.offer.process = number;
    node.offer.address = address;
    node.offer.home = options.home;
    actor = system.spawn(
        {.name = "node", .kind = "node", .mailbox = {.messages = 4096}, .id = speaker_of(number)},
        [this, node = std::move(node), dialer] {
          return std::make_unique<NodeActor>(node, remote, links, dialer);
        });
  }

  RealClock clock;
  Log log;
  const ProcessId number;
  System system;
  ThreadPool& links;
  const std::shared_ptr<RemoteActors> remote;
  std::string address;
  std::optional<TcpServer> server;
  ActorRef actor;
};

NodeProcess::NodeProcess(Options options) : state_(std::make_unique<State>(std::move(options))) {}

NodeProcess::~NodeProcess() {
  stop(0s);
}

const std::string& NodeProcess::address() const {
  return state_->address;
}

void NodeProcess::stop(Duration patience) {
  if (!state_->server) return;
  state_->server.reset();  // as long as there is the pool of its sockets
  std::ignore = state_->system.ask(state_->actor, LeaveCluster{patience}, patience + 2s);
  state_->remote->end("the node ends");
  state_->system.stop(2s);
}

}  // namespace tramontane
