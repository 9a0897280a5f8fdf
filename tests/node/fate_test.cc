// How children end with whoever started them.
#include "runtime/node/child.h"
#include "runtime/node/parent.h"
#include "tests/node/processes.h"

#include <csignal>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

// Of this test and this run of it alone.
std::string mark(const std::string& test) {
  return "TRAM_TEST_MARK=" + test + std::to_string(::getpid());
}

const std::string forks = "sleep 1000 & sleep 1000 & echo ready; wait";

}  // namespace

TEST_CASE("a group is killed with all that it has forked") {
  TempFolder folder;
  auto log = folder.path() + "/log";
  auto marked = mark("group");
  ChildOptions options{.command = {"sh", "-c", forks}, .output = log, .environment = {marked}};
  auto ready = [&] { return contents(log) == "ready\n"; };
  SUBCASE("by a signal to the group") {
    Child child = Child::start(options);
    REQUIRE(soon(ready));
    CHECK(processes_with(marked) == 3);
    child.kill_group(SIGTERM);
    CHECK(child.wait(60s)->signal == SIGTERM);
  }
  SUBCASE("when its child is seen to have ended") {
    Child child = Child::start(options);
    REQUIRE(soon(ready));
    child.kill(SIGKILL);
    CHECK(child.wait(60s)->signal == SIGKILL);
  }
  SUBCASE("when nobody has the child any more") {
    Child child = Child::start(options);
    REQUIRE(soon(ready));
    child = Child::start({.command = {"true"}});
    CHECK(child.wait(60s)->exit_code == 0);
  }
  CHECK(soon([&] { return processes_with(marked) == 0; }));
  CHECK(children_in("Z") == 0);
}

TEST_CASE("a child without a group of its own is in ours") {
  Child child = Child::start({.command = {"sleep", "1000"}, .own_group = false});
  CHECK(::getpgid(child.pid()) == ::getpgrp());
  child.kill_group(SIGTERM);
  CHECK(child.wait(60s)->signal == SIGTERM);
}

TEST_CASE("children outlive the thread that started them") {
  std::optional<Child> ours, theirs;
  std::thread([&] {
    ours = Child::start({.command = {"/proc/self/exe", "wait"}});
    theirs = Child::start({.command = {"sleep", "1000"}, .foreign = true});
  }).join();
  CHECK_FALSE(ours->wait(100ms));
  CHECK_FALSE(theirs->wait(0s));
}

TEST_CASE("children die with their parent, however it ends") {
  TempFolder folder;
  auto log = folder.path() + "/log";
  auto marked = mark("parent");
  Child parent = Child::start(
      {.command = {"/proc/self/exe", "parent"}, .output = log, .environment = {marked}});
  REQUIRE(soon([&] { return contents(log) == "ready\n"; }));
  REQUIRE(soon([&] { return processes_with(marked) == 6; }));  // and its sweeper
  SUBCASE("killed") {
    parent.kill(SIGKILL);
  }
  SUBCASE("told to end") {
    parent.kill(SIGTERM);
  }
  CHECK(soon([&] { return processes_with(marked) == 0; }));
}

TEST_CASE("a sweeper that is gone is replaced, and told of all groups") {
  TempFolder folder;
  auto log = folder.path() + "/log";
  auto marked = mark("swept");
  int groups = 0;
  SUBCASE("of few") {}
  SUBCASE("of more than a socket has room for") {
    groups = 600;
  }
  Child parent =
      Child::start({.command = {"/proc/self/exe", "lose-a-sweeper", std::to_string(groups)},
          .output = log,
          .environment = {marked}});
  REQUIRE(soon([&] { return contents(log) == "ready\nready\n"; }));
  REQUIRE(soon([&] { return processes_with(marked) == 8 + groups; }));
  parent.kill(SIGKILL);
  CHECK(soon([&] { return processes_with(marked) == 0; }));
}

TEST_CASE("a child whose parent is gone before it asks ends at once") {
  Child orphan = Child::start({.command = {"/proc/self/exe", "orphan"}});
  CHECK(orphan.wait(60s)->exit_code == 1);
}
