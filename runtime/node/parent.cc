#include "runtime/node/parent.h"

#include "runtime/node/sweeper.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

constexpr int not_executed = 127;  // as shells have it

constinit std::atomic<bool> asked_first{false};

int number(const char* text) {
  int value = -1;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace

void die_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have ended before the signal was asked for: this process then has another.
  if (::getppid() != parent) ::_exit(1);
}

void die_with_parent() {
  const char* told = std::getenv(parent_variable);
  pid_t parent = told == nullptr ? ::getppid() : number(told);
  ::unsetenv(parent_variable);
  die_with_parent(parent);
}

void exec_child_if_asked(int argc, char** argv) {
  asked_first = true;
  if (argc >= 3 && std::strcmp(argv[1], "sweep-children") == 0) {
    std::set<pid_t> groups;
    for (int i = 3; i < argc; ++i)
      if (pid_t group = number(argv[i]); group > 1) groups.insert(group);
    be_the_sweeper(number(argv[2]), std::move(groups));
  }
  if (argc < 6 || std::strcmp(argv[1], "exec-child") != 0 || std::strcmp(argv[4], "--") != 0)
    return;
  die_with_parent(number(argv[2]));
  int report = number(argv[3]);
  if (report >= 0) ::fcntl(report, F_SETFD, FD_CLOEXEC);
  ::execvp(argv[5], argv + 5);
  int why = errno;
  if (report < 0 || ::write(report, &why, sizeof why) != sizeof why)
    std::fprintf(stderr, "%s: %s\n", argv[5], std::strerror(why));
  ::_exit(not_executed);
}

bool can_exec_child() {
  return asked_first;
}

std::vector<std::string> exec_child_command(int report) {
  return {"/proc/self/exe", "exec-child", std::to_string(::getpid()), std::to_string(report), "--"};
}

}  // namespace tramontane
