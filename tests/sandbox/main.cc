// A test program that is also the server of its sandboxes.
#include "actors/rewards/sandbox/serve.h"

#include "tests/support/test.h"

int main(int argc, char** argv) {
  tramontane::sandbox::serve_sandbox_if_asked(argc, argv);
  return doctest::Context(argc, argv).run();
}
