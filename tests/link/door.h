#pragma once
// A TcpServer that remembers who came.

#include "runtime/base/check.h"
#include "runtime/link/tcp_server.h"
#include "tests/link/processes.h"

#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace tramontane {

inline AccessToken token_like(std::uint8_t seed) {
  AccessToken token{};
  token.fill(static_cast<std::byte>(seed));
  return token;
}

inline Greeting client(const std::string& name = "cli") {
  return {.role = "client", .process = 7, .actor = 70, .name = name, .purpose = Bytes(5)};
}

inline Greeting head() {
  return {.role = "head", .process = 1, .actor = 10, .name = "head", .address = "h:1"};
}

struct Door {
  explicit Door(TcpServer::Limits limits = {}, Encryption encryption = Encryption::beyond_loopback)
      : server(pool, listen_tcp({"127.0.0.1", 0}),
            {.token = token_like(1), .own = head(), .encryption = encryption, .limits = limits},
            {.peer =
                    [this](Greeting peer, LinkSocket socket) {
                      std::lock_guard lock(mutex);
                      peers.push_back(peer.name);
                      sockets.push_back(std::move(socket));
                    },
                .other =
                    [this](Descriptor, Bytes first) {
                      std::lock_guard lock(mutex);
                      others.emplace_back(as_text(first));
                    },
                .refused =
                    [this](const std::string&, const std::string& why) {
                      std::lock_guard lock(mutex);
                      refusals.push_back(why);
                    }}) {
    server.start();
  }

  ~Door() {
    server.stop();
    pool.join();
  }

  std::vector<std::string> seen(std::vector<std::string> Door::*list) {
    std::lock_guard lock(mutex);
    return this->*list;
  }

  LinkSocket take_socket() {
    std::lock_guard lock(mutex);
    LinkSocket last = std::move(sockets.back());
    sockets.pop_back();
    return last;
  }

  std::mutex mutex;
  std::vector<std::string> peers;
  std::vector<std::string> others;
  std::vector<std::string> refusals;
  std::vector<LinkSocket> sockets;
  ThreadPool pool{PoolOptions{"door", 2}};
  TcpServer server;
};

inline Descriptor connected(const Door& door) {
  return connect_tcp(door.server.bound(), std::chrono::seconds(5)).value();
}

// By the other side, which has said nothing.
inline bool closed(const Descriptor& socket) {
  pollfd ready{socket.get(), POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1;
}

inline void say(const Descriptor& socket, ByteView bytes) {
  static_cast<void>(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace tramontane
