#pragma once
// What a sandbox is asked to run, and what came of it: plain data.
//
// A request names one program, or two that speak to each other: each then reads what the other
// writes, on descriptors 3 (reading) and 4 (writing), and shares nothing else with it. That is how
// a harness with the expected answers runs beside a candidate that must not see them.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tramontane::sandbox {

// What a run may use. Every field is enforced, or the outcome is a sandbox error.
struct Limits {
  std::uint32_t wall_ms = 8000;
  std::uint32_t cpu_ms = 4000;  // of one process; rounded up to seconds by the kernel's alarm
  std::uint64_t memory_bytes = 300ull
                               << 20;      // the whole tree with its files, where there is a cgroup
  std::uint32_t processes = 16;            // and threads
  std::uint64_t file_bytes = 64ull << 20;  // one file, and the whole work folder
  std::uint64_t output_bytes = 1 << 20;    // stdout; one byte more, and the run is killed
  std::uint64_t error_bytes = 16 << 10;    // stderr; what is more is dropped
};

struct File {
  std::string name;  // in the work folder: no slash, not "." or ".."
  std::string bytes;
  bool executable = false;
};

// A program starts in the work folder, an empty one of its own, which it may write to.
struct Program {
  std::vector<std::string> argv;  // "./a.out", or an absolute path such as /usr/bin/python3
  std::vector<File> files;        // put into the work folder
  std::string input;              // its stdin
  bool drop_output = false;       // stdout goes nowhere
  Limits limits;
  std::vector<std::string> visible;  // folders of the host to read, besides /usr; same path inside
  std::vector<std::string> collect;  // files of the work folder to bring back
  std::uint64_t collect_bytes = 64ull << 20;  // at most, all of them together

  // The work folder of an earlier run of this sandbox, by Outcome::work; 0: a new one.
  std::uint64_t work = 0;
  bool keep_work = false;  // a following run may name it; the sandbox keeps the last few
};

struct Request {
  std::vector<Program> programs;  // one or two
};

enum class Ending : std::uint8_t {
  ok,             // exit code 0
  nonzero,        // another exit code
  signal,         // killed by a signal that it brought upon itself
  wall_limit,     // still running at its deadline
  cpu_limit,      // used up its processor time
  memory_limit,   // the memory cgroup had to kill
  output_limit,   // wrote more to stdout than it may
  sandbox_error,  // not the program's doing: `error` says what
};

struct Outcome {
  Ending ending = Ending::sandbox_error;
  std::int32_t code = 0;  // exit code or signal number
  std::uint32_t wall_ms = 0;
  std::uint32_t cpu_ms = 0;      // of all its processes
  std::uint64_t peak_bytes = 0;  // the largest process
  std::string output;            // stdout, up to the limit
  std::string errors;            // stderr, up to the limit
  std::string error;             // of a sandbox error
  std::vector<File> collected;   // those of Program::collect that are there and are plain files
  std::uint64_t work = 0;        // names the work folder, where it was kept
};

// What the kernel was found to allow, by trying.
enum class Level : std::uint8_t {
  none,     // limits of time, size and number at best: never for code that nobody read
  partial,  // isolated, but something of the below is missing
  full,  // own pid, ipc, uts, mount and network namespaces, private root, no privileges, a filter
         // of system calls, limits on the memory and number of the whole tree of processes
};

struct Report {
  Level level = Level::none;
  std::vector<std::string> missing;  // what is missing, and why
  std::uint32_t slot = 0;            // of this machine: its processes have user ids of their own
};

const char* name(Level level);
const char* name(Ending ending);
// Throws Error(bad_input) for a name that is no level.
Level level_of(const std::string& name);

}  // namespace tramontane::sandbox
