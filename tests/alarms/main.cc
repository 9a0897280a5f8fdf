// A test program that also executes children which are no programs of ours.
#include "runtime/node/parent.h"

#include "tests/support/test.h"

int main(int argc, char** argv) {
  tramontane::exec_child_if_asked(argc, argv);
  return doctest::Context(argc, argv).run();
}
