#pragma once
// An ExitRecord says how one life of an actor ended. Every end has one; they outlive the actor.

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/wire/envelope.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

enum class ExitCause : std::uint8_t {
  stopped,  // asked to, or by itself through finish()
  failed,   // an exception escaped from it
  killed,   // from outside, without warning
};

const char* name(ExitCause cause) noexcept;

struct ExitRecord {
  ActorId actor = 0;
  std::string name;
  std::string kind;
  Incarnation incarnation = 0;
  ExitCause cause = ExitCause::stopped;
  std::string text;          // what the exception said
  std::optional<Errc> code;  // … if it was an Error
  std::string doing;         // "handling LeaseTasks", "a work step", waiting for …
  std::string holding;       // what the actor said it held
  Micros wall = 0;           // when, microseconds since 1970
  Duration lived{};
  std::uint64_t handled = 0;            // messages, in this life
  std::uint32_t unread = 0;             // messages bounced
  std::vector<std::string> last_lines;  // of its log
  bool restarts = false;                // a next incarnation follows
  bool escalated = false;               // it failed and none follows
};

}  // namespace tramontane
