#include "runtime/base/process_mark.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("this process runs, and no other under its number") {
  ProcessMark mark = mark_of_this_process();
  CHECK(mark.pid == ::getpid());
  CHECK(is_running(mark));
  ProcessMark later = mark;
  ++later.started;
  CHECK_FALSE(is_running(later));
  ProcessMark before = mark;
  before.boot = "another";
  CHECK_FALSE(is_running(before));
  CHECK_FALSE(is_running({}));
}

TEST_CASE("a process that nobody has waited for yet does not run") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ProcessMark mark = mark_of_this_process();
    if (::write(ends[1], &mark.started, sizeof mark.started) < 0) ::_exit(1);
    ::pause();
  }
  ProcessMark mark{child, 0, mark_of_this_process().boot};
  REQUIRE(::read(ends[0], &mark.started, sizeof mark.started) == sizeof mark.started);
  CHECK(is_running(mark));
  ::kill(child, SIGKILL);
  siginfo_t end{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(is_running(mark));
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(is_running(mark));
  ::close(ends[0]);
  ::close(ends[1]);
}
