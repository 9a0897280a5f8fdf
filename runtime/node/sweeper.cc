#include "runtime/node/sweeper.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/node/child.h"
#include "runtime/node/parent.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

struct Sweeper {
  pid_t process = ::getpid();  // whose it is, and not of a fork
  std::set<pid_t> groups;
  Descriptor socket;
  std::optional<Child> child;
};

// Longer than a sweeper takes to read what it is told.
constexpr timeval patience{10, 0};

constinit std::mutex mutex;
constinit Sweeper* current = nullptr;  // never destroyed: the sweeper is for what exit() leaves

// A group, or less than 0 for one that is no more. False if nobody takes it in time.
bool tell(const Sweeper& sweeper, pid_t what) {
  if (!sweeper.socket) return false;
  ssize_t sent = 0;
  do sent = ::send(sweeper.socket.get(), &what, sizeof what, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == sizeof what;
}

// Its command line names the groups: this process may be killed at any moment from then on.
void start(Sweeper& sweeper) {
  sweeper.child.reset();  // before its socket: at the end of that it would kill all it knows of
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, str("a socket to a child: ", std::strerror(errno)));
  sweeper.socket = Descriptor(ends[0]);
  Descriptor theirs(ends[1]);
  ::setsockopt(sweeper.socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  // Nobody waits for the end of an output that it holds.
  ChildOptions options{.command = {"/proc/self/exe", "sweep-children"},
      .descriptors = {{theirs.get(), sweeper_socket}},
      .output = "/dev/null"};
  options.command.push_back(std::to_string(sweeper.process));
  for (pid_t group : sweeper.groups) options.command.push_back(std::to_string(group));
  sweeper.child = Child::start(std::move(options));
}

}  // namespace

void sweep_later(pid_t group) {
  if (!can_exec_child()) return;
  std::lock_guard lock(mutex);
  if (current == nullptr || current->process != ::getpid())
    current = std::make_unique<Sweeper>().release();
  current->groups.insert(group);
  if (!tell(*current, group)) start(*current);
}

void sweep_no_more(pid_t group) noexcept {
  std::lock_guard lock(mutex);
  if (current == nullptr || current->process != ::getpid()) return;
  if (current->groups.erase(group) > 0) tell(*current, -group);
}

void be_the_sweeper(pid_t parent, std::set<pid_t> groups) {
  // Whoever ends this program and all that belongs to it, politely, does not mean the sweeper yet.
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  Descriptor watch(static_cast<int>(::syscall(SYS_pidfd_open, parent, 0)));
  bool running = watch && ::getppid() == parent;
  while (true) {
    pollfd either[] = {{sweeper_socket, POLLIN, 0}, {watch.get(), POLLIN, 0}};
    if (running && ::poll(either, 2, -1) < 0) continue;
    if (either[1].revents != 0) running = false;
    pid_t told = 0;
    ssize_t got = 0;
    while ((got = ::recv(sweeper_socket, &told, sizeof told, MSG_DONTWAIT)) == sizeof told) {
      if (told > 1) groups.insert(told);
      if (told < -1) groups.erase(-told);
    }
    if (got == 0 || !running) break;
  }
  for (pid_t group : groups) ::killpg(group, SIGKILL);
  ::_exit(0);
}

}  // namespace tramontane
