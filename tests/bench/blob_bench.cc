// Blobs to another process, over TCP on the loopback (in a session's chunks, in clear and within
// TLS) and over a Unix socket (in shared memory), beside plain writes and reads of as many bytes.
// Both hash what arrives, as whoever receives weights does. A session's blob is made anew, from
// bytes, for each message.
//
//   build/release/tests/bench/blob_bench
//
// The receivers are processes of their own, forked before any thread is started. All take
// turns; the median of each counts.

#include "runtime/actor/system.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"
#include "runtime/link/tcp_socket.h"
#include "runtime/wire/hash.h"
#include "tests/link/messages.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

using Steps = std::chrono::steady_clock;

constexpr ActorId sink_id = 1;
constexpr int turns = 15;

struct Load {
  std::size_t bytes;
  int times;
};

constexpr Load loads[] = {{1 << 20, 64}, {256 << 20, 1}};

// ---- plain ------------------------------------------------------------------------------------

void blocking(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
  set_tcp_limits(socket);
}

bool read_all(int socket, std::byte* into, std::size_t size) {
  for (std::size_t had = 0; had < size;) {
    ssize_t got = ::read(socket, into + had, size - had);
    if (got <= 0) return false;
    had += static_cast<std::size_t>(got);
  }
  return true;
}

void write_all(int socket, const std::byte* from, std::size_t size) {
  for (std::size_t sent = 0; sent < size;) {
    ssize_t wrote = ::send(socket, from + sent, size - sent, MSG_NOSIGNAL);
    if (wrote <= 0) throw Error(Errc::io, "the other half is gone");
    sent += static_cast<std::size_t>(wrote);
  }
}

// A size, as many bytes; the hash back.
void serve_plain(Descriptor socket) {
  blocking(socket.get());
  Bytes room;
  for (std::uint64_t size = 0;
       read_all(socket.get(), reinterpret_cast<std::byte*>(&size), sizeof size);) {
    if (room.size() < size) room.resize(size);
    if (!read_all(socket.get(), room.data(), size)) return;
    std::uint64_t digest = hash_of(ByteView(room).first(size));
    write_all(socket.get(), reinterpret_cast<std::byte*>(&digest), sizeof digest);
  }
}

double plain_seconds(int socket, const Bytes& bytes, int times) {
  auto begin = Steps::now();
  for (int i = 0; i < times; ++i) {
    std::uint64_t size = bytes.size();
    std::uint64_t digest = 0;
    write_all(socket, reinterpret_cast<const std::byte*>(&size), sizeof size);
    write_all(socket, bytes.data(), size);
    read_all(socket, reinterpret_cast<std::byte*>(&digest), sizeof digest);
  }
  return std::chrono::duration<double>(Steps::now() - begin).count();
}

// ---- a session --------------------------------------------------------------------------------

// Answers with the hash.
class Sink final : public Actor {
 public:
  Sink() { handle(&Sink::take); }

 private:
  Cargo take(Cargo cargo) {
    std::uint64_t digest = hash_of(cargo.blobs.at(0).bytes());
    return {std::to_string(digest), {}};
  }
};

struct Half {
  Half(LinkSocket socket, ProcessId own)
      : system({.pools = {{"main", 1}, {"links", 1}}, .first_id = first_id_of(own)}),
        remote(std::make_shared<RemoteActors>(system, own)) {
    system.attach(remote);
    remote->on_session_end([this](ProcessId, const std::string&) { over = true; });
    if (own == 2) system.spawn<Sink>({.name = "sink", .id = sink_id});
    if (own == 1) sink = remote->add({sink_id, "sink", 2, 1});
    remote->connect(3 - own, "the other half",
        socket_link(dynamic_cast<ThreadPool&>(system.pool("links")), std::move(socket)));
  }

  ~Half() { remote->end("done"); }

  System system;
  std::shared_ptr<RemoteActors> remote;
  ActorRef sink;
  std::atomic<bool> over = false;
};

double session_seconds(Half& half, const Bytes& bytes, int times) {
  double seconds = 0;
  for (int i = 0; i < times; ++i) {
    Bytes copy = bytes;
    auto begin = Steps::now();
    Cargo cargo{"x", {Blob::from_bytes(std::move(copy))}};
    half.system.ask(half.sink, std::move(cargo), 60s).value();
    seconds += std::chrono::duration<double>(Steps::now() - begin).count();
  }
  return seconds;
}

std::pair<Descriptor, Descriptor> connection(bool tcp) {
  if (!tcp) return socket_pair();
  TcpListener listener = listen_tcp({"127.0.0.1", 0});
  Descriptor here = connect_tcp(listener.bound, 5s).value();
  Descriptor there;
  while (!there) there = accept_tcp(listener.socket);
  return {std::move(here), std::move(there)};
}

template <class Serve>
Descriptor other_process(bool tcp, Serve serve) {
  auto [here, there] = connection(tcp);
  pid_t child = ::fork();
  if (child < 0) throw Error(Errc::io, "fork");
  if (child == 0) {
    here.close();
    serve(std::move(there));
    ::_exit(0);
  }
  return std::move(here);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// `encrypted` may be nothing.
void compare(const char* over, int plain, Half& half, Half* encrypted) {
  for (const Load& load : loads) {
    Bytes bytes(load.bytes, std::byte{7});
    std::vector<double> theirs;
    std::vector<double> ours;
    std::vector<double> within_tls;
    for (int i = 0; i < turns; ++i) {
      theirs.push_back(plain_seconds(plain, bytes, load.times));
      ours.push_back(session_seconds(half, bytes, load.times));
      if (encrypted != nullptr)
        within_tls.push_back(session_seconds(*encrypted, bytes, load.times));
    }
    double all = static_cast<double>(load.bytes) * load.times / 1e9;
    std::printf("%-5s %4zu MiB x %3d   plain %6.2f GB/s   session %6.2f GB/s   %.2fx\n", over,
        load.bytes >> 20, load.times, all / median(theirs), all / median(ours),
        median(theirs) / median(ours));
    if (encrypted != nullptr)
      std::printf("%-5s %4zu MiB x %3d   %29s %6.2f GB/s   %.2fx of the session in clear\n", "TLS",
          load.bytes >> 20, load.times, "session", all / median(within_tls),
          median(ours) / median(within_tls));
  }
}

Descriptor other_half(bool tcp, std::optional<LinkKey> key = {}) {
  return other_process(tcp, [key](Descriptor socket) {
    Half half({std::move(socket), key}, 2);
    while (!half.over) std::this_thread::sleep_for(10ms);
  });
}

// Forks before it starts a thread, so one after the other.
void measure(const char* over, bool tcp) {
  Descriptor plain = other_process(tcp, serve_plain);
  Descriptor ours = other_half(tcp);
  Descriptor within_tls;
  if (tcp) within_tls = other_half(tcp, LinkKey{LinkSide::accepted, {}});
  blocking(plain.get());
  {
    Half half(std::move(ours), 1);
    std::optional<Half> encrypted;
    if (tcp) encrypted.emplace(LinkSocket(std::move(within_tls), LinkKey{}), 1);
    compare(over, plain.get(), half, encrypted ? &*encrypted : nullptr);
  }
  plain.close();
  while (::wait(nullptr) > 0) {
  }
}

}  // namespace

int main() {
  measure("TCP", true);
  measure("Unix", false);
  return 0;
}
