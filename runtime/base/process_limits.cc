#include "runtime/base/process_limits.h"

#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <sys/resource.h>
#include <unistd.h>

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

int status_when_refused = 1;

// Takes no memory.
[[noreturn]] void end_refused(const char* what) {
  struct rlimit limit {};

  ::getrlimit(RLIMIT_AS, &limit);
  char text[200];
  int length = limit.rlim_cur == RLIM_INFINITY
                   ? std::snprintf(text, sizeof text, "tram: %s; free some memory\n", what)
                   : std::snprintf(text, sizeof text, "tram: %s; ulimit -v is %llu: raise it\n",
                         what, static_cast<unsigned long long>(limit.rlim_cur / 1024));
  static_cast<void>(::write(STDERR_FILENO, text, static_cast<std::size_t>(length)));
  ::_exit(status_when_refused);
}

[[noreturn]] void on_terminate() {
  if (auto error = std::current_exception()) {
    try {
      std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
      end_refused("out of memory");
    } catch (const std::system_error& refused) {
      if (refused.code() == std::errc::resource_unavailable_try_again)
        end_refused("a thread could not be started");
      print_error("tram", refused.what());
    } catch (const std::exception& unexpected) {
      print_error("tram", unexpected.what());
    }
  }
  std::abort();
}

}  // namespace

void end_with_status_when_refused(int exit_status) {
  status_when_refused = exit_status;
  std::set_terminate(on_terminate);
}

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

const char* file_remedy(int error) noexcept {
  if (error == EFBIG) return "; raise the limit on the size of files (ulimit -f)";
  if (error == ENOSPC || error == EDQUOT) return "; free some disk space";
  return "";
}

Error no_memory() {
  std::string limit = limit_text(RLIMIT_AS, "-v", 1024);
  return Error(Errc::io, str("out of memory; ", limit.empty() ? "free some" : limit + ": raise it",
                             ", or take a smaller model, batch or number of slots"));
}

}  // namespace tramontane
