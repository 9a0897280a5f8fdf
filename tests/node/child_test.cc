// What a child is started with, and what is said of its end.
#include "runtime/node/child.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/node/processes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

// A file of ours that every child inherits which is not protected from it.
struct Leaky {
  Leaky() : file(::open("/dev/zero", O_RDONLY)) {}  // NOLINT: without O_CLOEXEC

  Descriptor file;
};

std::string listed(ChildOptions options) {
  options.command = {"sh", "-c",
      "cd /proc/$$/fd; for n in *; do [ -L $n ] && printf \"$n \" && readlink $n; done"};
  return output_of(std::move(options));
}

ChildEnd end_of(std::vector<std::string> command) {
  Child child = Child::start({.command = std::move(command)});
  auto end = child.wait(60s);
  REQUIRE(end);
  return *end;
}

std::string refusal(ChildOptions options) {
  try {
    Child::start(std::move(options));
  } catch (const Error& error) {
    CHECK(error.errc() == (error.text().starts_with('/') ? Errc::io : Errc::failed));
    return error.text();
  }
  return "it was started";
}

}  // namespace

TEST_CASE("a child has the descriptors that are named, and no others") {
  Leaky leaky;
  for (bool foreign : {false, true}) {
    auto nothing = listed({.foreign = foreign});
    CHECK_MESSAGE(nothing.starts_with("0 /dev/null\n1 /"), nothing);
    CHECK_MESSAGE(nothing.find("/output\n2 /") != std::string::npos, nothing);
    CHECK_MESSAGE(nothing.ends_with("/output\n"), nothing);
    CHECK(std::ranges::count(nothing, '\n') == 3);
  }
  // Each has a number that another wants.
  Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor full(::open("/dev/full", O_RDONLY | O_CLOEXEC));
  for (bool foreign : {false, true}) {
    auto named = listed({.descriptors = {{full.get(), null.get()}, {null.get(), full.get()},
                             {leaky.file.get(), 60}, {leaky.file.get(), 0}},
        .foreign = foreign});
    CHECK(std::ranges::count(named, '\n') == 6);
    CHECK_MESSAGE(named.starts_with("0 /dev/zero\n1 /"), named);
    for (const std::string& line : {str("\n", null.get(), " /dev/full\n"),
             str("\n", full.get(), " /dev/null\n"), std::string("\n60 /dev/zero\n")})
      CHECK_MESSAGE(named.find(line) != std::string::npos, named);
  }
}

TEST_CASE("a child has no signal blocked and none ignored, whatever its starter does") {
  sigset_t blocked, before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  std::array<void (*)(int), 3> handlers = {std::signal(SIGPIPE, SIG_IGN),
      std::signal(SIGXFSZ, SIG_IGN), std::signal(SIGINT, [](int) {})};
  for (bool foreign : {false, true}) {
    auto status = output_of(
        ChildOptions{.command = {"grep", "^Sig", "/proc/self/status"}, .foreign = foreign});
    CHECK_MESSAGE(status.find("SigBlk:\t0000000000000000\n") != std::string::npos, status);
    auto at = status.find("SigIgn:\t");
    REQUIRE(at != std::string::npos);
    // glibc leaves its own two, 32 and 33, ignored; who needs them handles them.
    auto ignored = std::stoull(status.substr(at + 8, 16), nullptr, 16);
    CHECK((ignored & ~0x180000000ULL) == 0);
  }
  std::signal(SIGPIPE, handlers[0]);
  std::signal(SIGXFSZ, handlers[1]);
  std::signal(SIGINT, handlers[2]);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a child's environment is what is listed, kept and given") {
  for (const char* name :
      {"TRAM_TOKEN", "TRAM_TOKEN_FILE", "TRAM_ISA_OF_TEST", "LC_TEST", "SECRET_KEY", "KEPT_ONE",
          "KEPT_TWO", "PYTHONPATH", "LD_AUDIT_TEST", "HOME", "TRAM_PARENT"})
    ::setenv(name, "x", 1);
  ChildOptions options{
      .command = {"env"}, .environment = {"GIVEN=a=b", "LC_TEST=y"}, .keep = {"KEPT_*"}};
  auto has = [&](const std::string& line) {
    return ("\n" + output_of(options)).find("\n" + line + "\n") != std::string::npos;
  };
  for (const char* line :
      {"TRAM_ISA_OF_TEST=x", "LC_TEST=y", "HOME=x", "GIVEN=a=b", "KEPT_ONE=x", "KEPT_TWO=x"})
    CHECK_MESSAGE(has(line), line);
  CHECK(has(str("TRAM_PARENT=", ::getpid())));
  for (const char* line : {"TRAM_TOKEN=x", "TRAM_TOKEN_FILE=x", "SECRET_KEY=x", "PYTHONPATH=x",
           "LD_AUDIT_TEST=x", "LC_TEST=x"})
    CHECK_MESSAGE(!has(line), line);
  options.keep = {"*"};
  CHECK_FALSE(has("TRAM_TOKEN=x"));
  options.keep = {"TRAM_TOKEN"};
  CHECK(has("TRAM_TOKEN=x"));
  options = {.command = {"env"}, .whole_environment = true, .foreign = true};
  CHECK(has("SECRET_KEY=x"));
  CHECK_FALSE(has("TRAM_TOKEN_FILE=x"));
  CHECK(output_of(options).find("TRAM_PARENT") == std::string::npos);
}

TEST_CASE("an end is told by its status or signal, with memory and time") {
  auto failed = end_of({"sh", "-c", "exit 3"});
  CHECK(failed.text() == "ended with status 3");
  CHECK(failed.exit_code == 3);
  CHECK_FALSE(failed.signalled);
  CHECK(end_of({"true"}).text() == "ended with status 0");
  auto killed = end_of({"sh", "-c", "kill -9 $$"});
  CHECK(killed.text() == "killed by signal 9 (SIGKILL)");
  CHECK(killed.signalled);
  CHECK(killed.signal == SIGKILL);
  CHECK(end_of({"sh", "-c", "kill -36 $$"}).text() == "killed by signal 36");
  auto busy = end_of({"python3", "-c",
      "x = b'x' * (400 << 20)\nimport time\nwhile time.process_time() < 0.5: pass"});
  CHECK(busy.text() == "ended with status 0");
  CHECK(busy.peak_memory_bytes > 400U << 20);
  CHECK(busy.peak_memory_bytes < 600U << 20);
  CHECK(busy.cpu_seconds >= 0.5);
  CHECK(busy.cpu_seconds < 60);
}

TEST_CASE("memory that this process had is not taken for the child's") {
  std::vector<char> ours(300 << 20, 'x');
  CHECK(end_of({"true"}).peak_memory_bytes == 0);
  CHECK(ours.back() == 'x');
}

TEST_CASE("a wait has a deadline, and an end can be asked for again") {
  Child child = Child::start({.command = {"sleep", "1000"}});
  CHECK_FALSE(child.wait(0s));
  auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(child.wait(50ms));
  CHECK(std::chrono::steady_clock::now() - begin >= 50ms);
  CHECK(child.kill(0));
  CHECK(child.kill(SIGTERM));
  for (int i = 0; i < 2; ++i) {
    auto end = child.wait(Duration::max());
    REQUIRE(end);
    CHECK(end->text() == "killed by signal 15 (SIGTERM)");
  }
  CHECK_FALSE(child.kill(SIGTERM));
  child.kill_group(SIGTERM);
}

TEST_CASE("what cannot be started is an error with its name") {
  for (bool foreign : {false, true}) {
    CHECK(refusal({.command = {"no-such-program"}, .foreign = foreign}) ==
          "no-such-program: No such file or directory");
    CHECK(refusal({.command = {"./no/such/program", "x"}, .foreign = foreign}) ==
          "./no/such/program: No such file or directory");
  }
  CHECK(refusal({.command = {"true"}, .output = "/no/such/folder/log"}) ==
        "/no/such/folder/log: No such file or directory");
  CHECK(children_in("Z") == 0);
}

TEST_CASE("output is appended to its file") {
  TempFolder folder;
  auto log = folder.path() + "/log";
  for (int i = 0; i < 2; ++i) {
    auto child = Child::start({.command = {"sh", "-c", "echo out; echo err >&2"}, .output = log});
    REQUIRE(child.wait(60s));
  }
  CHECK(contents(log) == "out\nerr\nout\nerr\n");
}

TEST_CASE("children of many threads leave neither zombies nor descriptors") {
  Child::start({.command = {"true"}, .foreign = true}).wait(60s);  // the starter's thread is there
  auto before = open_descriptors();
  int waited_for = children_in("RSDZ");
  std::atomic<int> fine = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < 25; ++n) {
        auto script = str("exit ", i * 25 + n);
        Child child = Child::start({.command = {"sh", "-c", script}, .foreign = n % 5 == 0});
        Child other = std::move(child);
        if (n % 2 == 0) {
          auto end = other.wait(60s);
          if (end && end->exit_code == i * 25 + n) ++fine;
        }
      }
    });
  threads.clear();
  CHECK(fine == 8 * 13);
  CHECK(open_descriptors() == before);
  CHECK(children_in("RSDZ") == waited_for);
}
