#include "runtime/cluster/serving_child.h"

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration end_patience = 2s;
constexpr Duration pulse_pause = 1s;
constexpr const char* who = "connections";

std::string error_text() {
  return std::strerror(errno);
}

int milliseconds(Duration limit) {
  if (limit == Duration::max()) return -1;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
}

}  // namespace

ServingChild::ServingChild(ChildOptions options, Log& log, Pauses pauses)
    : options_(std::move(options)), log_(log), pauses_(pauses) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, "a socket for connections: " + error_text());
  ours_ = Descriptor(ends[0]);
  theirs_ = Descriptor(ends[1]);
  stop_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  if (!stop_) throw Error(Errc::io, "a descriptor for events: " + error_text());
  keeper_ = start_thread("the thread that keeps a child", [this] { keep(); });
}

ServingChild::~ServingChild() {
  stop();
}

bool ServingChild::give(Descriptor socket, ByteView first) {
  TRAM_CHECK(!first.empty(), "a connection of which nothing is known");
  TRAM_CHECK(first.size() <= first_bytes_most, "much was read of a connection", first.size());
  int descriptor = socket.get();
  SentMessage sent = send_message(ours_.get(), first, {&descriptor, 1});
  bool taken = sent.error == 0;
  // Told once until there is room again: whoever connects often does not fill the log.
  if (taken)
    told_full_ = false;
  else if (!told_full_.exchange(true))
    log_.write(Level::warning, who, "connections are closed: too many wait for their process",
        {{"reason", std::string(std::strerror(sent.error))}});
  return taken;
}

void ServingChild::stop() {
  if (!keeper_.joinable()) return;
  std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  keeper_.join();
}

bool ServingChild::wait(Duration limit) const {
  pollfd ready{stop_.get(), POLLIN, 0};
  while (::poll(&ready, 1, milliseconds(limit)) < 0 && errno == EINTR) {
  }
  return (ready.revents & POLLIN) == 0;
}

ServingChild::Watched ServingChild::watch(const Child& child) const {
  for (;;) {
    std::array<pollfd, 3> ready = {
        {{stop_.get(), POLLIN, 0}, {child.pidfd(), POLLIN, 0}, {ours_.get(), POLLIN, 0}}};
    int count = ::poll(ready.data(), ready.size(), milliseconds(pauses_.silence));
    if (count < 0 && errno == EINTR) continue;
    if ((ready[0].revents & POLLIN) != 0) return Watched::stop;
    if ((ready[1].revents & POLLIN) != 0) return Watched::ended;
    if (count <= 0) return Watched::silent;
    char told[16];
    while (::recv(ours_.get(), told, sizeof told, MSG_DONTWAIT) > 0) {
    }
  }
}

void ServingChild::keep() {
  Duration pause = pauses_.least;
  for (;;) {
    auto began = std::chrono::steady_clock::now();
    std::string end;
    try {
      ChildOptions options = options_;
      options.descriptors = {{theirs_.get(), serving_child_socket}};
      Child child = Child::start(std::move(options));
      Watched watched = watch(child);
      if (watched == Watched::stop) {
        child.kill(SIGTERM);
        child.wait(end_patience);
        return;
      }
      if (watched == Watched::silent) child.kill(SIGKILL);
      if (auto ended = child.wait(watched == Watched::silent ? end_patience : 0s))
        end = ended->text();
      if (watched == Watched::silent)
        end = str("killed: it served nothing for ", milliseconds(pauses_.silence), " ms");
    } catch (const Error& error) {
      end = error.text();
    }
    bool settled = std::chrono::steady_clock::now() - began >= pauses_.settled;
    if (settled) pause = pauses_.least;
    log_.write(Level::warning, who, "the process that serves connections has ended",
        {{"how", end}, {"again_ms", milliseconds(settled ? Duration::zero() : pause)}});
    if (settled) continue;
    if (!wait(pause)) return;
    pause = std::min(pause * 2, pauses_.most);
  }
}

void tell_serving(const Descriptor& to) {
  [[maybe_unused]] ssize_t sent = ::send(to.get(), "s", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::optional<GivenConnection> next_connection(
    const Descriptor& from, const std::function<void()>& pulse) {
  Bytes room(first_bytes_most);
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    if (auto now = std::chrono::steady_clock::now(); now >= next) {
      pulse();
      next = now + pulse_pause;
    }
    pollfd ready{from.get(), POLLIN, 0};
    int count = ::poll(&ready, 1, milliseconds(pulse_pause));
    if (count < 0 && errno != EINTR) return std::nullopt;
    if (count <= 0) continue;
    ReceivedMessage got = receive_message(from.get(), room);
    if (would_block(got.error)) continue;
    if (got.error != 0 || got.bytes == 0) return std::nullopt;
    if (got.descriptors.size() != 1) continue;  // this process may not have so many: it is closed
    room.resize(got.bytes);
    return GivenConnection{std::move(got.descriptors[0]), std::move(room)};
  }
}

}  // namespace tramontane
