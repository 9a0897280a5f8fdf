#pragma once
// A HeadProcess is what the process of a head consists of: its system, its store, and the port that
// nodes and clients connect to.
//
//   HeadProcess head({.listen = {"127.0.0.1", 7700}, .token = token, .home = home});
//   tell(head.address());
//   …
//   head.stop();
//
// One head for each home: a second is Error(io), naming who holds it. The address is kept in
// HOME/head. Thread rule: one thread.

#include "runtime/base/home.h"
#include "runtime/base/log.h"
#include "runtime/link/encryption.h"
#include "runtime/link/tcp_socket.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class HeadProcess {
 public:
  struct Options {
    TcpAddress listen{"127.0.0.1", 0};
    std::string advertise;
    AccessToken token{};
    Encryption encryption = Encryption::beyond_loopback;  // of connections to it
    std::string home;
    // What is started to serve connections that speak HTTP, with the head's address behind it, and
    // again when it has ended (runtime/cluster/serving_child.h). Empty: they are closed.
    std::vector<std::string> dashboard = {};
    Level terminal = Level::info;
  };

  explicit HeadProcess(Options options);
  ~HeadProcess();
  HeadProcess(const HeadProcess&) = delete;
  HeadProcess& operator=(const HeadProcess&) = delete;

  const std::string& address() const;
  void stop();

 private:
  class State;

  const std::unique_ptr<State> state_;
};

// Names this machine: two processes with one such name share its file system.
std::string host_name();

// Where the head of this home is, or was; empty if there was none.
std::string head_address(const std::string& home);

// A file of the home that this process holds until it ends. Error(io), naming the process that
// holds it.
class HomeLock {
 public:
  HomeLock(const std::string& home, const std::string& name);
  ~HomeLock();
  HomeLock(const HomeLock&) = delete;
  HomeLock& operator=(const HomeLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace tramontane
