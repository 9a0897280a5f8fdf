#include "actors/rewards/line_process.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

LineProcess shell(const std::string& script) {
  return LineProcess({"sh", "-c", script});
}

// What asking fails with.
std::string failure(LineProcess& process, Errc code, std::chrono::milliseconds deadline = 60s) {
  try {
    return "it answered " + process.ask("line", deadline);
  } catch (const Error& error) {
    CHECK(error.errc() == code);
    return error.text();
  }
}

}  // namespace

TEST_CASE("a program answers line by line, and goes on running") {
  LineProcess process({"cat"});
  CHECK(process.started() == 0);
  for (const char* line : {"one", "", "zwei ✓", "three"}) CHECK(process.ask(line, 60s) == line);
  CHECK(process.started() == 1);
}

TEST_CASE("an answer may come in pieces, and the next one with it") {
  auto process = shell("read a; printf x; sleep 0.01; printf 'y\\nz\\nw'; read b; read c; echo v");
  CHECK(process.ask("1", 60s) == "xy");
  CHECK(process.ask("2", 60s) == "z");
  CHECK(process.ask("3", 60s) == "wv");
}

TEST_CASE("a request that is longer than a pipe holds is sent whole") {
  auto process = shell("read line; echo ${#line}");
  CHECK(process.ask(std::string(200'000, 'x'), 60s) == "200000");
}

TEST_CASE(
    "a program that ends says how, and what it wrote to its standard error, and is replaced") {
  auto process = shell("read line; echo first >&2; echo oops >&2; exit 3");
  CHECK(failure(process, Errc::failed) == "sh ended with status 3; it said: first\noops");
  CHECK(failure(process, Errc::failed) == "sh ended with status 3; it said: first\noops");
  CHECK(process.started() == 2);
  auto killed = shell("read line; kill -9 $$");
  CHECK(failure(killed, Errc::failed) == "sh was killed by signal 9");
}

TEST_CASE("of a long complaint the end is kept") {
  auto process = shell("i=0; while [ $i -lt 600 ]; do echo line $i >&2; i=$((i+1)); done; exit 1");
  auto said = failure(process, Errc::failed);
  CHECK_MESSAGE(said.ends_with("\nline 598\nline 599"), said);
  CHECK(said.size() > 1900);
  CHECK(said.size() < 2100);
}

TEST_CASE("a program that does not answer, or not read, in time is killed") {
  auto silent = shell("echo patience >&2; exec sleep 1000");
  auto said = failure(silent, Errc::timeout, 50ms);
  CHECK_MESSAGE(said.find("sh did not answer in time") == 0, said);
  auto deaf = shell("exec sleep 1000");
  try {
    (void)deaf.ask(std::string(1 << 20, 'x'), 50ms);
    FAIL("it answered");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::timeout);
    CHECK(error.text() == "sh did not read its request in time");
  }
  CHECK(deaf.started() == 1);
}

TEST_CASE("a request that a program could have read is never said to be unread") {
  auto silent = shell("exec sleep 1000");
  CHECK(failure(silent, Errc::timeout, -1s) == "sh did not answer in time");
}

TEST_CASE("a program that stops reading is told of, and kills nobody") {
  auto process = shell("read line; exec <&-; echo one; exec sleep 1000");
  CHECK(process.ask("1", 60s) == "one");
  CHECK(failure(process, Errc::failed).find("sh") == 0);
  CHECK(process.ask("1", 60s) == "one");
}

TEST_CASE("what a program has forked is killed with it") {
  auto asks = shell("sleep 1000 & echo $!; read line; sleep 1000");
  pid_t forked = std::stoi(asks.ask("line", 60s));
  CHECK(::kill(forked, 0) == 0);
  CHECK(failure(asks, Errc::timeout, 50ms).find("sh did not answer in time") == 0);
  // Gone, or not yet taken note of by who reaps what has lost its parent.
  auto gone = [&] {
    std::string state;
    std::ifstream stat("/proc/" + std::to_string(forked) + "/stat");
    stat >> state >> state >> state;
    return state.empty() || state == "Z";
  };
  for (int looks = 0; looks < 2000 && !gone(); ++looks) std::this_thread::sleep_for(5ms);
  CHECK(gone());
}

TEST_CASE("a program has our environment, but not what lets one into a cluster") {
  ::setenv("A_KEY_OF_MINE", "mine", 1);
  ::setenv("TRAM_TOKEN", "secret", 1);
  auto process = shell("while read line; do eval echo \\\"\\$$line\\\"; done");
  CHECK(process.ask("A_KEY_OF_MINE", 60s) == "mine");
  CHECK(process.ask("TRAM_TOKEN", 60s).empty());
  ::unsetenv("TRAM_TOKEN");
}

TEST_CASE("what cannot be started is told by its name") {
  LineProcess none({"no-such-program-of-this-test"});
  CHECK(failure(none, Errc::failed).find("no-such-program-of-this-test: No such file") == 0);
  CHECK_THROWS_AS(LineProcess(std::vector<std::string>{}), Error);
}
