#include "actors/cluster/client.h"

#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/log.h"
#include "runtime/cluster/messages.h"
#include "runtime/link/dial.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"

#include <boost/json/parse.hpp>

#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration dial_patience = 5s;

Dialed dial_head(
    const std::string& text, const AccessToken& token, ProcessId own, Encryption encryption) {
  auto address = TcpAddress::parse(text);
  if (!address) throw Error(address.error().code, address.error().text);
  Greeting greeting{
      .role = "client", .process = own, .actor = speaker_of(own), .name = "a command"};
  auto dialed = dial(*address, token, greeting, dial_patience, encryption);
  if (!dialed) throw Error(Errc::io, str("the head is not reached: ", dialed.error().text));
  if (dialed->peer.role != "head")
    throw Error(Errc::io, str(text, " is no head, but a ", dialed->peer.role));
  return std::move(*dialed);
}

}  // namespace

class HeadClient::State {
 public:
  State(const std::string& address, const AccessToken& token, Encryption encryption)
      : own(draw_client_number()),
        dialed(dial_head(address, token, own, encryption)),
        log(clock, {.terminal = Level::off}),
        system({.pools = {{"main", 1}, {"link", 1}},
            .clock = &clock,
            .log = &log,
            .first_id = speaker_of(own)}),
        remote(std::make_shared<RemoteActors>(system, own)) {
    system.attach(remote);
    head = remote->add({dialed.peer.actor, "head", head_process, 1});
    auto& links = dynamic_cast<ThreadPool&>(system.pool("link"));
    remote->connect(head_process, "the head", socket_link(links, std::move(dialed.socket)));
  }

  ~State() {
    remote->end("the command has its answer");
    system.stop(1s);
  }

  const ProcessId own;
  Dialed dialed;
  RealClock clock;
  Log log;
  System system;
  const std::shared_ptr<RemoteActors> remote;
  ActorRef head;
};

HeadClient::HeadClient(const std::string& address, const AccessToken& token, Encryption encryption)
    : state_(std::make_unique<State>(address, token, encryption)) {}

HeadClient::~HeadClient() = default;

boost::json::object HeadClient::ask(
    const std::string& what, const boost::json::object& request, Duration patience) {
  return boost::json::parse(exchange(what, request, {}, patience).answer).as_object();
}

HeadAnswer HeadClient::exchange(const std::string& what, const boost::json::object& request,
    ByteView bytes, Duration patience) {
  AskHead message{what, json_text(request), Bytes(bytes.begin(), bytes.end())};
  auto answer = state_->system.ask(state_->head, std::move(message), patience);
  if (!answer) throw Error(answer.error().code, answer.error().text);
  return std::move(*answer);
}

}  // namespace tramontane
