#pragma once
// A ListeningProcess is what head and node have in common: a log, a system, sessions, and one port
// where others of the cluster make themselves known to its speaker, the actor that they talk to.
//
//   ListeningProcess process({.role = "node", .name = "gpu-3", .number = number, …});
//   ActorRef node = process.system().spawn({.id = speaker_of(number), …}, …);
//   process.open(node);                             // Visit and SessionLost come to it
//   …
//   process.close();                                // nobody new
//   process.end("the node ends");
//
// Where the speaker fails, the process ends with status 1, having said why: it is started again by
// whoever keeps it, as what counts is elsewhere. Thread rule: one thread.

#include "runtime/actor/system.h"
#include "runtime/base/home.h"
#include "runtime/base/log.h"
#include "runtime/cluster/messages.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/tcp_server.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class ListeningProcess {
 public:
  struct Options {
    std::string role;
    std::string name;
    ProcessId number = 0;
    std::vector<PoolOptions> pools;  // beside "main" and "link"
    TcpAddress listen{"127.0.0.1", 0};
    std::uint16_t last_port = 0;  // where `listen` has port 0: this one, if it is free
    std::string advertise;        // a host that others reach it by; empty: as it listens
    AccessToken token{};
    Encryption encryption = Encryption::beyond_loopback;  // whether others may come in clear
    // Connections that speak something else; empty: they are closed (tcp_server.h). After close()
    // it is not called any more.
    std::function<void(Descriptor socket, Bytes first)> other = {};
    std::string log;  // a file, whose folder is made
    Level terminal = Level::info;
  };

  // Error(io) if the port cannot be had.
  explicit ListeningProcess(const Options& options);
  ~ListeningProcess();
  ListeningProcess(const ListeningProcess&) = delete;
  ListeningProcess& operator=(const ListeningProcess&) = delete;

  System& system() { return system_; }

  Log& log() { return log_; }

  ThreadPool& links() { return links_; }

  const std::shared_ptr<RemoteActors>& remote() const { return remote_; }

  // Where others reach it.
  const std::string& address() const { return address_; }

  void open(ActorRef speaker);
  // False if it is closed already.
  bool close();
  void end(const std::string& why);

 private:
  void tell_refusal(const std::string& role, const std::string& from, const std::string& why);

  RealClock clock_;
  Log log_;
  std::mutex mutex_;  // guards refusals_ and minute_: those who came in this minute
  std::size_t refusals_ = 0;
  Time minute_{};
  System system_;
  ThreadPool& links_;
  const std::shared_ptr<RemoteActors> remote_;
  std::string address_;
  ActorRef speaker_;
  std::optional<TcpServer> server_;
};

}  // namespace tramontane
