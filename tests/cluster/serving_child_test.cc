// Connections that another process serves, over real sockets and processes.
#include "runtime/cluster/serving_child.h"

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <csignal>
#include <fstream>
#include <poll.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

std::pair<Descriptor, Descriptor> connected() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Until the end of the connection, or a minute has passed.
std::string said(const Descriptor& socket) {
  std::string all;
  char part[256];
  pollfd ready{socket.get(), POLLIN, 0};
  while (::poll(&ready, 1, 60'000) == 1) {
    ssize_t got = ::recv(socket.get(), part, sizeof part, 0);
    if (got <= 0) break;
    all.append(part, static_cast<std::size_t>(got));
  }
  return all;
}

// Returns when it has stopped.
void stop(pid_t child) {
  REQUIRE(::kill(child, SIGSTOP) == 0);
  siginfo_t how{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &how, WSTOPPED | WNOWAIT) == 0);
}

struct World {
  explicit World(
      std::string word = "serve-connections", Duration silence = 10min, std::string output = {})
      : child({.command = {"/proc/self/exe", std::move(word)}, .output = std::move(output)}, log,
            {.least = 1ms, .most = 50ms, .settled = 1h, .silence = silence}) {}

  // What the child says of it: "PID: FIRST".
  std::string ask(const std::string& first) {
    auto [here, there] = connected();
    REQUIRE(child.give(std::move(there), as_bytes(first)));
    return said(here);
  }

  pid_t pid() { return std::stoi(ask("who")); }

  RealClock clock;
  Log log{clock, {.terminal = Level::off}};
  ServingChild child;
};

}  // namespace

TEST_CASE("a connection is served by another process, with what was read of it") {
  World world;
  std::string answer = world.ask("GET / HT");
  CHECK(answer.ends_with(": GET / HT"));
  CHECK(std::stoi(answer) != ::getpid());
  CHECK(world.pid() == std::stoi(answer));
}

TEST_CASE("what is given while the child is dead is served by its successor") {
  World world;
  pid_t first = world.pid();
  pid_t last = first;
  for (int i = 0; i < 5; ++i) {
    stop(last);  // it takes nothing of what follows
    std::vector<Descriptor> clients;
    for (int n = 0; n < 20; ++n) {
      auto [here, there] = connected();
      REQUIRE(world.child.give(std::move(there), as_bytes(std::to_string(n))));
      clients.push_back(std::move(here));
    }
    REQUIRE(::kill(last, SIGKILL) == 0);
    for (int n = 0; n < 20; ++n) {
      std::string answer = said(clients[static_cast<std::size_t>(n)]);
      CHECK(answer.ends_with(": " + std::to_string(n)));
      CHECK(std::stoi(answer) != last);
    }
    last = world.pid();
  }
  CHECK(last != first);
}

TEST_CASE("too many that wait are closed, and nobody waits for that") {
  World world("end-at-once");
  std::vector<Descriptor> clients;
  bool full = false;
  for (int n = 0; n < 2000 && !full; ++n) {
    auto [here, there] = connected();
    full = !world.child.give(std::move(there), as_bytes("x"));
    clients.push_back(std::move(here));
  }
  REQUIRE(full);
  CHECK(said(clients.back()).empty());
  world.child.stop();
}

TEST_CASE("a child that hangs is killed, and its successor serves what it left") {
  World world("serve-connections", 3s);
  pid_t first = world.pid();
  stop(first);
  std::string answer = world.ask("after all");
  CHECK(answer.ends_with(": after all"));
  CHECK(std::stoi(answer) != first);
}

TEST_CASE("a child that never tells that it serves is killed, however alive it is") {
  World world("serve-in-silence", 2s);
  std::set<std::string> pids;
  auto deadline = std::chrono::steady_clock::now() + 1min;
  while (pids.size() < 2 && std::chrono::steady_clock::now() < deadline) {
    auto [here, there] = connected();
    REQUIRE(world.child.give(std::move(there), as_bytes("x")));
    // Empty: the child was killed with the connection.
    if (std::string answer = said(here); !answer.empty()) pids.insert(answer);
    std::this_thread::sleep_for(20ms);
  }
  CHECK(pids.size() == 2);
}

TEST_CASE("the child ends with who has it") {
  pid_t pid = 0;
  {
    World world;
    pid = world.pid();
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a child is told that it must end, and has time for it") {
  TempFolder folder;
  const std::string output = folder.path() + "/output";
  {
    World world("end-in-order", 10min, output);
    world.pid();
  }
  std::ifstream said_last(output);
  std::string line;
  std::getline(said_last, line);
  CHECK(line == "told");
}

TEST_CASE("who gives nothing any more ends the other side") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  // A message without a connection is none.
  REQUIRE(::send(ours.get(), "x", 1, MSG_NOSIGNAL) == 1);
  ours.close();
  int pulses = 0;
  CHECK(!next_connection(theirs, [&] { ++pulses; }));
  CHECK(pulses == 1);
}
