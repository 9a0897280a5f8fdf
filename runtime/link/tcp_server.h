#pragma once
// A TcpServer listens on one port for processes of the same cluster, and hands each connection on
// once its peer has proved who it is (opening.h), in clear or encrypted: who speaks in clear is let
// in by listeners within this machine alone, unless they are told otherwise (encryption.h).
//
//   TcpServer server(pool, listen_tcp(address), {.token = token, .own = {.role = "node", …}},
//   events); server.start(); … server.stop();                                    // nothing is
//   called any more afterwards
//
// At most `limits.greeting` connections are under way to that, each for `limits.patience`; for one
// more the oldest of them is closed, so that many who only sit there keep nobody out. A connection
// that begins in another way goes to `other` with the bytes that were read of it (HTTP on the same
// port), or is closed. Where the process may open no further descriptor, listening pauses.
//
// Thread rule: start() and stop() from one thread that is no event's; events come from the pool's
// threads.

#include "runtime/actor/pool.h"
#include "runtime/base/home.h"
#include "runtime/link/encryption.h"
#include "runtime/link/handshake.h"
#include "runtime/link/link_socket.h"
#include "runtime/link/tcp_socket.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace tramontane {

class TcpServer {
 public:
  struct Events {
    // The socket never waits; nothing of what comes behind the handshake was read.
    std::function<void(Greeting peer, LinkSocket socket)> peer;
    // May be empty.
    std::function<void(Descriptor socket, Bytes first)> other;
    // Somebody who was not let in, or a listener that cannot accept: for the log. May be empty.
    std::function<void(const std::string& from, const std::string& why)> refused;
  };

  struct Limits {
    std::size_t greeting = 256;  // at least 1
    Duration patience = std::chrono::seconds(5);
  };

  struct Options {
    AccessToken token{};
    Greeting own;
    Encryption encryption = Encryption::beyond_loopback;
    Limits limits = {};
  };

  // The pool outlives it.
  TcpServer(ThreadPool& pool, TcpListener listener, Options options, Events events);
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  const TcpAddress& bound() const;
  void start();
  void stop();

 private:
  class State;

  const std::shared_ptr<State> state_;
};

}  // namespace tramontane
