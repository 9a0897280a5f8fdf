// A test program that is also the workers of the nodes that it has.
#include "runtime/node/parent.h"
#include "runtime/node/worker.h"

#include <cstring>
#include <unistd.h>

#include "tests/support/test.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], tramontane::worker_word) == 0) {
    tramontane::die_with_parent();
    ::pause();
    return 0;
  }
  return doctest::Context(argc, argv).run();
}
