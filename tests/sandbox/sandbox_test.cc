#include "actors/rewards/sandbox/sandbox.h"

#include "actors/rewards/sandbox/wire.h"
#include "runtime/base/result.h"
#include "tests/sandbox/programs.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::sandbox;

TEST_CASE("a sandbox says what the kernel allows, and what is missing") {
  Sandbox sandbox({.floor = Level::none});
  auto report = sandbox.report();
  REQUIRE(report.has_value());
  std::string all = name(report->level);
  for (const auto& line : report->missing) all += "; missing: " + line;
  MESSAGE("level ", all);
  CHECK((report->level == Level::full) == report->missing.empty());
}

// Whether root may take namespaces and mount in them.
bool may_be_isolated() {
  pid_t child = fork();
  if (child == 0) {
    bool may = geteuid() == 0 &&
               unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |
                       CLONE_NEWPID) == 0 &&
               mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") == 0;
    _exit(may ? 0 : 1);
  }
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

TEST_CASE("where the kernel lets a process have walls, a sandbox has them") {
  Sandbox sandbox({.floor = Level::none});
  auto report = sandbox.report();
  REQUIRE(report.has_value());
  if (may_be_isolated()) CHECK(report->level != Level::none);
}

TEST_CASE("a program's input, output and exit code pass the walls") {
  NEEDS(Level::partial);
  Program program = shell("cat; echo said >&2; exit 7");
  program.input = "hello\n";
  Outcome outcome = sandbox.run(program);
  CHECK(ended(outcome) == "nonzero exit 7");
  CHECK(outcome.output == "hello\n");
  CHECK(outcome.errors == "said\n");
}

TEST_CASE("a program finds its files, and what it makes can be collected") {
  NEEDS(Level::partial);
  Program program = shell("./tool < data > result; ln -s result link; mkdir folder");
  program.files = {{"tool", "#!/bin/sh\ntr a-z A-Z\n", true}, {"data", "abc"}};
  program.collect = {"result", "link", "folder", "missing"};
  Outcome outcome = sandbox.run(program);
  CHECK(ended(outcome) == "ok 0");
  REQUIRE(outcome.collected.size() == 1);
  CHECK(outcome.collected[0].name == "result");
  CHECK(outcome.collected[0].bytes == "ABC");
}

TEST_CASE("what is collected is bounded, all together, and may be executed if it might be there") {
  NEEDS(Level::partial);
  Program program =
      shell("printf 1234 > four; printf 123456 > six; printf 12 > two; : > empty; chmod 700 two");
  program.collect = {"four", "six", "two", "empty"};
  program.collect_bytes = 6;
  auto collected = [&] {
    std::string all;
    for (const File& file : sandbox.run(program).collected)
      all += str(file.name, file.executable ? "* " : " ", file.bytes, ";");
    return all;
  };
  CHECK(collected() == "four 1234;two* 12;empty ;");
  program.collect_bytes = 12;
  CHECK(collected() == "four 1234;six 123456;two* 12;empty ;");
  program.collect_bytes = 0;
  CHECK(collected() == "empty ;");
}

TEST_CASE("a work folder is gone after its run, unless it was to be kept") {
  NEEDS(Level::partial);
  Program writes = shell("echo 1 > made; cat made");
  Program reads = shell("cat made");
  CHECK(ended(sandbox.run(writes)) == "ok 0");
  CHECK(ended(sandbox.run(reads)) == "nonzero exit 1");
  writes.keep_work = true;
  reads.work = sandbox.run(writes).work;
  REQUIRE(reads.work != 0);
  CHECK(sandbox.run(reads).output == "1\n");
  CHECK(ended(sandbox.run(reads)).starts_with("sandbox error"));
}

TEST_CASE("two linked programs speak to each other, and nothing else") {
  NEEDS(Level::partial);
  auto [asks, answers] = sandbox.run_linked(shell("echo 20 1 >&4; read sum <&3; echo got $sum; ls"),
      shell("read a b <&3; echo $((a + b)) >&4; ls"));
  CHECK(ended(asks) == "ok 0");
  CHECK(asks.output == "got 21\n");
  CHECK(ended(answers) == "ok 0");
}

TEST_CASE("when one of two linked programs dies, the other reads an end of file") {
  NEEDS(Level::partial);
  auto [dies, waits] = sandbox.run_linked(shell("kill -9 $$"), shell("read line <&3 || echo over"));
  CHECK(ended(dies) == "signal 9");
  CHECK(ended(waits) == "ok 0");
  CHECK(waits.output == "over\n");
}

// A memory group around this process, with less memory than a program may have (version 1 only: in
// version 2 a group with processes has no groups of its own).
class SmallMachine {
 public:
  explicit SmallMachine(std::uint64_t bytes) {
    std::ifstream own("/proc/self/cgroup");
    for (std::string line; std::getline(own, line);)
      if (auto at = line.find(":memory:"); at != std::string::npos)
        outer_ = "/sys/fs/cgroup/memory" + line.substr(at + 8);
    inner_ = outer_ + "/small_machine." + std::to_string(getpid());
    if (outer_.empty() || mkdir(inner_.c_str(), 0755) != 0) return;
    there = write(inner_ + "/memory.limit_in_bytes", std::to_string(bytes)) &&
            write(inner_ + "/cgroup.procs", std::to_string(getpid()));
  }

  ~SmallMachine() {
    if (outer_.empty()) return;
    write(outer_ + "/cgroup.procs", std::to_string(getpid()));
    rmdir(inner_.c_str());
  }

  bool there = false;

 private:
  static bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    return static_cast<bool>(file << text << std::flush);
  }

  std::string outer_, inner_;
};

TEST_CASE("a program that the machine kills for want of memory did nothing wrong") {
  SmallMachine machine(150 << 20);
  if (!machine.there) {
    MESSAGE("skipped: no memory group to be had");
    return;
  }
  NEEDS(Level::full);
  Program hogs = python("x = bytearray(250 << 20); print('fits')");
  hogs.limits.memory_bytes = 300 << 20;
  Outcome outcome = sandbox.run(hogs);
  CHECK(outcome.ending == Ending::sandbox_error);
  CHECK(outcome.error == "the machine ran out of memory, and killed the run");
  hogs.limits.memory_bytes = 100 << 20;
  CHECK(ended(sandbox.run(hogs)).starts_with("memory limit"));
  CHECK(ended(sandbox.run(shell("exit 0"))) == "ok 0");
}

TEST_CASE("each limit ends a run with its own name") {
  NEEDS(Level::full);
  Program sleeps = shell("sleep 30");
  sleeps.limits.wall_ms = 200;
  Outcome slept = sandbox.run(sleeps);
  CHECK(ended(slept).starts_with("wall limit"));
  CHECK(slept.wall_ms < 20'000);
  Program spins = shell("while :; do :; done");
  spins.limits.cpu_ms = 1000;
  spins.limits.wall_ms = 120'000;  // on a busy machine a second of the processor takes long
  CHECK(ended(sandbox.run(spins)).starts_with("cpu limit"));
  Program floods = shell("yes");
  floods.limits.output_bytes = 100'000;
  Outcome flooded = sandbox.run(floods);
  CHECK(ended(flooded).starts_with("output limit"));
  CHECK(flooded.output.size() == 100'000);
  Program hogs = python("x = bytearray(200 << 20)\nprint(len(x))");
  hogs.limits.memory_bytes = 100 << 20;
  CHECK(ended(sandbox.run(hogs)).starts_with("memory limit"));
  hogs.limits.memory_bytes = 300 << 20;
  CHECK(ended(sandbox.run(hogs)) == "ok 0");
  Program crashes = shell("kill -SEGV $$");
  CHECK(ended(sandbox.run(crashes)) == "signal 11");
}

TEST_CASE("a program that is not there is a sandbox error, not its failure") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run({.argv = {"/usr/bin/no-such-program"}});
  CHECK(ended(outcome) == "sandbox error 0: execve: No such file or directory");
}

TEST_CASE("a level below the floor is refused with what is missing") {
  Sandbox sandbox({.floor = Level::full});
  auto report = sandbox.report();
  REQUIRE(report.has_value());
  Outcome outcome = sandbox.run(shell("true"));
  if (report->level == Level::full)
    CHECK(ended(outcome) == "ok 0");
  else
    CHECK(outcome.error.find("missing: ") != std::string::npos);
}

TEST_CASE("a server that died is started again") {
  NEEDS(Level::partial);
  CHECK(ended(sandbox.run(shell("true"))) == "ok 0");
  int first = sandbox.server_pid();
  kill(first, SIGKILL);
  CHECK(ended(sandbox.run(shell("true"))) == "ok 0");
  CHECK(sandbox.server_pid() != first);
}

TEST_CASE("a server that does not speak is a sandbox error that says so") {
  Sandbox sandbox({.floor = Level::none, .server = {"/bin/true", "serve"}});
  Outcome outcome = sandbox.run(shell("true"));
  CHECK(outcome.ending == Ending::sandbox_error);
  CHECK(outcome.error.find("did not say what it can do") != std::string::npos);
}

TEST_CASE("requests survive the wire, and nonsense is refused") {
  Request request{{shell("one"), python("two")}};
  request.programs[1].visible = {"/opt/some folder"};
  request.programs[1].limits.wall_ms = 77;
  std::string bytes = encode(request);
  auto parsed = parse_request(bytes);
  REQUIRE(parsed.has_value());
  CHECK(encode(*parsed) == bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    CHECK_FALSE(parse_request(bytes.substr(0, cut)).has_value());
  CHECK_FALSE(parse_request(bytes + "x").has_value());
  for (const char* path : {"etc", "/", "/a/../b", "/a//b", "/a/", "/./a"}) {
    request.programs[1].visible = {path};
    CHECK_FALSE(parse_request(encode(request)).has_value());
  }
  request.programs[1].visible = {};
  for (const char* file : {"", ".", "..", "a/b", "/a"}) {
    request.programs[0].files = {{file, "x"}};
    CHECK_FALSE(parse_request(encode(request)).has_value());
  }
  request.programs.clear();
  CHECK_FALSE(parse_request(encode(request)).has_value());
  CHECK_THROWS_AS(level_of("fulll"), Error);
  CHECK(level_of("partial") == Level::partial);
}

TEST_CASE("several sandboxes run side by side, each in a slot of its own") {
  NEEDS(Level::full);
  constexpr int threads = 4;
  constexpr int runs = 25;
  std::array<std::uint32_t, threads> slots{};
  std::array<std::string, threads> wrong;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([t, &slots, &wrong] {
      Sandbox own({.floor = Level::full});
      slots[static_cast<std::size_t>(t)] = own.report()->slot;
      for (int i = 0; i < runs; ++i) {
        // One of two wants more memory than it may have.
        bool hogs = i % 2 == 0;
        Program program =
            python(str("x = bytearray(", hogs ? 200 : 1, " << 20)\nprint(", t + 1, i, ")"));
        program.limits.memory_bytes = 100 << 20;
        Outcome outcome = own.run(program);
        bool fine =
            hogs ? outcome.ending == Ending::memory_limit : outcome.output == str(t + 1, i, "\n");
        if (!fine) wrong[static_cast<std::size_t>(t)] += ended(outcome) + "; ";
      }
    });
  for (auto& thread : all) thread.join();
  for (const auto& endings : wrong) CHECK(endings == "");
  std::ranges::sort(slots);
  CHECK(std::ranges::adjacent_find(slots) == slots.end());
}
