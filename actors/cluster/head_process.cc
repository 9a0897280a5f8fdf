#include "actors/cluster/head_process.h"

#include "actors/cluster/head_actor.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/link/tcp_server.h"
#include "storage/file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/file.h>
#include <sys/utsname.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A head that has failed ends, and is started again by whoever keeps it: what counts is elsewhere.
void end_with(const ExitRecord& record) {
  print_error("tram", str("the ", record.name, " has failed: ", record.text));
  ::_exit(1);
}

}  // namespace

std::string host_name() {
  utsname about{};
  ::uname(&about);
  return str(about.nodename, " ", first_line("/proc/sys/kernel/random/boot_id"));
}

std::string head_address(const std::string& home) {
  return first_line(home + "/head");
}

HomeLock::HomeLock(const std::string& home, const std::string& name) {
  std::string path = str(home, "/", name, ".lock");
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw Error(Errc::io, str(path, ": ", std::strerror(errno)));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    std::string holder = first_line(path);
    ::close(descriptor_);
    throw Error(Errc::io, str("there is a ", name, " in ", home,
                              " already: ", holder.empty() ? "another process" : holder,
                              " (TRAM_HOME names another home)"));
  }
  std::string who = str("process ", ::getpid(), "\n");
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, who.data(), who.size(), 0) != static_cast<ssize_t>(who.size())) {
    int error = errno;
    ::close(descriptor_);
    throw Error(Errc::io, str(path, ": ", std::strerror(error)));
  }
}

HomeLock::~HomeLock() {
  ::close(descriptor_);
}

class HeadProcess::State {
 public:
  explicit State(const Options& options)
      : lock(options.home, "head"),
        log(clock, {.terminal = options.terminal, .path = log_path(options.home)}),
        store(open_rocksdb(options.home + "/head.store", {})),
        system({.pools = {{"main", 1}, {"link", 1}},
            .clock = &clock,
            .log = &log,
            .first_id = speaker_of(head_process) + 1,
            .on_escalation = end_with}),
        links(dynamic_cast<ThreadPool&>(system.pool("link"))),
        remote(std::make_shared<RemoteActors>(system, head_process)) {
    system.attach(remote);
    TcpListener listener = listen_tcp(options.listen);
    TcpAddress reached = listener.bound;
    if (!options.advertise.empty()) reached.host = options.advertise;
    address = reached.text();
    Greeting own{.role = "head",
        .process = head_process,
        .actor = speaker_of(head_process),
        .name = "head",
        .address = address};
    server.emplace(links, std::move(listener), options.token, own, events(), TcpServer::Limits{});
    HeadRules rules{.home = options.home, .host = host_name()};
    actor = system.spawn({.name = "head",
                             .kind = "head",
                             .mailbox = {.messages = 4096},
                             .id = speaker_of(head_process)},
        [this, rules] { return std::make_unique<HeadActor>(rules, *store, remote, links); });
    remote->on_session_end([this](ProcessId process, const std::string& why) {
      std::ignore = system.try_send(actor, SessionLost{process, why});
    });
    server->start();
    auto disk = system_files();
    disk->write(options.home + "/head.new", as_bytes(address + "\n"));
    disk->rename(options.home + "/head.new", options.home + "/head");
  }

  static std::string log_path(const std::string& home) {
    std::filesystem::create_directories(home + "/logs");
    std::filesystem::create_directories(home + "/runs");
    return home + "/logs/head.jsonl";
  }

  TcpServer::Events events() {
    return {.peer =
                [this](Greeting peer, Descriptor socket) {
                  std::ignore = system.try_send(actor,
                      Visit{std::move(peer), std::make_shared<Descriptor>(std::move(socket))});
                },
        .refused =
            [this](const std::string& from, const std::string& why) {
              log.write(Level::warning, "head", "somebody is not let in",
                  {{"from", from}, {"reason", why}});
            }};
  }

  HomeLock lock;
  RealClock clock;
  Log log;
  std::unique_ptr<KvStore> store;
  System system;
  ThreadPool& links;
  const std::shared_ptr<RemoteActors> remote;
  std::string address;
  std::optional<TcpServer> server;
  ActorRef actor;
};

HeadProcess::HeadProcess(Options options) : state_(std::make_unique<State>(options)) {}

HeadProcess::~HeadProcess() {
  stop();
}

const std::string& HeadProcess::address() const {
  return state_->address;
}

void HeadProcess::stop() {
  if (!state_->server) return;
  state_->server.reset();  // as long as there is the pool of its sockets
  state_->remote->end("the head ends");
  state_->system.stop(2s);
}

}  // namespace tramontane
