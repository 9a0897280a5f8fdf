// Programs that want out, or want to hurt. Each is itself bounded, so that a hole in the sandbox
// costs a test and not the machine.
#include "actors/rewards/sandbox/sandbox.h"
#include "tests/sandbox/programs.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::sandbox;

namespace {

// Prints what came of each attempt: "open" where it worked.
const std::string tries = R"(
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, work):
    try:
        value = work()
        print(name, 'open' if value is None or value >= 0 else 'shut')
    except Exception as error:
        print(name, 'shut')
)";

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

// Processes with a user id of the sandbox's lanes.
int sandboxed_processes(std::uint32_t slot) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    struct stat status {};

    if (stat(entry.path().c_str(), &status) != 0) continue;
    if (status.st_uid == 60000 + 2 * slot || status.st_uid == 60001 + 2 * slot) ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("nothing of the host is there to be read or changed") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run(python(tries + R"(
for path in ['/etc/passwd', '/etc/shadow', '/proc/self/maps', '/proc/1/environ', '/sys/kernel',
             '/root', '/home', '/var', '/run', '/dev/tty', '/dev/kmsg', '/dev/vda', '../etc']:
    attempt(path, lambda: os.stat(path) and None)
for path in ['/usr/x', '/x', '/bin/x', '/lib/x', '/dev/x']:
    attempt(path, lambda: os.open(path, os.O_CREAT | os.O_WRONLY))
attempt('remove', lambda: os.unlink('/usr/bin/env'))
print(sorted(os.environ), sorted(os.listdir('/')))
)"));
  CHECK(ended(outcome) == "ok 0");
  CHECK(count(outcome.output, " open\n") == 0);
  CHECK(count(outcome.output, "shut") == 19);
  CHECK(outcome.output.find("['HOME', 'LANG', 'LD_LIBRARY_PATH', 'OMP_NUM_THREADS', "
                            "'OPENBLAS_NUM_THREADS', 'PATH', 'TMPDIR']") != std::string::npos);
}

TEST_CASE("only the standard descriptors are open") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run(python(tries + R"(
for number in range(3, 1024):
    attempt('fd', lambda: os.fstat(number) and None)
)"));
  CHECK(ended(outcome) == "ok 0");
  CHECK(count(outcome.output, " open\n") == 0);
  CHECK(count(outcome.output, "shut") == 1021);
}

TEST_CASE("a program can have no network, no privileges, no namespaces, no debugging") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run(python(tries + R"(
import socket
attempt('inet', lambda: socket.socket(socket.AF_INET).fileno())
attempt('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).fileno())
attempt('unix', lambda: socket.socket(socket.AF_UNIX).fileno())
attempt('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).fileno())
for flag in [0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x02000000]:
    attempt('unshare', lambda: libc.unshare(flag))
    attempt('clone', lambda: libc.syscall(56, flag | 17, 0, 0, 0, 0) or os._exit(0))
attempt('clone3', lambda: libc.syscall(435, 0, 88))
attempt('setns', lambda: libc.setns(0, 0))
attempt('mount', lambda: libc.mount(b'none', b'/work', b'tmpfs', 0, None))
attempt('chroot', lambda: os.chroot('/work'))
attempt('setuid', lambda: os.setuid(0))
attempt('setgroups', lambda: os.setgroups([0]))
attempt('ptrace me', lambda: libc.ptrace(0, 0, 0, 0))
attempt('ptrace init', lambda: libc.ptrace(16, 1, 0, 0))
attempt('process_vm_readv', lambda: libc.syscall(310, 1, 0, 0, 0, 0, 0))
attempt('bpf', lambda: libc.syscall(321, 0, 0, 0))
attempt('keyctl', lambda: libc.syscall(250, 0, 0, 0))
attempt('io_uring', lambda: libc.syscall(425, 8, 0))
attempt('perf', lambda: libc.syscall(298, 0, 0, -1, -1, 0))
attempt('userfaultfd', lambda: libc.syscall(323, 1))
attempt('open_by_handle_at', lambda: libc.syscall(304, 0, 0, 0))
attempt('mknod', lambda: os.mknod('disk', 0o60666, os.makedev(254, 0)))
attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
import resource
attempt('limits', lambda: resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999)))
attempt('hostname', lambda: socket.sethostname('mine'))
)"));
  CHECK(ended(outcome) == "ok 0");
  INFO(outcome.output, outcome.errors);
  CHECK(count(outcome.output, " open\n") == 0);
  CHECK(count(outcome.output, "shut") == 33);
}

TEST_CASE("a program may read each of its limits and set none") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run(python(tries + R"(
import resource
for name in ['CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS']:
    limit = getattr(resource, 'RLIMIT_' + name)
    same = resource.getrlimit(limit)
    attempt(name, lambda: resource.setrlimit(limit, same))
)"));
  INFO(outcome.output, outcome.errors);
  CHECK(ended(outcome) == "ok 0");
  CHECK(count(outcome.output, "shut") == 10);
}

TEST_CASE("a fork bomb stops at its limit, and none of it is left") {
  NEEDS(Level::full);
  Program bomb = python(R"(
import os, time
made = 0
for i in range(300):
    try:
        if os.fork() == 0: time.sleep(30); os._exit(0)
        made += 1
    except OSError: pass
print(made)
)");
  bomb.limits.processes = 16;
  Outcome outcome = sandbox.run(bomb);
  CHECK(ended(outcome) == "ok 0");
  CHECK(std::atoi(outcome.output.c_str()) <= 16);
  CHECK(sandboxed_processes(sandbox.report()->slot) == 0);
}

TEST_CASE("a daemon dies with its run") {
  NEEDS(Level::partial);
  Outcome outcome = sandbox.run(python(R"(
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(30)
    os._exit(0)
os.wait()
print('gone')
)"));
  CHECK(ended(outcome) == "ok 0");
  CHECK(outcome.output == "gone\n");
  CHECK(outcome.wall_ms < 10'000);
  CHECK(sandboxed_processes(sandbox.report()->slot) == 0);
}

TEST_CASE("the work of a child counts, though it is killed with its parent") {
  NEEDS(Level::full);
  Program program = python(R"(
import os
if os.fork() == 0:
    while True: pass
os.wait()
)");
  program.limits.wall_ms = 1500;
  program.limits.cpu_ms = 60'000;
  Outcome outcome = sandbox.run(std::move(program));
  CHECK(outcome.ending == Ending::wall_limit);
  CHECK(outcome.cpu_ms > 100);  // on a machine that is much loaded too
}

TEST_CASE("files are bounded one by one and together") {
  NEEDS(Level::partial);
  Program one = shell("head -c 2000000000 /dev/zero > big; stat -c %s big; exit 3");
  Outcome outcome = sandbox.run(one);
  CHECK(ended(outcome) == "nonzero exit 3");
  CHECK(std::atoll(outcome.output.c_str()) <= 64ll << 20);
  Program many =
      shell("for i in 1 2 3 4 5; do head -c 20000000 /dev/zero > f$i; done; du -sm . | cut -f1");
  CHECK(std::atoll(sandbox.run(many).output.c_str()) <= 65);
  Program counts = python(
      "import os\ni=0\ntry:\n  for i in range(50000): os.mkdir(str(i))\nexcept OSError: print(i)");
  CHECK(std::atoll(sandbox.run(counts).output.c_str()) <= 10'000);
}

TEST_CASE("a link left in the work folder leads nowhere") {
  NEEDS(Level::partial);
  Program plants = shell(
      "ln -s /etc/passwd one; ln -s /usr/bin/env two; ln /usr/bin/env three; mkfifo four; mkdir "
      "five");
  plants.collect = {"one", "two", "three", "four", "five"};
  plants.keep_work = true;
  Outcome outcome = sandbox.run(plants);
  CHECK(outcome.collected.empty());
  Program next = shell("cat one");
  next.files = {{"one", "mine"}};
  next.work = outcome.work;
  CHECK(sandbox.run(next).output == "mine");  // put in the link's place, not through it
}

TEST_CASE("files that change while they are collected do no harm") {
  NEEDS(Level::partial);
  Program races = python(R"(
import os
if os.fork() == 0:
    while True:
        for make in (lambda: os.symlink('/etc/passwd', 'out'), lambda: open('out', 'w').write('x')):
            try: os.unlink('out')
            except OSError: pass
            try: make()
            except OSError: pass
)");
  races.collect = {"out"};
  for (int i = 0; i < 10; ++i) {
    Outcome outcome = sandbox.run(races);
    CHECK(ended(outcome) == "ok 0");
    for (const auto& file : outcome.collected) CHECK(file.bytes.size() <= 1);
  }
}

TEST_CASE("a program cannot end its init, its neighbour or the server") {
  NEEDS(Level::partial);
  auto [kills, neighbour] = sandbox.run_linked(python(R"(
import os, signal
for pid in [-1, 1] + list(range(3, 5000)):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
print('alive')
)"),
      shell("sleep 0.5; echo well"));
  CHECK(ended(kills) == "ok 0");
  CHECK(kills.output == "alive\n");
  CHECK(neighbour.output == "well\n");
  CHECK(ended(sandbox.run(shell("true"))) == "ok 0");
}

TEST_CASE("a flood of output is cut, and its neighbours go on") {
  NEEDS(Level::full);
  Sandbox other({.floor = Level::full});
  Outcome flood;
  std::thread thread([&] {
    Program program = shell("yes >&2");  // errors are dropped, not fatal
    program.limits.wall_ms = 1500;
    flood = sandbox.run(program);
  });
  auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) CHECK(ended(other.run(shell("true"))) == "ok 0");
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  thread.join();
  CHECK(ended(flood).starts_with("wall limit"));
  CHECK(flood.errors.size() <= Limits{}.error_bytes);
  CHECK(took.count() < 10);
}

TEST_CASE("hiding memory in many processes or in files does not help") {
  NEEDS(Level::full);
  Program many = python(R"(
import os, time
for i in range(4):
    if os.fork() == 0:
        x = bytearray(60 << 20)
        time.sleep(5)
        os._exit(0)
os.wait()
)");
  many.limits.memory_bytes = 150 << 20;
  CHECK(ended(sandbox.run(many)).starts_with("memory limit"));
  Program files = shell("head -c 200000000 /dev/zero > f; echo still here");
  files.limits.memory_bytes = 100 << 20;
  files.limits.file_bytes = 400 << 20;
  CHECK(ended(sandbox.run(files)).starts_with("memory limit"));
}

TEST_CASE("the compiler is a program like others: it reads no file of the host") {
  NEEDS(Level::partial);
  Program compile{
      .argv = {"/usr/bin/g++", "-c", "a.cc"}, .files = {{"a.cc", "#include \"/etc/passwd\"\n"}}};
  Outcome outcome = sandbox.run(compile);
  CHECK(ended(outcome) == "nonzero exit 1");
  CHECK(outcome.errors.find("No such file") != std::string::npos);
  CHECK(outcome.errors.find("root:") == std::string::npos);
  compile.files[0].bytes = "char a[1ull<<31]={1};\nint main(){}\n";
  compile.limits.cpu_ms = 10'000;
  compile.limits.wall_ms = 20'000;
  outcome = sandbox.run(compile);
  CHECK(outcome.ending != Ending::ok);
  CHECK(outcome.ending != Ending::sandbox_error);
}
