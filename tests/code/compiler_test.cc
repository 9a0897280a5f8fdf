// What is the compiler's fault, and what the machine's.
#include "actors/rewards/code/compiler.h"

#include "actors/rewards/sandbox/program.h"

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::code;
using sandbox::Ending;

TEST_CASE("a compiler that the clock stopped for want of a processor was starved") {
  sandbox::Outcome late;
  late.ending = Ending::wall_limit;
  late.wall_ms = 20'000;
  late.cpu_ms = 1500;
  CHECK(was_starved(late));
  late.cpu_ms = 18'000;
  CHECK_FALSE(was_starved(late));
  late.cpu_ms = 1500;
  late.ending = Ending::cpu_limit;
  CHECK_FALSE(was_starved(late));
}

TEST_CASE("a compiler that the clock stops before its processor time is used up was starved") {
  auto limits = compile_limits(10'000);
  CHECK(limits.cpu_ms == 10'000);
  sandbox::Outcome late;
  late.ending = Ending::wall_limit;
  late.wall_ms = limits.wall_ms;
  late.cpu_ms = limits.cpu_ms - 1;
  CHECK(was_starved(late));
}
