#include "actors/rewards/sandbox/filter.h"

#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"

#include <cerrno>
#include <cstring>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

namespace tramontane::sandbox {
namespace {

// What compilers, interpreters and the programs of a contest need.
constexpr const char* allowed[] = {
    // files
    "read",
    "readv",
    "pread64",
    "preadv",
    "preadv2",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "open",
    "openat",
    "creat",
    "close",
    "close_range",
    "lseek",
    "_llseek",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "fstatat64",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents",
    "getdents64",
    "getcwd",
    "chdir",
    "fchdir",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "chmod",
    "fchmod",
    "fchmodat",
    "umask",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "truncate",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "flock",
    "fcntl",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "sendfile",
    "copy_file_range",
    "splice",
    "tee",
    "fadvise64",
    "readahead",
    "memfd_create",
    // waiting
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "signalfd",
    "signalfd4",
    "nanosleep",
    "clock_nanosleep",
    "pause",
    "alarm",
    "setitimer",
    "getitimer",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_getoverrun",
    "timer_delete",
    // memory
    "brk",
    "mmap",
    "mmap2",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "msync",
    "mincore",
    "mlock",
    "munlock",
    "membarrier",
    "shmget",
    "shmat",
    "shmdt",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    // processes, threads, signals: within the pid namespace
    "execve",
    "exit",
    "exit_group",
    "fork",
    "vfork",
    "wait4",
    "waitid",
    "waitpid",
    "kill",
    "tkill",
    "tgkill",
    "getpid",
    "getppid",
    "gettid",
    "getpgid",
    "getpgrp",
    "setpgid",
    "getsid",
    "setsid",
    "set_tid_address",
    "set_robust_list",
    "get_robust_list",
    "futex",
    "futex_waitv",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getpriority",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigsuspend",
    "rt_sigreturn",
    "rt_sigqueueinfo",
    "sigaltstack",
    "restart_syscall",
    "arch_prctl",
    // what is there
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "uname",
    "sysinfo",
    "getrlimit",
    "getrusage",
    "times",
    "time",
    "gettimeofday",
    "clock_gettime",
    "clock_getres",
    "getrandom",
    "getcpu",
    "capget",
};

constexpr unsigned long namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET;

// The call, if its argument number `argument` compares so.
int allow_if(scmp_filter_ctx filter, int call, const scmp_arg_cmp& argument) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &argument);
}

int add_allowed(scmp_filter_ctx filter) {
  for (const char* call : allowed) {
    int number = seccomp_syscall_resolve_name(call);
    if (number == __NR_SCMP_ERROR) continue;  // not of this architecture
    if (int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0)) return failed;
  }
  // With arguments that are harmless.
  constexpr unsigned long terminal_state = 0x5401;  // TCGETS: is this a terminal?
  int failed = 0;
  for (scmp_datum_t request : {terminal_state, static_cast<unsigned long>(FIONREAD),
           static_cast<unsigned long>(FIOCLEX), static_cast<unsigned long>(FIONBIO)})
    if (failed == 0) failed = allow_if(filter, SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, request, 0});
  for (scmp_datum_t option : {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA})
    if (failed == 0) failed = allow_if(filter, SCMP_SYS(prctl), {0, SCMP_CMP_EQ, option, 0});
  // To read a limit, not to set one.
  if (failed == 0) failed = allow_if(filter, SCMP_SYS(prlimit64), {2, SCMP_CMP_EQ, 0, 0});
  if (failed == 0)
    failed = allow_if(filter, SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, namespace_flags, 0});
  if (failed == 0) failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  return failed;
}

FilterCode exported(scmp_filter_ctx filter, int& failed) {
  Descriptor file(memfd_create("filter", MFD_CLOEXEC));
  failed = seccomp_export_bpf(filter, file.get());

  struct stat status {};

  if (failed != 0 || fstat(file.get(), &status) != 0) return {};
  FilterCode code(static_cast<std::size_t>(status.st_size) / sizeof(sock_filter));
  auto size = static_cast<ssize_t>(code.size() * sizeof(sock_filter));
  if (pread(file.get(), code.data(), static_cast<std::size_t>(size), 0) != size) failed = -EIO;
  return code;
}

}  // namespace

FilterCode make_filter(std::string& why) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  int failed = filter == nullptr ? -ENOMEM : add_allowed(filter);
  // A tree of comparisons, not a list: every call passes through it.
  if (failed == 0) seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  FilterCode code;
  if (failed == 0) code = exported(filter, failed);
  if (filter != nullptr) seccomp_release(filter);
  if (failed != 0) {
    why = str("libseccomp: ", std::strerror(-failed));
    code.clear();
  }
  return code;
}

bool install_filter(const FilterCode& code) {
  sock_fprog program{
      static_cast<unsigned short>(code.size()), const_cast<sock_filter*>(code.data())};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace tramontane::sandbox
