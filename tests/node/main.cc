// A test program that is also what its children are, and what executes those of others.
#include "runtime/node/child.h"
#include "runtime/node/parent.h"
#include "runtime/node/sweeper.h"
#include "tests/node/processes.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Child forking() {
  return Child::start({.command = {"sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait"},
      .descriptors = {{STDOUT_FILENO, 1}},
      .whole_environment = true,
      .foreign = true});
}

// Has children of each kind, and waits to be killed.
int be_a_parent() {
  auto ours = Child::start({.command = {"/proc/self/exe", "wait"}});
  auto theirs = forking();
  ::pause();
  return 0;
}

// Processes without a child's care, each in a group of its own.
void fork_groups(int count) {
  for (int i = 0; i < count; ++i) {
    pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(300);  // whoever fails to sweep it leaves nothing for long
      for (;;) ::pause();
    }
    ::setpgid(pid, pid);
    sweep_later(pid);
  }
}

// The sweeper that was told of the first child, and of so many groups, is gone before there is a
// second.
int lose_a_sweeper(int groups) {
  auto first = forking();
  fork_groups(groups);
  for (pid_t sweeper : children_called("sweep-children")) {
    ::kill(sweeper, SIGKILL);
    if (!soon([&] { return state_of(sweeper) == 'Z'; })) return 1;
  }
  auto second = forking();
  ::pause();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  exec_child_if_asked(argc, argv);
  if (argc == 2 && std::strcmp(argv[1], "wait") == 0) {
    die_with_parent();
    if (std::getenv(parent_variable) != nullptr) return 1;
    ::pause();
  }
  if (argc == 2 && std::strcmp(argv[1], "orphan") == 0) {
    die_with_parent(1);
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "parent") == 0) return be_a_parent();
  if (argc == 3 && std::strcmp(argv[1], "lose-a-sweeper") == 0)
    return lose_a_sweeper(std::atoi(argv[2]));
  return doctest::Context(argc, argv).run();
}
