#include "actors/cluster/head_process.h"

#include "actors/cluster/head_actor.h"
#include "runtime/base/check.h"
#include "runtime/cluster/listening_process.h"
#include "runtime/cluster/serving_child.h"
#include "storage/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/file.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
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

namespace {

// Nodes that were told an address find the head there again.
std::uint16_t last_port(const std::string& home) {
  auto address = TcpAddress::parse(head_address(home));
  return address ? address->port : 0;
}

}  // namespace

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
        open_store([path = options.home + "/head.store"] { return open_rocksdb(path, {}); }),
        store(open_store()),
        process({.role = "head",
            .name = "head",
            .number = head_process,
            .listen = options.listen,
            .last_port = last_port(options.home),
            .advertise = options.advertise,
            .token = options.token,
            .encryption = options.encryption,
            .other =
                [this](Descriptor socket, Bytes first) {
                  if (dashboard) dashboard->give(std::move(socket), first);
                },
            .log = options.home + "/logs/head.jsonl",
            .terminal = options.terminal}) {
    std::filesystem::create_directories(options.home + "/runs");
    HeadRules rules{.home = options.home, .host = host_name()};
    ActorRef actor = process.system().spawn({.name = "head",
                                                .kind = "head",
                                                .mailbox = {.messages = 4096},
                                                .id = speaker_of(head_process)},
        [this, rules] {
          return std::make_unique<HeadActor>(
              rules, std::move(store), open_store, process.remote(), process.links());
        });
    auto disk = system_files();
    disk->write(options.home + "/head.new", as_bytes(process.address() + "\n"));
    disk->rename(options.home + "/head.new", options.home + "/head");
    if (!options.dashboard.empty()) start_dashboard(options);
    process.open(actor);  // last: from now on others come
  }

  ~State() { stop(); }

  void stop() {
    bool open = process.close();
    dashboard.reset();
    if (open) process.end("the head ends");
  }

  void start_dashboard(const Options& options) {
    ChildOptions child{.command = options.dashboard,
        .output = options.home + "/logs/dashboard.out",
        .keep = {"XDG_STATE_HOME", "HOME"}};
    child.command.push_back(process.address());
    dashboard.emplace(std::move(child), process.log());
  }

  HomeLock lock;
  const HeadActor::OpenStore open_store;
  std::unique_ptr<KvStore> store;  // until the actor has it
  ListeningProcess process;
  std::optional<ServingChild> dashboard;
};

HeadProcess::HeadProcess(Options options) : state_(std::make_unique<State>(options)) {}

HeadProcess::~HeadProcess() {
  stop();
}

const std::string& HeadProcess::address() const {
  return state_->process.address();
}

void HeadProcess::stop() {
  state_->stop();
}

}  // namespace tramontane
