#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

TEST_CASE("a manual clock makes its calls in order, at their time, and only when moved") {
  ManualClock clock;
  Time begin = clock.now();
  std::vector<int> made;
  clock.call_at(begin + 20ms, [&] { made.push_back(2); });
  clock.call_at(begin + 10ms, [&] {
    made.push_back(1);
    clock.call_at(begin + 15ms, [&] { made.push_back(15); });
  });
  TimerId cancelled = clock.call_at(begin + 12ms, [&] { made.push_back(-1); });
  CHECK(clock.cancel(cancelled));
  CHECK(!clock.cancel(cancelled));
  CHECK(made.empty());
  clock.advance(30ms);
  CHECK(made == std::vector<int>{1, 15, 2});
  CHECK(clock.now() == begin + 30ms);
  CHECK(!clock.advance_to_next());
  CHECK(clock.now() == begin + 30ms);
}

TEST_CASE("a real clock calls soon after the moment, earlier ones first") {
  RealClock clock;
  // Again with more time, where the first call was due before the second was asked for.
  for (Duration later = 30ms;; later *= 2) {
    std::atomic<int> order = 0;
    std::atomic<int> late = 0;
    std::atomic<int> early = 0;
    Time begin = clock.now();
    clock.call_at(begin + later, [&] { late = ++order; });
    clock.call_at(begin + 5ms, [&] { early = ++order; });
    bool both_asked = clock.now() < begin + later;
    while (order < 2) std::this_thread::sleep_for(1ms);
    CHECK(clock.now() - begin >= later);
    if (!both_asked) continue;
    CHECK(early == 1);
    CHECK(late == 2);
    break;
  }
}

TEST_CASE("a cancel that comes too late waits for the call to end") {
  RealClock clock;
  std::atomic<bool> began = false;
  std::atomic<bool> ended = false;
  TimerId timer = clock.call_at(clock.now(), [&] {
    began = true;
    std::this_thread::sleep_for(30ms);
    ended = true;
  });
  while (!began) std::this_thread::yield();
  CHECK(!clock.cancel(timer));
  CHECK(ended);
}

TEST_CASE("a wait without end does not overflow") {
  CHECK(after(Time(1h), Duration::max()) == forever);
  CHECK(after(Time(1h), 1s) == Time(1h + 1s));
}

TEST_CASE("a histogram's quantiles are within an eighth of the true ones") {
  Random random(7);
  Histogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 20000; ++i) {
    double value = std::exp(3 * random.normal()) * 1e-3;
    values.push_back(value);
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  auto seen = histogram.snapshot();
  CHECK(seen.count == values.size());
  CHECK(seen.max == values.back());
  for (double q : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    double exact = values[static_cast<std::size_t>(q * 20000) - 1];
    CHECK(seen.quantile(q) == doctest::Approx(exact).epsilon(0.07));
  }
  double sum = 0;
  for (double value : values) sum += value;
  CHECK(seen.mean() == doctest::Approx(sum / 20000));
}

TEST_CASE("odd values do not break a histogram") {
  Histogram histogram;
  for (double value : {0.0, -1.0, 1e-300, 1e300, 5.0}) histogram.record(value);
  histogram.record_alone(5.0);
  auto seen = histogram.snapshot();
  CHECK(seen.count == 6);
  CHECK(seen.quantile(0.8) == doctest::Approx(5.0).epsilon(0.07));
  CHECK(Histogram().snapshot().quantile(0.5) == 0);
}

TEST_CASE("threads may add to one metric at once") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 10000; ++i) {
        metrics.counter("hits", {{"kind", "test"}}).add();
        metrics.histogram("seconds").record(0.5);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(metrics.counter("hits", {{"kind", "test"}}).value() == 40000);
  CHECK(metrics.histogram("seconds").snapshot().sum == doctest::Approx(20000));
  metrics.gauge("level").set(0.25);
  CHECK(metrics.json().find(
            "{\"hits{kind=test}\":40000,\"level\":0.25,\"seconds\":{\"count\":40000") == 0);
}

TEST_CASE("a metric that is removed is gone, of whatever kind, and no other") {
  Metrics metrics;
  std::string before = metrics.json();
  CHECK(before == "{}");
  Labels one = {{"actor", "a"}, {"pool", "b"}};
  metrics.counter("n", one).add(3);
  metrics.gauge("g", one).set(0.5);
  metrics.histogram("h", one).record(2);
  metrics.counter("n", {{"actor", "a"}}).add();
  CHECK(metrics.json() ==
        "{\"n{actor=a,pool=b}\":3,\"n{actor=a}\":1,\"g{actor=a,pool=b}\":0.5,"
        "\"h{actor=a,pool=b}\":{\"count\":1,\"mean\":2,\"p50\":2,\"p90\":2,\"p99\":2,\"max\":2}}");
  for (const char* name : {"n", "g", "h"}) metrics.remove(name, one);
  CHECK(metrics.json() == "{\"n{actor=a}\":1}");
  metrics.gauge("g").set(std::nan(""));
  CHECK(metrics.json() == "{\"n{actor=a}\":1,\"g\":null}");
}

TEST_CASE("a log tells the time to the microsecond in UTC, to people in the local time") {
  const char* zone = std::getenv("TZ");
  std::string before = zone == nullptr ? "" : zone;
  ::setenv("TZ", "XYZ-02:30", 1);  // two and a half hours east
  ::tzset();
  ManualClock clock;
  clock.advance(12min + 34s + 56'007us);
  std::string path = "log_time_test.jsonl";
  std::remove(path.c_str());
  std::string shown;
  {
    Log log(clock, {.terminal = Level::info, .file = Level::info, .path = path});
    log.show_with([&](Level, std::string_view line) { shown = line; });
    log.write(Level::info, "who", "what", {{"of", -1.5}, {"nan", std::nan("")}});
  }
  before.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before.c_str(), 1);
  ::tzset();
  CHECK(shown == "03:42:34.056 info    who: what of=-1.5 nan=nan");
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  CHECK(line.find("{\"time\":\"2026-01-01T01:12:34.056007Z\",\"level\":\"info\"") == 0);
  CHECK(line.find("\"of\":-1.5,\"nan\":\"nan\"}") != std::string::npos);
  std::remove(path.c_str());
}

TEST_CASE("what a log writes is JSON, whatever bytes below a space are in it") {
  std::string out;
  append_json(out, "a\"b\\c\nd\te\x01\x1f é");
  CHECK(out == "\"a\\\"b\\\\c\\nd\\u0009e\\u0001\\u001f é\"");
}

TEST_CASE("a log keeps to each of its levels") {
  ManualClock clock;
  int shown = 0;
  Log quiet(clock, {.terminal = Level::error});
  quiet.show_with([&](Level, std::string_view) { ++shown; });
  for (Level level : {Level::debug, Level::info, Level::warning, Level::error})
    quiet.write(level, "who", std::string(name(level)), {});
  CHECK(shown == 1);
  CHECK(quiet.enabled(Level::error));
  CHECK_FALSE(quiet.enabled(Level::warning));
}

TEST_CASE("a log writes text for people and JSON for machines") {
  ManualClock clock;
  std::string path = "log_test.jsonl";
  std::remove(path.c_str());
  std::vector<std::string> shown;
  {
    Log log(clock, {.terminal = Level::info, .file = Level::debug, .path = path});
    log.show_with([&](Level, std::string_view line) { shown.emplace_back(line); });
    log.write(Level::debug, "ledger", "quiet", {});
    log.write(Level::warning, "ledger", "said \"no\"\n",
        {{"step", 12}, {"share", 0.5}, {"last", true}, {"to", std::string("generator/0")}});
  }
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].find("warning ledger: said \"no\"\n step=12 share=0.5 last=true to=generator/0") !=
        std::string::npos);
  std::ifstream file(path);
  std::string first;
  std::string second;
  std::getline(file, first);
  std::getline(file, second);
  CHECK(first ==
        "{\"time\":\"2026-01-01T01:00:00.000000Z\",\"level\":\"debug\",\"who\":\"ledger\",\"text\":"
        "\"quiet\"}");
  CHECK(
      second ==
      "{\"time\":\"2026-01-01T01:00:00.000000Z\",\"level\":\"warning\",\"who\":\"ledger\",\"text\":"
      "\"said \\\"no\\\"\\n\",\"step\":12,\"share\":0.5,\"last\":true,\"to\":\"generator/0\"}");
  std::remove(path.c_str());
  CHECK_THROWS_AS(Log(clock, {.path = "/nonexistent/folder/log"}), Error);
}

TEST_CASE("a log line has every key once") {
  ManualClock clock;
  std::string path = "log_keys_test.jsonl";
  std::remove(path.c_str());
  {
    Log log(clock, {.terminal = Level::error, .file = Level::debug, .path = path});
    log.write(Level::info, "a", "b", {{"text", 1}, {"step", 2}, {"step", 3}, {"step", 4}});
  }
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  CHECK(line.find("\"text\":\"b\",\"text_2\":1,\"step\":2,\"step_2\":3,\"step_3\":4}") !=
        std::string::npos);
  std::remove(path.c_str());
}

TEST_CASE("a log counts the lines that it could not write, and no others") {
  ManualClock clock;
  std::string path = "log_lost_test.jsonl";
  std::remove(path.c_str());
  {
    Log log(clock, {.terminal = Level::off, .file = Level::info, .path = path});
    log.write(Level::info, "who", "what", {});
    log.write(Level::debug, "who", "that is not for the file", {});
    CHECK(log.lines_lost() == 0);
  }
  std::remove(path.c_str());
  Log full(clock, {.terminal = Level::off, .file = Level::info, .path = "/dev/full"});
  full.write(Level::info, "who", "what", {});
  CHECK(full.lines_lost() == 1);
  full.write(Level::info, "who", std::string(1 << 20, 'x'), {});
  CHECK(full.lines_lost() == 2);
}
