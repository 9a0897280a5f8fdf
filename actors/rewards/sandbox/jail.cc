#include "actors/rewards/sandbox/jail.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace tramontane::sandbox {
namespace {

[[noreturn]] void fail(int report, const char* what) {
  Ended ended;
  ended.failed = errno == 0 ? EINVAL : errno;
  std::strncpy(ended.what, what, sizeof ended.what - 1);
  if (write(report, &ended, sizeof ended) < 0) _exit(2);
  _exit(1);
}

void need(bool done, int report, const char* what) {
  if (!done) fail(report, what);
}

// The host's folder, read-only, at the same path below the root.
void show(const std::string& root, const std::string& path, int report) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    std::string part = root + path.substr(0, at);
    need(mkdir(part.c_str(), 0755) == 0 || errno == EEXIST, report, "a visible folder");
    if (at == std::string::npos) break;
  }
  std::string target = root + path;
  need(mount(path.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, report,
      "bind mount of a visible folder");
  mount_attr attributes{.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  need(mount_setattr(AT_FDCWD, target.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) == 0,
      report, "read-only mount of a visible folder");
}

void enter_root(const Room& room, const JailPlan& plan) {
  if (!room.isolated()) {
    need(fchdir(plan.work) == 0, plan.report, "the work folder");
    return;
  }
  std::string work = room.root() + "/work";
  Descriptor tree(open_tree(plan.work, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
  need(tree && move_mount(tree.get(), "", AT_FDCWD, work.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0,
      plan.report, "mounting the work folder");
  for (const auto& path : plan.program->visible) show(room.root(), path, plan.report);
  need(chdir(room.root().c_str()) == 0, plan.report, "chdir to the root");
  need(syscall(SYS_pivot_root, ".", ".") == 0, plan.report, "pivot_root");
  need(umount2(".", MNT_DETACH) == 0, plan.report, "letting go of the old root");
  mount_attr attributes{.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  need(mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes) == 0, plan.report,
      "a read-only root");
  need(chdir("/work") == 0, plan.report, "chdir to the work folder");
}

bool limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) return false;
  rlimit wanted{std::min(soft, now.rlim_max), std::min(hard, now.rlim_max)};
  return setrlimit(resource, &wanted) == 0;
}

void set_limits(const Room& room, const JailPlan& plan, bool tree_limited) {
  const Limits& limits = plan.program->limits;
  constexpr rlim_t stack_max = 64u << 20;
  rlim_t seconds = (limits.cpu_ms + 999) / 1000;
  rlim_t stack =
      tree_limited ? limits.memory_bytes : std::min<rlim_t>(stack_max, limits.memory_bytes);
  bool fine = limit(RLIMIT_CPU, seconds, seconds + 1) && limit(RLIMIT_CORE, 0, 0) &&
              limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes) &&
              limit(RLIMIT_NOFILE, 256, 256) && limit(RLIMIT_MEMLOCK, 1 << 20, 1 << 20) &&
              limit(RLIMIT_MSGQUEUE, 0, 0) && limit(RLIMIT_STACK, stack, stack);
  // Counted per user id, and never for root: of use where the id is this lane's own.
  if (room.user_id(plan.lane) != 0 || room.user_namespace())
    fine = fine && limit(RLIMIT_NPROC, limits.processes, limits.processes);
  // Per process, and a poor measure of what is used: only where nothing better is to be had.
  if (!tree_limited) fine = fine && limit(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes);
  need(fine, plan.report, "resource limits");
}

void drop_privileges(std::uint32_t user, int report) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);  // not ours to drop: not ours to have
  if (user != 0) {
    need(setgroups(0, nullptr) == 0 && setresgid(user, user, user) == 0 &&
             setresuid(user, user, user) == 0,
        report, "a user id of its own");
  } else {  // root of a user namespace is to be nobody in particular
    prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  need(syscall(SYS_capset, &header, none) == 0, report, "dropping capabilities");
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, report, "no_new_privs");
}

void take_descriptors(const Ends& ends, int& report) {
  constexpr int report_at = 5;
  need(dup3(report, report_at, O_CLOEXEC) == report_at, report, "descriptors");
  report = report_at;
  int target = 0;
  for (int source : {ends.input, ends.output, ends.errors, ends.link_in, ends.link_out}) {
    if (source >= 0)
      need(dup2(source, target) == target, report, "descriptors");
    else
      close(target);
    ++target;
  }
  need(syscall(SYS_close_range, report_at + 1, ~0U, 0) == 0, report, "closing descriptors");
}

[[noreturn]] void be_program(const Room& room, JailPlan plan, bool tree_limited) {
  take_descriptors(plan.ends, plan.report);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  umask(022);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < 32; ++signal) std::signal(signal, SIG_DFL);
  set_limits(room, plan, tree_limited);
  if (room.isolated() || room.user_id(plan.lane) != 0)
    drop_privileges(room.user_id(plan.lane), plan.report);
  else
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, plan.report, "no_new_privs");
  if (!room.filter().empty()) need(install_filter(room.filter()), plan.report, "the filter");
  if (plan.instead != nullptr) _exit(plan.instead());
  std::vector<char*> argv;
  for (const auto& word : plan.program->argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const char* home = room.isolated() ? "HOME=/work" : "HOME=.";
  const char* temporary = room.isolated() ? "TMPDIR=/work" : "TMPDIR=.";
  // Linear algebra starts a thread for each core otherwise, which the limits forbid; and Debian
  // finds its libraries through links in /etc, which is not there.
  const char* environment[] = {"PATH=/usr/bin:/bin", home, temporary, "LANG=C.UTF-8",
      "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1",
      "LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack:"
      "/usr/lib/aarch64-linux-gnu/blas:/usr/lib/aarch64-linux-gnu/lapack",
      nullptr};
  execve(argv[0], argv.data(), const_cast<char**>(environment));
  fail(plan.report, "execve");
}

void kill_all(int) {
  kill(-1, SIGKILL);  // but for the caller, and within its pid namespace
}

// Where the machine runs out of memory, what runs in sandboxes goes first. Best effort.
void offer_to_die_first() {
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score < 0) return;
  [[maybe_unused]] ssize_t written = write(score, "1000", 4);
  close(score);
}

[[noreturn]] void be_init(const Room& room, const JailPlan& plan, bool tree_limited) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  offer_to_die_first();
  close(plan.go_end);
  char go = 0;
  if (read(plan.go, &go, 1) != 1) _exit(3);  // the server is gone, or thought better of it
  enter_root(room, plan);
  if (room.isolated())
    std::signal(SIGTERM, kill_all);
  else
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t program = fork();
  need(program >= 0, plan.report, "fork");
  if (program == 0) be_program(room, plan, tree_limited);
  // The ends of pipes must be the program's alone, so that they are closed when it dies.
  int report = dup2(plan.report, 0);
  syscall(SYS_close_range, 1, ~0U, 0);
  Ended ended;
  pid_t gone = 0;
  do {
    gone = waitpid(-1, &ended.status, 0);
  } while (gone != program && (gone >= 0 || errno == EINTR));
  // What it left behind ends, and counts: a program must not hide its work in a child. In a pid
  // namespace that is everybody, elsewhere its group.
  kill(room.isolated() ? -1 : -program, SIGKILL);
  while (waitpid(-1, nullptr, room.isolated() ? 0 : WNOHANG) > 0) {
  }
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  auto micros = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1000000 + static_cast<std::uint64_t>(t.tv_usec);
  };
  ended.cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
  ended.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  // Less than PIPE_BUF: whole or not at all. After a failed start, the program's word came first.
  _exit(write(report, &ended, sizeof ended) == sizeof ended ? 0 : 2);
}

}  // namespace

pid_t open_jail(const Room& room, const JailPlan& plan, Descriptor& watch) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  if (room.isolated()) arguments.flags |= CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  bool tree_limited = room.cgroup(plan.lane).limits_memory();
  auto pid = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid == 0) be_init(room, plan, tree_limited);
  if (pid > 0) watch = Descriptor(pidfd);
  return pid;
}

}  // namespace tramontane::sandbox
