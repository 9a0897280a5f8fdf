// What the sandbox costs a compiled program: its runs beside a bare fork and exec of the same
// binary, in turns, so that both meet the same machine.
//
//   sandbox_bench [RUNS]
#include "actors/rewards/code/judge.h"
#include "actors/rewards/sandbox/sandbox.h"
#include "actors/rewards/sandbox/serve.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <spawn.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace tramontane;
using namespace tramontane::sandbox;
using Clock = std::chrono::steady_clock;

namespace {

struct Times {
  std::vector<double> ms;

  double at(double share) {
    std::ranges::sort(ms);
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  }
};

template <class Function>
void measure(Times& times, Function function) {
  auto began = Clock::now();
  function();
  times.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
}

// The program's output read through a pipe to its end, as the sandbox does.
std::string run_bare(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::exit(1);
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  char bytes[4096];
  for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    output.append(bytes, static_cast<std::size_t>(got));
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  return output;
}

void compare(Sandbox& sandbox, const char* what, int runs, const Program& program,
    const std::vector<std::string>& bare, const std::string& expected) {
  Times inside;
  Times outside;
  for (int i = 0; i < runs; ++i) {
    measure(inside, [&] {
      Outcome outcome = sandbox.run(program);
      if (outcome.output == expected) return;
      std::cerr << what << ": " << name(outcome.ending) << ' ' << outcome.error << '\n';
      std::exit(1);
    });
    measure(outside, [&] {
      if (run_bare(bare) != expected) std::exit(1);
    });
  }
  std::printf(
      "%-22s sandbox p50 %6.1f ms, p99 %6.1f ms; bare p50 %6.1f, p99 %6.1f; overhead p50 %5.1f "
      "ms\n",
      what, inside.at(0.5), inside.at(0.99), outside.at(0.5), outside.at(0.99),
      inside.at(0.5) - outside.at(0.5));
}

}  // namespace

int main(int argc, char** argv) {
  serve_sandbox_if_asked(argc, argv);
  int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 300;
  Sandbox sandbox({.floor = Level::partial});
  auto report = sandbox.report();
  if (!report || report->level == Level::none) {
    std::printf("sandbox: skipped, this machine has none\n");
    return 0;
  }
  code::Compiler compiler(sandbox, {});
  auto compiled = compiler.compile("#include <cstdio>\nint main() { std::puts(\"done\"); }\n");
  if (compiled->result != code::Compiled::Result::done) {
    std::cerr << compiled->text << '\n';
    return 1;
  }
  char path[] = "/tmp/sandbox-bench-XXXXXX";
  int file = mkstemp(path);
  if (write(file, compiled->binary.data(), compiled->binary.size()) < 0) return 1;
  fchmod(file, 0755);
  close(file);
  std::printf("level %s, %d runs each\n", name(report->level), runs);
  Program program{.argv = {"./program"}};
  program.files.push_back({"program", compiled->binary, true});
  compare(sandbox, "compiled program", runs, program, {path}, "done\n");
  const std::string script = "print('done')";
  compare(sandbox, "Python program", runs / 3 + 1,
      {.argv = {"/usr/bin/python3", "-I", "-c", script}}, {"/usr/bin/python3", "-I", "-c", script},
      "done\n");
  unlink(path);
  return 0;
}
