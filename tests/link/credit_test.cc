#include "runtime/link/credit.h"

#include <cstdint>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// So many of one byte, until there is not enough.
std::uint32_t taken(Credit& credit, ActorId target) {
  std::uint32_t count = 0;
  while (count < 10'000 && credit.take(target, 1, Credit::call)) ++count;
  return count;
}

}  // namespace

TEST_CASE("credit is for so many messages and so many bytes, of each target") {
  Credit credit;
  credit.set_window({.messages = 3, .bytes = 100});
  CHECK(taken(credit, 1) == 3);
  CHECK(taken(credit, 2) == 3);
  CHECK(credit.take(3, 60, Credit::call));
  CHECK_FALSE(credit.take(3, 41, Credit::one_way));
  CHECK(credit.take(3, 40, Credit::one_way));
  CHECK_FALSE(credit.take(3, 1, Credit::call));
  credit.give_back(3, 60);
  CHECK(credit.take(3, 60, Credit::call));
}

TEST_CASE("what is larger than all credit goes alone") {
  Credit credit;
  credit.set_window({.messages = 3, .bytes = 100});
  CHECK(credit.take(1, 1000, Credit::one_way));
  CHECK_FALSE(credit.take(1, 1, Credit::one_way));
  credit.give_back_one_way(1, 1);
  CHECK(credit.take(1, 1, Credit::one_way));
  CHECK_FALSE(credit.take(1, 1000, Credit::one_way));
  credit.set_window({.messages = 0, .bytes = 0});  // of a peer that says nothing sensible
  CHECK(credit.take(2, 5, Credit::call));
  CHECK_FALSE(credit.take(2, 5, Credit::call));
}

TEST_CASE("who wants credit is told once that there is some") {
  Credit credit;
  credit.set_window({.messages = 2, .bytes = 100});
  CHECK(taken(credit, 1) == 2);
  CHECK(credit.give_back(1, 1));
  CHECK_FALSE(credit.give_back(1, 1));
  CHECK(credit.take(1, 1, Credit::one_way));
  CHECK(credit.take(1, 1, Credit::one_way));
  CHECK_FALSE(*credit.give_back_one_way(1, 1));
  CHECK(credit.take(1, 1, Credit::one_way));
  CHECK_FALSE(credit.take(1, 1, Credit::one_way));
  CHECK(*credit.give_back_one_way(1, 1));
  CHECK_FALSE(*credit.give_back_one_way(1, 1));
}

TEST_CASE("one-way messages give back their own sizes, the oldest first") {
  Credit credit;
  credit.set_window({.messages = 10, .bytes = 100});
  for (std::size_t bytes : {10, 20, 30, 40}) CHECK(credit.take(1, bytes, Credit::one_way));
  CHECK_FALSE(credit.give_back_one_way(1, 5));
  CHECK_FALSE(credit.give_back_one_way(2, 1));
  CHECK(credit.give_back_one_way(1, 2));
  CHECK_FALSE(credit.take(1, 31, Credit::call));
  CHECK(credit.take(1, 30, Credit::call));  // 30 and 40 are still on their way
  CHECK(credit.take_back_one_way(1, 40));   // somebody wanted 31
  CHECK_FALSE(credit.take(1, 41, Credit::call));
  CHECK(credit.take(1, 40, Credit::call));
  CHECK(*credit.give_back_one_way(1, 1));  // 30
  CHECK_FALSE(credit.give_back_one_way(1, 1));
  CHECK(credit.take(1, 30, Credit::call));
  CHECK_FALSE(credit.take(1, 1, Credit::call));
}

TEST_CASE("of many targets those that hold credit are remembered") {
  Credit credit;
  credit.set_window({.messages = 2, .bytes = 100});
  for (ActorId target = 1; target <= 3000; ++target) {
    CHECK(credit.take(target, 1, Credit::call));
    CHECK(credit.take(target, 2, Credit::one_way));
  }
  for (ActorId target = 1; target <= 3000; ++target) {
    CHECK_FALSE(credit.take(target, 1, Credit::call));
    CHECK(credit.give_back(target, 1));
    CHECK(credit.give_back_one_way(target, 1) == false);
    CHECK_FALSE(credit.give_back_one_way(target, 1));
  }
  CHECK(taken(credit, 7) == 2);
}
