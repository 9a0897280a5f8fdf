#include "actors/view/alarm_list.h"

#include "actors/view/frame.h"
#include "actors/view/lines.h"

#include <algorithm>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RunEvent alarm(const std::string& rule, const std::string& actor, double seconds) {
  return {{"event", "alarm"}, {"rule", rule}, {"actor", actor}, {"text", actor + ": odd"},
      {"look", "its log"}, {"seconds", seconds}};
}

RunEvent over(const std::string& rule, const std::string& actor) {
  return {{"event", "alarm_over"}, {"rule", rule}, {"actor", actor}};
}

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(line.str(200, false));
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an alarm stands from its beginning to its end, or to the run's next life") {
  AlarmList list;
  list.take(alarm("gap", "a", 1));
  list.take(alarm("gap", "b", 2));
  list.take(over("gap", "a"));
  list.take(over("lag", "b"));
  list.take({{"event", "alarm"}, {"text", "of no rule"}});
  REQUIRE(list.rows().size() == 2);
  REQUIRE(list.standing().size() == 1);
  CHECK(list.standing()[0].actor == "b");
  list.take(alarm("gap", "a", 5));
  CHECK(list.rows()[0].times == 2);
  CHECK(list.rows()[0].seconds == 1);
  CHECK(list.rows()[0].since == 5);
  list.take({{"event", "run"}});
  CHECK(list.standing().empty());
}

TEST_CASE("a list of alarms is bounded") {
  AlarmList list;
  for (int i = 0; i < 1000; ++i) list.take(alarm("gap", std::to_string(i), i));
  CHECK(list.rows().size() == AlarmList::rows_most);
  CHECK(list.told(50).size() == 50);
}

TEST_CASE("the live view shows what stands, as far as there is room") {
  RunState state;
  state.take({{"event", "run"}, {"name", "x"}});
  for (const char* actor : {"a", "b", "c", "d"}) state.take(alarm("gap", actor, 1));
  auto shown = frame(state, {80, 24}, false);
  auto has = [&](const std::string& wanted) {
    return std::any_of(
        shown.begin(), shown.end(), [&](const auto& line) { return line == wanted; });
  };
  CHECK(has(" ALARM a: odd"));
  CHECK(has(" ALARM b: odd"));
  CHECK_FALSE(has(" ALARM c: odd"));
  CHECK(has(" and 2 more alarms"));
  CHECK(frame(state, {80, 3}, false).size() <= 2);
  for (const char* actor : {"a", "b", "c", "d"}) state.take(over("gap", actor));
  shown = frame(state, {80, 24}, false);
  CHECK_FALSE(has(" and 2 more alarms"));
}

TEST_CASE("the end of a run says which alarms there were, those that stood first") {
  AlarmList list;
  list.take(alarm("gap", "a", 1));
  list.take(over("gap", "a"));
  list.take(alarm("lag", "b", 2));
  list.take(alarm("gap", "a", 3));
  list.take(over("gap", "a"));
  RunEvent summary{{"event", "summary"}, {"alarms", list.told(50)}};
  CHECK(texts(alarm_lines(summary, 200)) ==
        Texts{"  alarm            b: odd; it stood at the end.  Look at its log",
            "  alarm            a: odd  (2 times); it was over before the end.  Look at its log"});
  CHECK(alarm_lines({{"alarms", "x"}}, 80).empty());
  CHECK(alarm_lines({{"alarms", {1, nullptr}}}, 80).empty());
  RunState state;
  state.take(summary);
  auto closing = texts(closing_lines(state, "tram", 200));
  CHECK(std::count(closing.begin(), closing.end(),
            "  alarm            b: odd; it stood at the end.  Look at its log") == 1);
}
