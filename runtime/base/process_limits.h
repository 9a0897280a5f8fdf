#pragma once
// What the system's limits say when it refuses a thread or memory, for whoever must tell the user.
//
//   try {
//     thread_ = std::thread([this] { serve(); });
//   } catch (const std::system_error& cause) {
//     throw no_thread("the clock's thread", cause);
//   }

#include "runtime/base/result.h"

#include <string>
#include <system_error>

namespace tramontane {

// Error(io): which thread, why, and the limits in force with what to do.
Error no_thread(const std::string& whose, const std::system_error& cause);

// Error(io) for std::bad_alloc.
Error no_memory();

}  // namespace tramontane
