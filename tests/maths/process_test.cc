#include "actors/rewards/maths/process.h"

#include "actors/rewards/maths/wire.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view runs_forever = "\\sqrt{111}";
constexpr std::string_view aborts = "\\sqrt{222}";
constexpr std::string_view hoards_memory = "\\sqrt{333}";

MathsClientOptions options(std::chrono::milliseconds deadline = 30s) {
  MathsClientOptions out;
  out.command = {TRAM_MATHS_CHILD};
  out.deadline = deadline;
  out.start_deadline = 60s;
  return out;
}

const GoldAnswer& gold() {
  static const GoldAnswer answer("1+\\sqrt2");
  return answer;
}

bool alive(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string id;
  std::string program;
  std::string state;
  stat >> id >> program >> state;
  return !state.empty() && state != "Z";
}

}  // namespace

TEST_CASE("what needs proof goes to the child, what does not stays") {
  MathsClient client(options());
  CHECK(client.compare(GoldAnswer("\\frac12"), "0.5").outcome == Outcome::equal);
  CHECK(client.compare(GoldAnswer("12"), "13").outcome == Outcome::different);
  CHECK(client.started() == 0);
  CHECK(client.compare(gold(), "\\sqrt{3+2\\sqrt2}").outcome == Outcome::equal);
  CHECK(client.compare(gold(), "\\sqrt{3}").outcome == Outcome::different);
  CHECK(client.started() == 1);
}

TEST_CASE("a comparison that runs for ever is killed at the deadline, and the next one works") {
  MathsClient client(options(300ms));
  REQUIRE(client.start());
  pid_t first = client.child();
  auto begin = steady_clock::now();
  auto said = client.compare(gold(), runs_forever);
  CHECK(steady_clock::now() - begin < 20s);
  // Only a busy machine leaves it undecided: the gold answer alone takes no time.
  CHECK(said.how.starts_with("time-out after 300 ms"));
  bool blamed = said.how.ends_with("on the answer, while the gold answer can be evaluated");
  CHECK(said.outcome == (blamed ? Outcome::different : Outcome::undecided));
  CHECK(client.timed_out() == 1);
  CHECK_FALSE(alive(first));
  // A busy machine may be late for an honest comparison too, but not every time.
  Outcome next = Outcome::undecided;
  for (int tries = 0; tries < 20 && next != Outcome::equal; ++tries)
    next = client.compare(gold(), "\\sqrt{3+2\\sqrt2}").outcome;
  CHECK(next == Outcome::equal);
  CHECK(client.started() >= 2);
}

TEST_CASE("an answer at which the child crashes or eats memory is wrong") {
  MathsClient client(options());
  for (std::string_view answer : {aborts, hoards_memory}) {
    auto said = client.compare(gold(), answer);
    CHECK(said.outcome == Outcome::different);
    CHECK(said.how ==
          "the maths process crashed on the answer, while the gold answer can be evaluated");
    CHECK(client.compare(gold(), "\\sqrt{3+2\\sqrt2}").outcome == Outcome::equal);
  }
  CHECK(client.crashed() == 2);
}

TEST_CASE("a child that died between two requests is started again") {
  MathsClient client(options());
  REQUIRE(client.start());
  kill(client.child(), SIGKILL);
  CHECK(client.compare(gold(), "\\sqrt{3+2\\sqrt2}").outcome == Outcome::equal);
  CHECK(client.started() == 2);
  CHECK(client.crashed() == 0);
}

TEST_CASE("the child ends with its client") {
  pid_t child = -1;
  {
    MathsClient client(options());
    REQUIRE(client.start());
    child = client.child();
    CHECK(alive(child));
  }
  CHECK_FALSE(alive(child));
}

TEST_CASE("the child dies with its parent, even while it computes") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t parent = fork();
  if (parent == 0) {
    MathsClient client(options(60s));
    bool started = client.start();
    pid_t child = client.child();
    bool told = write(ends[1], &child, sizeof child) == sizeof child;
    if (started && told) client.compare(gold(), runs_forever);
    _exit(0);
  }
  pid_t child = -1;
  REQUIRE(read(ends[0], &child, sizeof child) == sizeof child);
  REQUIRE(child > 0);
  CHECK(alive(child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  for (int i = 0; i < 1000 && alive(child); ++i) std::this_thread::sleep_for(10ms);
  CHECK_FALSE(alive(child));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a program that is not there leaves the comparison undecided, with its name") {
  MathsClientOptions wrong;
  wrong.command = {"/nonexistent/maths"};
  MathsClient client(wrong);
  auto said = client.compare(gold(), "\\sqrt{3+2\\sqrt2}");
  CHECK(said.outcome == Outcome::undecided);
  CHECK(said.how.find("/nonexistent/maths") != std::string::npos);
  wrong.command = {"/bin/true"};
  wrong.start_deadline = 10s;
  MathsClient silent(wrong);
  CHECK(silent.compare(gold(), "\\sqrt{3+2\\sqrt2}").outcome == Outcome::undecided);
}

TEST_CASE("messages survive the wire, and damaged ones are refused") {
  maths::Request request;
  request.gold = "1/2";
  request.answer = std::string("a\0b", 3);
  request.options.percent = PercentRule::strict;
  request.options.points = 7;
  std::string frame = maths::encode(request);
  REQUIRE(maths::frame_length(frame.substr(0, 4)) == frame.size() - 4);
  std::string body = frame.substr(4);
  auto decoded = maths::decode_request(body);
  REQUIRE(decoded);
  CHECK(decoded->gold == request.gold);
  CHECK(decoded->answer == request.answer);
  CHECK(decoded->options.percent == PercentRule::strict);
  CHECK(decoded->options.points == 7);
  for (std::size_t length = 0; length < body.size(); ++length)
    CHECK_FALSE(maths::decode_request(body.substr(0, length)));
  CHECK_FALSE(maths::decode_request(body + "x"));
  CHECK_FALSE(maths::decode_reply("\x09" + std::string(4, '\0')));
  CHECK_FALSE(maths::frame_length("\xff\xff\xff\xff"));
}
