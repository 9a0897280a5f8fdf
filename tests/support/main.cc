// The main of test programs that need no other.
#include "tests/support/test.h"

int main(int argc, char** argv) {
  return doctest::Context(argc, argv).run();
}
