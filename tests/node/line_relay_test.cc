#include "runtime/node/line_relay.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("lines are taken once, in their order") {
  LineRelay relay;
  relay.add(Level::info, "a", "one");
  relay.add(Level::error, "b", "two");
  WorkerLines taken = relay.take();
  REQUIRE(taken.lines.size() == 2);
  CHECK(taken.lines[0].text == "one");
  CHECK(taken.lines[1].who == "b");
  CHECK(taken.lines[1].level == Level::error);
  CHECK(taken.lost == 0);
  CHECK(relay.take().lines.empty());
}

TEST_CASE("lines that there is no room for, or that cannot be told, are counted") {
  LineRelay relay;
  for (int i = 0; i < 1000; ++i) relay.add(Level::info, "a", std::to_string(i));
  WorkerLines taken = relay.take();
  CHECK(taken.lines.size() == 256);
  CHECK(taken.lines.back().text == "255");
  CHECK(taken.lost == 744);
  relay.lose(256);
  CHECK(relay.take().lost == 256);
  CHECK(relay.take().lost == 0);
}

TEST_CASE("a long line is cut, and bytes that are no text do no harm") {
  LineRelay relay;
  relay.add(Level::info, "a", std::string(2047, 'x') + "\xC3\xA9tail");
  relay.add(Level::info, "a", "\xFF");
  WorkerLines taken = relay.take();
  CHECK(taken.lines[0].text == std::string(2047, 'x') + "\xEF\xBF\xBD …");
  CHECK(taken.lines[1].text == "\xEF\xBF\xBD");
}

TEST_CASE("told lines come back from their bytes, with a level that there is") {
  WorkerLines lines{.worker = "w", .lines = {{Level::warning, "who", "what"}}, .lost = 3};
  auto read = Codec<WorkerLines>::decode(Codec<WorkerLines>::encode(lines));
  REQUIRE(read.has_value());
  CHECK(read->worker == "w");
  CHECK(read->lost == 3);
  REQUIRE(read->lines.size() == 1);
  CHECK(read->lines[0].level == Level::warning);
  CHECK(read->lines[0].who == "who");
  CHECK(read->lines[0].text == "what");
  lines.lines[0].level = static_cast<Level>(200);
  CHECK(Codec<WorkerLines>::decode(Codec<WorkerLines>::encode(lines))->lines[0].level ==
        Level::error);
}
