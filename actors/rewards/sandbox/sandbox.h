#pragma once
// A Sandbox runs programs that nobody trusts: model-written code, and the compiler it is fed to.
//
//   Sandbox sandbox({.floor = Level::full});
//   Program program{.argv = {"/usr/bin/python3", "-I", "main.py"}, .files = {{"main.py", code}}};
//   Outcome outcome = sandbox.run(program);
//   if (outcome.ending == Ending::sandbox_error) …   // no verdict: outcome.error says why
//
// The programs are started by a small server process of one thread (serve.h), never by a fork of
// this one. It is started on first use, dies with this process, and is started again when it dies.
//
// Thread rule: a Sandbox belongs to one thread at a time and runs one request at a time; threads
// that shall run programs at once have one each.

#include "actors/rewards/sandbox/program.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane::sandbox {

struct SandboxOptions {
  // The least that must be given. `none` prints a warning each time a server starts.
  Level floor = Level::full;
  // What serves; the number of its descriptor follows. Empty: this very program, as
  // `/proc/self/exe serve-sandbox N`, which must then call serve_sandbox(N).
  std::vector<std::string> server = {};
};

class Sandbox {
 public:
  explicit Sandbox(SandboxOptions options = {});
  ~Sandbox();

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Blocks for no longer than the limits say, and some seconds. Whatever is not the program's
  // doing is a sandbox error: a server that does not start, a level below the floor.
  Outcome run(Program program);
  // Both at once, linked. When one ends, the other reads an end of file and goes on.
  std::array<Outcome, 2> run_linked(Program first, Program second);

  // What the kernel allows, and the server's process; starts it. Nothing if it does not start.
  std::optional<Report> report();
  int server_pid();

 private:
  struct Server;

  std::vector<Outcome> run_all(Request request);
  std::string start();  // why not; empty: it runs
  void stop();

  SandboxOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace tramontane::sandbox
