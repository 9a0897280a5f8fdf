// The screen of `tram top`, without a terminal.
#include "actors/view/top_screen.h"

#include "actors/view/draw.h"

#include <algorithm>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace json = boost::json;

json::object actor(const char* name, double busy, int mailbox = 0, const char* node = "a") {
  return {{"job", 7}, {"name", name}, {"kind", "k"}, {"node", node}, {"state", "working"},
      {"busy", busy}, {"mailbox", mailbox}, {"mailbox_limit", 64}, {"restarts", 1}, {"since", 5.0},
      {"waiting_for", "reply of ledger"}, {"tokens_per_s", 1200},
      {"notes", json::object{{"version", "41"}}}};
}

TopScreen::Content content() {
  return {"2 of 2 nodes ready\n\nJOB NAME\n7   demo\n",
      {actor("trainer", 0.5, 3), actor("generator/0", 0.9, 1), actor("generator/1", 0.8, 9, "b"),
          actor("ledger", 0.1, 2)}};
}

// The actors' names in the order of the screen, and which is chosen.
struct Seen {
  std::vector<std::string> names;
  std::string chosen;
  std::string foot;
};

Seen seen(const TopScreen& screen, FrameSize size = {120, 24}) {
  Seen out;
  auto lines = screen.lines(size);
  REQUIRE(lines.size() == static_cast<std::size_t>(size.rows));
  for (const std::string& line : lines) CHECK(columns(line) <= size.columns);
  out.foot = lines.back();
  for (const std::string& line : lines)
    for (const char* name : {"trainer", "generator/0", "generator/1", "ledger "})
      if (line.find(std::string(" ") + name) != std::string::npos &&
          line.find("working") != std::string::npos) {
        out.names.emplace_back(name);
        if (line[0] == '>') out.chosen = name;
      }
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the busiest come first, and s, S and r order them otherwise") {
  TopScreen screen;
  screen.take(content());
  CHECK(seen(screen).names == Names{"generator/0", "generator/1", "trainer", "ledger "});
  CHECK(seen(screen).chosen == "generator/0");
  CHECK(screen.keys("r"));
  CHECK(seen(screen).names == Names{"ledger ", "trainer", "generator/1", "generator/0"});
  CHECK(screen.keys("rss"));  // by name
  CHECK(seen(screen).names == Names{"generator/0", "generator/1", "ledger ", "trainer"});
  CHECK(screen.keys("sss"));  // by mailbox
  CHECK(seen(screen).names == Names{"generator/1", "trainer", "ledger ", "generator/0"});
  CHECK(screen.keys("SSSSSS"));  // beyond the first: by what it waits for, all the same
  CHECK(seen(screen).names == Names{"trainer", "generator/0", "generator/1", "ledger "});
}

TEST_CASE("an actor is chosen by keys, stays chosen as others overtake it, and is opened") {
  TopScreen screen;
  screen.take(content());
  CHECK(screen.keys("\x1b[B\x1b[B"));
  CHECK(seen(screen).chosen == "trainer");
  auto changed = content();
  changed.actors[0].at("busy") = 1.0;
  screen.take(changed);
  CHECK(seen(screen).names[0] == "trainer");
  CHECK(seen(screen).chosen == "trainer");
  CHECK(screen.keys("\x1b[6~"));
  CHECK(seen(screen).chosen == "ledger ");
  CHECK(screen.keys("k"));
  CHECK(seen(screen).chosen == "generator/1");
  CHECK_FALSE(screen.opened());
  CHECK(screen.keys("\r"));
  CHECK(screen.opened() == "7/generator/1");
  screen.take_details("state: working\npid: 17\n");
  auto lines = screen.lines({80, 24});
  CHECK(lines[0] == "actor 7/generator/1");
  CHECK(lines[1] == "state: working");
  CHECK(screen.keys("j"));  // goes through the text
  CHECK(screen.lines({80, 24})[1] == "pid: 17");
  CHECK(screen.keys("q"));  // back, not the end
  CHECK_FALSE(screen.opened());
  CHECK(seen(screen).chosen == "generator/1");
  CHECK_FALSE(screen.keys("q"));
  CHECK_FALSE(screen.keys("\x03"));
}

TEST_CASE("a filter shows those that have the text, until escape") {
  TopScreen screen;
  screen.take(content());
  CHECK(screen.keys("/genq"));
  CHECK(seen(screen).names.empty());
  CHECK(seen(screen).foot == "/genq_");
  CHECK(screen.keys("\x7f\r"));
  CHECK(seen(screen).names == Names{"generator/0", "generator/1"});
  CHECK(seen(screen).foot.find("only \"gen\" (2 of 4)") == 0);
  CHECK(screen.keys("\x1b"));
  CHECK(seen(screen).names.size() == 4);
  CHECK(screen.keys("/7/tr\n"));
  CHECK(seen(screen).names == Names{"trainer"});
  CHECK(screen.keys("/\x1b"));  // while it is typed
  CHECK(seen(screen).names.size() == 4);
  CHECK(screen.keys("/" + std::string(200, 'x')));
  CHECK(seen(screen).foot.size() < 80);
}

TEST_CASE("it stands still until it is told to go on") {
  TopScreen screen;
  screen.take(content());
  CHECK(screen.keys(" "));
  screen.take({"", {actor("ledger", 1)}});
  CHECK(seen(screen).names.size() == 4);
  CHECK(seen(screen).foot.find("PAUSED") == 0);
  CHECK(screen.keys(" "));
  screen.take({"", {actor("ledger", 1)}});
  CHECK(seen(screen).names == Names{"ledger "});
}

TEST_CASE("keys that come in pieces are read whole; those that nobody knows are nothing") {
  TopScreen screen;
  screen.take(content());
  CHECK(screen.keys("\x1b["));
  CHECK(seen(screen).chosen == "generator/0");
  CHECK(screen.keys("B"));
  CHECK(seen(screen).chosen == "generator/1");
  CHECK(screen.keys("\x1b[1;5C\x1bOP\x1b[" + std::string(100, '1') + "x\xff"));
  CHECK(seen(screen).names.size() == 4);
  CHECK(screen.keys("?"));
  CHECK(screen.lines({80, 24})[1].find("Enter") == 0);
  CHECK(screen.keys("\x1b"));
  CHECK(seen(screen).names.size() == 4);
}

TEST_CASE("whatever the room, the chosen one is in sight and nothing is too wide") {
  TopScreen screen;
  TopScreen::Content many = content();
  many.overview = std::string(50, '\n') + "far below\n";
  for (int i = 0; i < 1000; ++i) many.actors.push_back(actor("other", 0.01));
  many.actors.push_back({{"name", 5}, {"notes", "none"}});  // not as it should be
  screen.take(many);
  CHECK(seen(screen, {40, 10}).chosen == "");  // its state is beyond the edge
  CHECK(screen.keys("jj"));
  CHECK(seen(screen, {120, 9}).chosen == "trainer");
  for (FrameSize size : {FrameSize{1, 1}, FrameSize{5, 2}, FrameSize{200, 3}, FrameSize{80, 200}})
    for (const std::string& line : screen.lines(size)) CHECK(columns(line) <= size.columns);
  TopScreen empty;
  empty.take({});
  CHECK(empty.keys("\x1b[A\x1b[B\rsr"));
  CHECK_FALSE(empty.opened());
  empty.lines({80, 24});
}
