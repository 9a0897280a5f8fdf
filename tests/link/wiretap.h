#pragma once
// Somebody on the way between two ends of a TCP connection, who hears everything, and changes a
// byte when told so.
//
//   Wiretap tap;
//   Pair pair({{std::move(tap.one), key}, {std::move(tap.other), key_of_other}});
//   tap.change_next = true;

#include "runtime/base/socket_message.h"
#include "runtime/link/tcp_socket.h"

#include <array>
#include <atomic>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace tramontane {

inline std::pair<Descriptor, Descriptor> tcp_pair() {
  TcpListener listener = listen_tcp({"127.0.0.1", 0});
  Descriptor here = connect_tcp(listener.bound, std::chrono::seconds(5)).value();
  Descriptor there;
  while (!there) there = accept_tcp(listener.socket);
  return {std::move(here), std::move(there)};
}

class Wiretap {
 public:
  Wiretap() : Wiretap(tcp_pair(), tcp_pair()) {}

  // Between these: `one` and `other` are not used.
  Wiretap(Descriptor from, Descriptor to)
      : inner_{std::move(from), std::move(to)}, thread_([this] { carry(); }) {}

  ~Wiretap() {
    over_ = true;
    thread_.join();
  }

  // All that passed, from both.
  std::string heard() const {
    std::lock_guard lock(mutex_);
    return heard_;
  }

  Descriptor one;
  Descriptor other;
  std::atomic<bool> change_next{false};  // of what `one` says

 private:
  Wiretap(std::pair<Descriptor, Descriptor> first, std::pair<Descriptor, Descriptor> second)
      : one(std::move(first.first)),
        other(std::move(second.first)),
        inner_{std::move(first.second), std::move(second.second)},
        thread_([this] { carry(); }) {}

  void carry() {
    while (!over_) {
      std::array<pollfd, 2> ready = {{{inner_[0].get(), POLLIN, 0}, {inner_[1].get(), POLLIN, 0}}};
      if (::poll(ready.data(), ready.size(), 20) <= 0) continue;
      for (std::size_t i = 0; i < 2; ++i)
        if (ready[i].revents != 0 && !pass(i)) return end();
    }
    end();
  }

  bool pass(std::size_t from) {
    Bytes room(64 << 10);
    ReceivedMessage got = receive_message(inner_[from].get(), room);
    if (would_block(got.error)) return true;
    if (got.error != 0 || got.bytes == 0) return false;
    room.resize(got.bytes);
    if (from == 0 && change_next.exchange(false)) room.back() ^= std::byte{1};
    {
      std::lock_guard lock(mutex_);
      heard_ += as_text(room);
    }
    for (std::size_t sent = 0; sent < room.size() && !over_;) {
      SentMessage piece = send_message(inner_[1 - from].get(), ByteView(room).subspan(sent), {});
      sent += piece.bytes;
      if (piece.error != 0 && !would_block(piece.error)) return false;
      pollfd wait{inner_[1 - from].get(), POLLOUT, 0};
      if (piece.error != 0) ::poll(&wait, 1, 20);
    }
    return true;
  }

  void end() {
    for (Descriptor& each : inner_) ::shutdown(each.get(), SHUT_RDWR);
  }

  std::array<Descriptor, 2> inner_;
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;  // guards heard_
  std::string heard_;
  std::thread thread_;
};

}  // namespace tramontane
