// What it costs to move one version of the weights to the processes of a host, over shared memory.
//
//   weights_bench [--json] [MIB]      of so many MiB: 256
//
// Published: the sender gives each reader, a process of its own, the descriptor, and waits until
// all have the version mapped. Beside it the verification, by one reader, as once a host would do,
// and by each of them; and what the sender spends before, on a fresh version.

#include "actors/model/arena.h"
#include "actors/weights/transport.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace tramontane;
using Clock = std::chrono::steady_clock;

bool json = false;
constexpr int samples = 7;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "weights_bench: %s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The least of several samples.
double seconds(const std::function<void()>& body, int times = samples) {
  double least = 1e9;
  for (int i = 0; i < times; ++i) {
    auto begin = Clock::now();
    body();
    least = std::min(least, seconds_since(begin));
  }
  return least;
}

// ---- one reader process
// --------------------------------------------------------------------------

void put(int socket, double value) {
  if (::write(socket, &value, sizeof value) != sizeof value) fail("write");
}

// False where the other side is gone.
bool get(int socket, double& value) {
  return ::read(socket, &value, sizeof value) == static_cast<ssize_t>(sizeof value);
}

void send_descriptor(int socket, int descriptor, double word) {
  iovec part{&word, sizeof word};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (::sendmsg(socket, &message, 0) != static_cast<ssize_t>(sizeof word)) fail("sendmsg");
}

// No descriptor where the other side is gone.
Descriptor receive_descriptor(int socket) {
  double word = 0;
  iovec part{&word, sizeof word};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof word)) return {};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return {};
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return Descriptor(descriptor);
}

// Maps each version that comes, says so, and hashes it when it is asked to.
[[noreturn]] void read_versions(int socket) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Blob serving;
  for (;;) {
    Descriptor descriptor = receive_descriptor(socket);
    if (!descriptor) std::_Exit(0);
    Blob arrived = Blob::from_descriptor(std::move(descriptor));
    ByteView bytes = arrived.bytes();
    put(socket, 0);
    double verify = 0;
    if (!get(socket, verify)) std::_Exit(0);
    if (verify != 0) put(socket, static_cast<double>(fingerprint_of(bytes) % 1024));
    serving = std::move(arrived);  // the one before goes
  }
}

class Readers {
 public:
  explicit Readers(int count) {
    for (int i = 0; i < count; ++i) {
      int pair[2];
      if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("socketpair");
      pid_t child = ::fork();
      if (child < 0) fail("fork");
      if (child == 0) {
        ::close(pair[0]);
        for (const auto& other : sockets_) ::close(other.get());
        read_versions(pair[1]);
      }
      ::close(pair[1]);
      children_.push_back(child);
      sockets_.emplace_back(pair[0]);
    }
  }

  ~Readers() {
    for (auto& socket : sockets_) socket.close();
    for (pid_t child : children_) ::waitpid(child, nullptr, 0);
  }

  // Seconds until all have it mapped.
  double publish(const Blob& blob) {
    auto begin = Clock::now();
    for (const auto& socket : sockets_) send_descriptor(socket.get(), blob.descriptor(), 0);
    answers(sockets_.size());
    return seconds_since(begin);
  }

  // Seconds until the first `count` of them have hashed it. Once after each publish().
  double verify(std::size_t count) {
    auto begin = Clock::now();
    for (std::size_t i = 0; i < sockets_.size(); ++i) put(sockets_[i].get(), i < count ? 1 : 0);
    answers(count);
    return seconds_since(begin);
  }

 private:
  void answers(std::size_t count) {
    double value = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (!get(sockets_[i].get(), value)) fail("a reader ended");
  }

  std::vector<Descriptor> sockets_;
  std::vector<pid_t> children_;
};

// ---- measurements
// --------------------------------------------------------------------------------

void row(const std::string& name, double time, double bytes, double against, double wanted = 0) {
  if (json) {
    std::printf(
        "{\"bench\":\"weights\",\"name\":\"%s\",\"ms\":%.4f,\"gb_s\":%.3f,\"against_memcpy\":%.3f}"
        "\n",
        name.c_str(), time * 1e3, bytes / time * 1e-9, against / time);
  } else {
    std::printf("%-58s%11.3f ms%11.1f GB/s%12.2f x memcpy", name.c_str(), time * 1e3,
        bytes / time * 1e-9, against / time);
    if (wanted > 0)
      std::printf("   %s (at least %.1f)", against / time >= wanted ? "ok" : "TOO SLOW", wanted);
    std::printf("\n");
  }
  std::fflush(stdout);
}

std::shared_ptr<const Arena> fresh(const WeightLink& link,
    const std::shared_ptr<const Manifest>& manifest, ByteView source, Version version) {
  auto arena = link.sender->make_arena(manifest);
  std::memcpy(arena->data(), source.data(), source.size());
  arena->seal(version);
  return arena;
}

void measure(std::int64_t mib) {
  auto manifest = std::make_shared<const Manifest>(
      Manifest::lay_out({{"weights", Dtype::float32, {mib, std::int64_t{1} << 18}}}));
  auto bytes = static_cast<double>(manifest->bytes());
  Bytes source(manifest->bytes());
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::byte>(i * 7 >> 3);
  Bytes warm(source.size(), std::byte{1});
  auto copy = [&] { std::memcpy(warm.data(), source.data(), source.size()); };
  const double memcpy_time = seconds(copy);
  row("memcpy into warm memory", memcpy_time, bytes, memcpy_time);

  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  volatile Fingerprint sum = 0;
  row("fingerprint, 1 thread", seconds([&] { sum = fingerprint_of(source); }), bytes, memcpy_time);
  row("fingerprint, " + std::to_string(threads) + " threads",
      seconds([&] { sum = fingerprint_of(source, threads); }), bytes, memcpy_time);

  WeightLink shm = shm_transport();
  Version version = 0;
  for (const WeightLink& link : {local_transport(), shm})
    row("a new version by " + link.name + ": written, sealed, hashed",
        seconds([&] { fresh(link, manifest, source, ++version); }, 3), bytes, memcpy_time);

  auto arena = fresh(shm, manifest, source, ++version);
  Blob blob = shm.sender->publish(arena);
  for (int count : {1, 4, 16}) {
    Readers readers(count);
    double published = 1e9;
    double once = 1e9;
    double each = 1e9;
    double copied = 1e9;
    for (int i = 0; i < samples; ++i) {
      copied = std::min(copied, seconds(copy, 1));
      published = std::min(published, readers.publish(blob));
      bool all = i % 2 == 1;
      double& verified = all ? each : once;
      verified = std::min(verified, readers.verify(all ? static_cast<std::size_t>(count) : 1));
    }
    std::string to = " " + std::to_string(count) + (count == 1 ? " reader" : " readers");
    row("published to" + to + ", mapped by each", published, bytes, copied, 0.8);
    row("  verified once for" + to, once, bytes, copied);
    row("  verified by each of" + to, each, bytes, copied);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t mib = 256;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json")
      json = true;
    else
      mib = std::atoll(argv[i]);
  }
  try {
    measure(std::max<std::int64_t>(mib, 1));
  } catch (const Error& error) {
    std::fprintf(stderr, "weights_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
