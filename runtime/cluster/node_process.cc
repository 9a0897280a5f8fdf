#include "runtime/cluster/node_process.h"

#include "runtime/base/check.h"
#include "runtime/cluster/listening_process.h"

#include <chrono>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration dial_patience = 3s;
constexpr int dialers = 2;

}  // namespace

class NodeProcess::State {
 public:
  explicit State(Options options)
      : number(draw_node_number()),
        process({.role = "node",
            .name = options.offer.name,
            .number = number,
            .pools = {{"dial", dialers}},
            .listen = options.listen,
            .advertise = options.advertise,
            .token = options.token,
            .encryption = options.encryption,
            .log = str(options.home, "/logs/node-", options.offer.name, ".jsonl"),
            .terminal = options.terminal}) {
    ActorRef dialer =
        process.system().spawn<Dialer>({.name = "dialer", .kind = "dialer", .pool = "dial"},
            options.token, dial_patience, options.encryption);
    NodeOptions node{.offer = std::move(options.offer),
        .head = std::move(options.head),
        .logs = options.home + "/logs"};
    node.offer.process = number;
    node.offer.address = process.address();
    node.offer.home = options.home;
    actor = process.system().spawn(
        {.name = "node", .kind = "node", .mailbox = {.messages = 4096}, .id = speaker_of(number)},
        [this, node = std::move(node), dialer] {
          return std::make_unique<NodeActor>(node, process.remote(), process.links(), dialer);
        });
    process.open(actor);
  }

  const ProcessId number;
  ListeningProcess process;
  ActorRef actor;
};

NodeProcess::NodeProcess(Options options) : state_(std::make_unique<State>(std::move(options))) {}

NodeProcess::~NodeProcess() {
  stop(0s);
}

const std::string& NodeProcess::address() const {
  return state_->process.address();
}

void NodeProcess::stop(Duration patience) {
  ListeningProcess& process = state_->process;
  if (!process.close()) return;
  std::ignore = process.system().ask(state_->actor, LeaveCluster{patience}, patience + 2s);
  process.end("the node ends");
}

}  // namespace tramontane
