#include "runtime/cluster/listening_process.h"

#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/cluster/node_actor.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_patience_here = 2s;
constexpr std::size_t refusals_told = 20;  // in a minute

void end_with(const ExitRecord& record) {
  print_error("tram", str("the ", record.name, " has failed: ", record.text));
  ::_exit(1);
}

std::string with_folder(const std::string& file) {
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  return file;
}

std::vector<PoolOptions> pools_of(const ListeningProcess::Options& options) {
  std::vector<PoolOptions> pools = {{"main", 1}, {"link", 1}};
  pools.insert(pools.end(), options.pools.begin(), options.pools.end());
  return pools;
}

TcpListener listen(TcpAddress address, std::uint16_t last_port) {
  if (address.port != 0 || last_port == 0) return listen_tcp(address);
  try {
    return listen_tcp({address.host, last_port});
  } catch (const Error&) {  // somebody else has it
    return listen_tcp(address);
  }
}

}  // namespace

ListeningProcess::ListeningProcess(const Options& options)
    : log_(clock_, {.terminal = options.terminal, .path = with_folder(options.log)}),
      system_({.pools = pools_of(options),
          .clock = &clock_,
          .log = &log_,
          .first_id = speaker_of(options.number) + 1,
          .on_escalation = end_with}),
      links_(dynamic_cast<ThreadPool&>(system_.pool("link"))),
      remote_(std::make_shared<RemoteActors>(system_, options.number)) {
  system_.attach(remote_);
  TcpListener listener = listen(options.listen, options.last_port);
  TcpAddress reached = listener.bound;
  if (!options.advertise.empty()) reached.host = options.advertise;
  address_ = reached.text();
  Greeting own{.role = options.role,
      .process = options.number,
      .actor = speaker_of(options.number),
      .name = options.name,
      .address = address_};
  TcpServer::Events events;
  events.peer = [this](Greeting peer, LinkSocket socket) {
    std::ignore = system_.try_send(
        speaker_, Visit{std::move(peer), std::make_shared<LinkSocket>(std::move(socket))});
  };
  events.other = options.other;
  events.refused = [this, role = options.role](const std::string& from, const std::string& why) {
    tell_refusal(role, from, why);
  };
  server_.emplace(links_, std::move(listener),
      TcpServer::Options{.token = options.token, .own = own, .encryption = options.encryption},
      std::move(events));
}

ListeningProcess::~ListeningProcess() {
  if (close()) end("it ends");
}

// Whoever comes often does not fill the disk.
void ListeningProcess::tell_refusal(
    const std::string& role, const std::string& from, const std::string& why) {
  std::lock_guard lock(mutex_);
  if (clock_.now() - minute_ >= 60s) {
    if (refusals_ > refusals_told)
      log_.write(Level::warning, role, "others were not let in",
          {{"times", std::uint64_t{refusals_ - refusals_told}}});
    minute_ = clock_.now();
    refusals_ = 0;
  }
  if (++refusals_ > refusals_told) return;
  log_.write(Level::warning, role, "somebody is not let in", {{"from", from}, {"reason", why}});
}

void ListeningProcess::open(ActorRef speaker) {
  speaker_ = std::move(speaker);
  remote_->on_session_end([this](ProcessId process, const std::string& why) {
    std::ignore = system_.try_send(speaker_, SessionLost{process, why});
  });
  server_->start();
}

bool ListeningProcess::close() {
  if (!server_) return false;
  server_.reset();  // as long as there is the pool of its sockets
  return true;
}

void ListeningProcess::end(const std::string& why) {
  remote_->end(why);
  system_.stop(stop_patience_here);
}

}  // namespace tramontane
