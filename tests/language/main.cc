// doctest's main, for tests that need a trained language model: skipped where there is none.
#include "actors/rewards/language/identifier.h"
#include "runtime/base/result.h"

#include <cstdio>

#include "tests/support/test.h"

int main(int argc, char** argv) {
  constexpr int skipped = 77;
  try {
    tramontane::find_language_model("");
  } catch (const tramontane::Error& error) {
    std::printf("skipped: %s\n", error.what());
    return skipped;
  }
  return doctest::Context(argc, argv).run();
}
