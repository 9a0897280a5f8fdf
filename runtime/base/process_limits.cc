#include "runtime/base/process_limits.h"

#include "runtime/base/check.h"

#include <sys/resource.h>

namespace tramontane {
namespace {

// "ulimit -u is 24"; empty where there is no limit.
std::string limit_text(int resource, const char* option, rlim_t unit) {
  struct rlimit limit {};

  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return {};
  if (limit.rlim_cur == RLIM_INFINITY) return {};
  return str("ulimit ", option, " is ", limit.rlim_cur / unit);
}

std::string both(const std::string& first, const std::string& second) {
  if (first.empty() || second.empty()) return first + second;
  return first + ", " + second;
}

}  // namespace

std::string memory_limit() {
  std::string limit = limit_text(RLIMIT_AS, "-v", 1024);
  return limit.empty() ? limit : "; " + limit + ": raise it";
}

Error no_thread(const std::string& whose, const std::system_error& cause) {
  std::string limits = both(limit_text(RLIMIT_NPROC, "-u", 1), limit_text(RLIMIT_AS, "-v", 1024));
  return Error(Errc::io,
      str(whose, " could not be started: ", cause.code().message(), "; ",
          limits.empty() ? "the machine or container allows no more threads or memory: allow more"
                         : limits + ": raise it",
          ", or run with fewer generators and verifiers"));
}

Error no_memory() {
  std::string limit = limit_text(RLIMIT_AS, "-v", 1024);
  return Error(Errc::io, str("out of memory; ", limit.empty() ? "free some" : limit + ": raise it",
                             ", or take a smaller model, batch or number of slots"));
}

}  // namespace tramontane
