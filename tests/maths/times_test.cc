// Times of the day, and what looks like them.
#include "actors/rewards/maths/maths.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

bool equal(const std::string& gold, const std::string& answer) {
  Comparison said = compare_answers(gold, answer);
  CAPTURE(said.how);
  return said.outcome == Outcome::equal;
}

// In both directions.
bool same(const std::string& one, const std::string& other) {
  bool there = equal(one, other);
  CHECK(there == equal(other, one));
  return there;
}

}  // namespace

TEST_CASE("a time is the same on both clocks") {
  CHECK(same("4:15 pm", "16:15"));
  CHECK(same("4:15 \\text{ p.m.}", "16:15"));
  CHECK(same("4{:}15\\,\\mathrm{PM}", "16:15"));
  CHECK(same("9:05 am", "09:05"));
  CHECK(same("12:30 am", "0:30"));
  CHECK(same("12:30 pm", "12:30"));
  CHECK(same("5 p.m.", "17:00"));
  CHECK(same("5 p.m.", "5:00 pm"));
  CHECK(same("5:00:30 pm", "17:00:30"));
  CHECK(same("7:20 in the evening", "19:20"));
  CHECK(same("10 at night", "10 pm"));
  CHECK(same("2 at night", "2 am"));
}

TEST_CASE("a time is not one of the other half of the day") {
  CHECK_FALSE(same("4:15 pm", "4:15 am"));
  CHECK_FALSE(same("4:15 am", "16:15"));
  CHECK_FALSE(same("4:15 pm", "16:51"));
  CHECK_FALSE(same("12:30 am", "12:30 pm"));
  CHECK_FALSE(same("4:15 pm", "15:15"));
}

TEST_CASE("noon and midnight are times") {
  CHECK(same("noon", "12:00 pm"));
  CHECK(same("noon", "12 noon"));
  CHECK(same("\\text{noon}", "12:00"));
  CHECK(same("midnight", "12:00 am"));
  CHECK(same("midnight", "0:00"));
  CHECK(same("midnight", "24:00"));
  CHECK_FALSE(same("noon", "12:00 am"));
  CHECK_FALSE(same("midnight", "noon"));
  CHECK_FALSE(same("midnight", "12:00 pm"));
}

TEST_CASE("a time may leave its half of the day to the question") {
  CHECK(same("4:15 pm", "4:15"));
  CHECK(same("4 o'clock", "4:00"));
  CHECK_FALSE(same("4 o'clock", "5:00"));
}

TEST_CASE("a decimal number is no time") {
  CHECK_FALSE(same("noon", "1.2 pm"));
  CHECK_FALSE(same("12:00 pm", "1.2 pm"));
  CHECK(same("noon", "12 p.m."));
}

TEST_CASE("a ratio is no time") {
  CHECK(same("3:2", "6:4"));
  CHECK_FALSE(same("3:00", "15:00"));
  CHECK_FALSE(same("1:2", "13:02"));
  CHECK_FALSE(same("13:70 pm", "1:70"));
}

TEST_CASE("lengths of time add up") {
  CHECK(same("2 hours 15 minutes", "2.25 hours"));
  CHECK(same("1 minute 10 seconds", "70 seconds"));
}
