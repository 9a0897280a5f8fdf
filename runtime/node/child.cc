#include "runtime/node/child.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/node/environment.h"
#include "runtime/node/parent.h"
#include "runtime/node/starter.h"
#include "runtime/node/sweeper.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace tramontane {
namespace {

using std::chrono::steady_clock;

constexpr int number_max = 255;  // of a child's descriptors
constexpr Duration start_deadline = std::chrono::seconds(60);

[[noreturn]] void refuse(const std::string& what, int why) {
  throw Error(Errc::io, str(what, ": ", std::strerror(why)));
}

Descriptor open_file(const std::string& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0644));
  if (!file) refuse(path, errno);
  return file;
}

// False after `limit`.
bool readable(int descriptor, Duration limit) {
  auto began = steady_clock::now();
  while (true) {
    Duration left = limit - std::min(limit, Duration(steady_clock::now() - began));
    auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd one{descriptor, POLLIN, 0};
    int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(ms, 60'000)));
    if (ready > 0) return true;
    if (ready == 0 && left <= Duration::zero()) return false;
  }
}

// The descriptors of a child, by their numbers there.
class Table {
 public:
  explicit Table(const ChildOptions& options) {
    int above = STDERR_FILENO + 1;
    for (const auto& [ours, theirs] : options.descriptors) {
      TRAM_CHECK(theirs >= 0, "no descriptor of a child", theirs);
      TRAM_CHECK(theirs < number_max, "too high for a descriptor of a child", theirs);
      above = std::max(above, theirs + 1);
    }
    end_ = above;
    moved_from_ = above + 1;  // one more may come
    if (!options.output.empty()) {
      Descriptor log = open_file(options.output, O_WRONLY | O_APPEND | O_CREAT);
      for (int number : {STDOUT_FILENO, STDERR_FILENO}) add(log.get(), number);
    }
    for (const auto& [ours, theirs] : options.descriptors) add(ours, theirs);
    for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (held_.contains(number)) continue;
      bool ours = number != STDIN_FILENO && ::fcntl(number, F_GETFD) >= 0;
      add(ours ? number : open_file("/dev/null", O_RDWR).get(), number);
    }
  }

  // One more, by the first number that is free; returns it.
  int add(int ours) {
    add(ours, end_);
    return end_++;
  }

  // In the child: what is named to its place, and everything else closed.
  void act(posix_spawn_file_actions_t& actions) const {
    for (int number = 0; number < end_; ++number) {
      auto found = held_.find(number);
      if (found == held_.end())
        posix_spawn_file_actions_addclose(&actions, number);
      else
        posix_spawn_file_actions_adddup2(&actions, found->second.get(), number);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, end_);
  }

 private:
  // Ours may have the numbers of theirs: all are moved out of the way first.
  void add(int ours, int theirs) {
    Descriptor moved(::fcntl(ours, F_DUPFD_CLOEXEC, moved_from_));
    if (!moved) refuse(str("descriptor ", ours, " for a child"), errno);
    held_.insert_or_assign(theirs, std::move(moved));
  }

  std::map<int, Descriptor> held_;
  int end_ = 0;         // above all of theirs
  int moved_from_ = 0;  // where ours begin meanwhile
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// The process; or 0, and why not.
pid_t spawn(std::vector<std::string> command, std::vector<std::string> environment,
    const Table& table, bool own_group, int& why) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  table.act(actions);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (own_group) flags |= POSIX_SPAWN_SETPGROUP;  // of group 0: the child's own number
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  auto argv = pointers(command);
  auto envp = pointers(environment);
  pid_t pid = 0;
  on_starter([&] {
    why = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), envp.data());
  });
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return why == 0 ? pid : 0;
}

// What exec-child says: nothing and an end of file once it executes the program, else why not.
int told_by(int report) {
  if (!readable(report, start_deadline)) return ETIMEDOUT;
  int why = 0;
  ssize_t got = 0;
  do got = ::read(report, &why, sizeof why);
  while (got < 0 && errno == EINTR);
  return got == sizeof why ? why : 0;
}

// The most that this process has had resident, with what the kernel may count too late.
std::uint64_t own_peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word != "VmHWM:" || !(status >> kilobytes)) continue;
    return (kilobytes << 10) * 65 / 64 + (1 << 20);
  }
  return 0;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

std::string ChildEnd::text() const {
  if (!instead.empty()) return instead;
  if (status == -1) return "ended; how is not known, because this program ignores SIGCHLD";
  if (!signalled) return str("ended with status ", exit_code);
  const char* name = ::sigabbrev_np(signal);
  return str("killed by signal ", signal, name == nullptr ? "" : str(" (SIG", name, ")"));
}

Child Child::start(ChildOptions options) {
  TRAM_CHECK(!options.command.empty(), "a child without a command");
  auto environment = child_environment(options);
  std::vector<std::string> command;
  std::optional<Table> table(options);
  Descriptor report;
  if (options.foreign && can_exec_child()) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) refuse("a pipe to a child", errno);
    report = Descriptor(ends[0]);
    Descriptor theirs(ends[1]);
    command = exec_child_command(table->add(theirs.get()));
  } else if (!options.foreign) {
    environment.push_back(str(parent_variable, "=", ::getpid()));
  }
  const std::string program = options.command.front();
  command.insert(command.end(), options.command.begin(), options.command.end());
  int why = 0;
  pid_t pid = spawn(std::move(command), std::move(environment), *table, options.own_group, why);
  table.reset();  // its end of the report is the last one
  if (pid == 0) throw Error(Errc::failed, str(program, ": ", std::strerror(why)));
  Child child(pid, options.own_group);
  child.swept_ = options.foreign && options.own_group;
  if (child.swept_) sweep_later(pid);
  if (report) why = told_by(report.get());
  if (why != 0) throw Error(Errc::failed, str(program, ": ", std::strerror(why)));
  return child;
}

Child::Child(pid_t pid, bool own_group) : pid_(pid), own_group_(own_group) {
  inherited_peak_ = own_peak();
  pidfd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd_) return;
  int why = errno;
  stop();
  refuse("watching a child", why);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      pidfd_(std::move(other.pidfd_)),
      own_group_(other.own_group_),
      swept_(other.swept_),
      inherited_peak_(other.inherited_peak_),
      end_(std::move(other.end_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  stop();
  pid_ = std::exchange(other.pid_, 0);
  pidfd_.close();
  pidfd_ = std::move(other.pidfd_);
  own_group_ = other.own_group_;
  swept_ = other.swept_;
  inherited_peak_ = other.inherited_peak_;
  end_ = std::move(other.end_);
  return *this;
}

Child::~Child() {
  stop();
}

void Child::stop() {
  if (pid_ == 0 || end_) return;
  if (!pidfd_ || !kill(SIGKILL)) ::kill(pid_, SIGKILL);  // nobody else reaps it
  reap();
}

bool Child::kill(int signal) {
  return !end_ && ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0;
}

void Child::kill_group(int signal) {
  if (end_) return;  // the number may be another's by now
  if (!own_group_ || ::killpg(pid_, signal) != 0) kill(signal);
}

std::optional<ChildEnd> Child::wait(Duration limit) {
  if (!end_ && readable(pidfd_.get(), limit)) reap();
  return end_;
}

// Waits until it has ended, if it has not. Its number is its own until wait4 has taken its status,
// and its group's for as long.
void Child::reap() {
  siginfo_t info{};
  while (
      ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ChildEnd end{.status = -1};
  rusage usage{};
  if (info.si_pid == pid_) {
    if (own_group_) ::killpg(pid_, SIGKILL);
    if (swept_) sweep_no_more(pid_);
    while (::wait4(pid_, &end.status, 0, &usage) < 0 && errno == EINTR) {
    }
    end.signalled = WIFSIGNALED(end.status);
    end.signal = end.signalled ? WTERMSIG(end.status) : 0;
    end.exit_code = WIFEXITED(end.status) ? WEXITSTATUS(end.status) : 0;
    auto peak = static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
    end.peak_memory_bytes = peak > inherited_peak_ ? peak : 0;
    end.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  end_ = end;
}

}  // namespace tramontane
