#pragma once
// What the system's limits say when it refuses a thread, memory or a file's growth, for whoever
// must tell the user.
//
//   thread_ = start_thread("the clock's thread", [this] { serve(); });

#include "runtime/base/result.h"

#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace tramontane {

// Error(io): which thread, why, and the limits in force with what to do.
Error no_thread(const std::string& whose, const std::system_error& cause);

// Error(io) for std::bad_alloc.
Error no_memory();

// What helps where a file could not be written for this errno: "; free some disk space"; or
// nothing.
const char* file_remedy(int error) noexcept;

// From now on a program that std::terminate() would abort, because memory or threads were refused
// where no error can be told, says so and ends with this exit status. As after kill -9, what it
// wrote is there.
void end_with_status_when_refused(int exit_status);

// "; ulimit -v is 4000000: raise it", or nothing where memory is not limited.
std::string memory_limit();

// Throws no_thread().
template <class F>
std::thread start_thread(const std::string& whose, F run) {
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& cause) {
    throw no_thread(whose, cause);
  }
}

}  // namespace tramontane
