// A test program that is also what its children are, and what executes those of others.
#include "runtime/node/child.h"
#include "runtime/node/parent.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Has children of each kind, and waits to be killed.
int be_a_parent() {
  auto ours = Child::start({.command = {"/proc/self/exe", "wait"}});
  auto script = "echo ready; exec sleep 1000";
  auto theirs = Child::start({.command = {"sh", "-c", script},
      .descriptors = {{STDOUT_FILENO, 1}},
      .whole_environment = true,
      .foreign = true});
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
  return doctest::Context(argc, argv).run();
}
