#include "actors/alarms/alarm_hook.h"

#include "tests/support/temp_folder.h"

#include <fstream>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

struct HookBench {
  // A shell command, with $OUT to write to.
  std::unique_ptr<EventSink> hook(const std::string& command, Duration deadline = 60s,
      std::size_t waiting_most = 16, std::size_t runs_most = 200) {
    return alarm_hook({.command = {"sh", "-c", "OUT=" + folder.path() + "; " + command},
        .folder = folder.path(),
        .log = &log,
        .deadline = deadline,
        .waiting_most = waiting_most,
        .runs_most = runs_most});
  }

  std::string read(const std::string& name) const {
    std::ifstream in(folder.path() + "/" + name);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }

  TempFolder folder;
  RealClock clock;
  Log log{clock, {.terminal = Level::off, .path = folder.path() + "/log.jsonl"}};
  RunEvent alarm{{"event", "alarm"}, {"rule", "gap"}, {"actor", "trainer"}, {"text", "a 'gap'"}};
};

}  // namespace

TEST_CASE("the command reads the event, and knows the run and the rule") {
  HookBench bench;
  auto hook = bench.hook("cat >> $OUT/got; echo $TRAM_RUN $TRAM_ALARM $TRAM_ALARM_STATE");
  hook->event(bench.alarm);
  RunEvent over{{"event", "alarm_over"}, {"rule", "gap"}};
  hook->event(over);
  hook->event({{"event", "alarm"}, {"text", "of no rule"}});
  hook->event({{"event", "step"}, {"rule", "gap"}});
  hook->close();
  CHECK(bench.read("got") ==
        "{\"event\":\"alarm\",\"rule\":\"gap\",\"actor\":\"trainer\",\"text\":\"a 'gap'\"}\n"
        "{\"event\":\"alarm_over\",\"rule\":\"gap\"}\n");
  std::string run = bench.folder.path();
  CHECK(bench.read("alarm_command.log") == run + " gap begins\n" + run + " gap over\n");
  CHECK(bench.read("log.jsonl").empty());
}

TEST_CASE("without a command there is no hook") {
  CHECK(alarm_hook({}) == nullptr);
}

TEST_CASE("a command that fails, or that there is not, is a line of the log") {
  HookBench bench;
  auto hook = bench.hook("exit 3");
  hook->event(bench.alarm);
  hook->close();
  CHECK(bench.read("log.jsonl").find("the command sh ended with status 3") != std::string::npos);
  auto none = alarm_hook(
      {.command = {"/no/such/program"}, .folder = bench.folder.path(), .log = &bench.log});
  none->event(bench.alarm);
  none->close();
  CHECK(bench.read("log.jsonl").find("/no/such/program") != std::string::npos);
}

TEST_CASE("a command that does not end is killed with all that it started") {
  HookBench bench;
  auto hook = bench.hook("echo began; sleep 1000 & sleep 1000", 200ms);
  hook->event(bench.alarm);
  hook->close();
  CHECK(bench.read("log.jsonl").find("was killed: it took too long") != std::string::npos);
}

TEST_CASE("what is too many at once, or in all, is left out and counted") {
  HookBench bench;
  SUBCASE("in all") {
    auto hook = bench.hook("echo x >> $OUT/got", 60s, 16, 2);
    for (int i = 0; i < 5; ++i) hook->event(bench.alarm);
    hook->close();
    CHECK(bench.read("got") == "x\nx\n");
    CHECK(bench.read("log.jsonl").find("\"left_out\":3") != std::string::npos);
  }
  SUBCASE("at once") {
    // The first one waits for the file that is made when the others have come.
    auto hook = bench.hook("until [ -e $OUT/go ]; do sleep 0.01; done; echo x >> $OUT/got", 60s, 1);
    hook->event(bench.alarm);
    for (int i = 0; i < 4; ++i) hook->event(bench.alarm);
    std::ofstream(bench.folder.path() + "/go") << "";
    hook->close();
    auto got = bench.read("got").size() / 2;  // the one that waits, and the one that runs by then
    CHECK(got >= 1);
    CHECK(got <= 2);
    auto left_out = "\"left_out\":" + std::to_string(5 - got);
    CHECK(bench.read("log.jsonl").find(left_out) != std::string::npos);
  }
}
