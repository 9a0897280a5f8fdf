// The child's side of process.h.
#include "actors/rewards/maths/process.h"
#include "actors/rewards/maths/wire.h"
#include "runtime/node/parent.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace tramontane {

namespace {

using namespace tramontane::maths;

bool read_all(int fd, std::string& out) {
  std::size_t have = 0;
  while (have < out.size()) {
    ssize_t got = read(fd, out.data() + have, out.size() - have);
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void limit_memory(std::uint64_t more) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  std::uint64_t now = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, now + more);
  setrlimit(RLIMIT_AS, &limit);
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

int serve_maths(int in_fd, int out_fd, const ServeOptions& options) {
  die_with_parent();
  signal(SIGPIPE, SIG_IGN);
  if (options.memory_bytes_max > 0) limit_memory(options.memory_bytes_max);
  for (;;) {
    std::string bytes(4, '\0');
    if (!read_all(in_fd, bytes)) return 0;
    auto length = frame_length(bytes);
    if (!length) return 1;
    bytes.resize(*length);
    if (!read_all(in_fd, bytes)) return 1;
    auto request = decode_request(bytes);
    if (!request) return 1;
    Comparison said = request->answer.empty()
                          ? GoldAnswer(request->gold, request->options).evaluate()
                          : options.compare(request->gold, request->answer, request->options);
    if (!write_all(out_fd, encode(said))) return 0;
  }
}

}  // namespace tramontane
