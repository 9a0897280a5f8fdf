#include "runtime/base/names.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("the nearest name is the one with the fewest letters to change") {
  const std::vector<std::string> names = {"ledger", "generator", "verifier", "trainer"};
  CHECK(nearest_name("leger", names) == "ledger");     // one is missing
  CHECK(nearest_name("ledgerr", names) == "ledger");   // one too many
  CHECK(nearest_name("trainor", names) == "trainer");  // another
  CHECK(nearest_name("generators", names) == "generator");
  CHECK(nearest_name("ledger", names) == "ledger");
  CHECK(nearest_name("xyz", names) == "");
  CHECK(nearest_name("", names) == "");
  CHECK(nearest_name("ab", {"ac", "ab"}) == "ab");
  CHECK(nearest_name("ad", {"ac", "ab"}) == "ac");  // the first of equals
  // No more than half of a long name may differ.
  CHECK(nearest_name("abcdef", {"abcxyz"}) == "");
  CHECK(nearest_name("abcdef", {"abcdyz"}) == "abcdyz");
}

TEST_CASE("an unknown name is told with what there is, and the one that may be meant") {
  CHECK(unknown_name("command", "rnu", {"run", "plan"}) ==
        "unknown command 'rnu'. There are: run, plan");
  CHECK(unknown_name("command", "runn", {"run", "plan"}) ==
        "unknown command 'runn'; did you mean 'run'? There are: run, plan");
}
