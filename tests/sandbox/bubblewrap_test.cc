// The same programs in our sandbox and in bubblewrap's end in the same way.
#include "actors/rewards/sandbox/sandbox.h"
#include "tests/sandbox/programs.h"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::sandbox;

namespace {

struct Seen {
  std::string ended;
  std::string output;
};

// Our names for what bubblewrap's exit status says, which is the program's, or 128 + its signal.
Seen by_bubblewrap(const std::string& script, std::uint32_t seconds) {
  std::string command =
      str("timeout -s KILL ", seconds) +
      " bwrap --unshare-all --unshare-user --disable-userns --cap-drop ALL "
      "--new-session --die-with-parent --clearenv --ro-bind /usr /usr --symlink usr/bin /bin "
      "--symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev --size 67108864 --tmpfs /work "
      "--chdir /work --setenv PATH /usr/bin:/bin --setenv HOME /work --setenv TMPDIR /work "
      "--setenv LANG C.UTF-8 --setenv OMP_NUM_THREADS 1 --setenv OPENBLAS_NUM_THREADS 1 "
      "--setenv LD_LIBRARY_PATH /usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack:"
      "/usr/lib/aarch64-linux-gnu/blas:/usr/lib/aarch64-linux-gnu/lapack /bin/sh -c '" +
      script + "' 2>/dev/null </dev/null";
  Seen seen;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return seen;
  std::array<char, 4096> bytes;
  for (std::size_t got = 0; (got = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
    seen.output.append(bytes.data(), got);
  int status = pclose(pipe);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (code == 137 && seen.output.find("killed itself") == std::string::npos)
    seen.ended = "wall limit";
  else if (code > 128)
    seen.ended = str("signal ", code - 128);
  else
    seen.ended = code == 0 ? "ok 0" : str("nonzero exit ", code);
  return seen;
}

}  // namespace

TEST_CASE("programs end in ours as they do in bubblewrap") {
  NEEDS(Level::partial);
  if (by_bubblewrap("echo works", 60).output != "works\n") {
    MESSAGE("skipped: bubblewrap is not installed, or not allowed to work here");
    return;
  }
  for (const char* script :
      {"echo hello; exit 3", "kill -SEGV $$", "echo killed itself; kill -9 $$", "sleep 60",
          "cat /etc/passwd", "ls /root /home /proc/1", "touch /usr/x",
          "env | grep -v ^_ | grep -v ^PWD | grep -v ^SHLVL | sort", "pwd; ls -a",
          "unshare -U true", "unshare -m true", "mount -t tmpfs x /work",
          "echo x > f; cat f; ls -l | wc -l",
          "python3 -I -c \"import socket; socket.create_connection((\\\"127.0.0.1\\\", 22), 1)\"",
          "python3 -I -c \"import os; os.setuid(1)\"",
          "python3 -I -c \"import os; print(os.getpid() < 20)\"",
          "python3 -I -c \"print(sum(range(10 ** 6)))\"",
          "cat /dev/null; head -c 8 /dev/zero | od -c", "(sleep 0.1; echo late) & echo early; wait",
          "ls /sys /var /run /mnt"}) {
    CAPTURE(script);
    Program program = shell(script);
    // Only the sleeper is to run out of time, on a busy machine too.
    std::uint32_t seconds = std::string_view(script).starts_with("sleep") ? 2 : 60;
    program.limits.wall_ms = 1000 * seconds;
    Outcome ours = sandbox.run(program);
    Seen theirs = by_bubblewrap(script, seconds);
    std::string end = ended(ours);
    CHECK((end.starts_with("wall limit") ? "wall limit" : end) == theirs.ended);
    CHECK(ours.output == theirs.output);
  }
}
