#pragma once
// What calls fail with whose caller is outside any actor. Any thread.

#include "runtime/actor/actor_ref.h"
#include "runtime/base/check.h"

#include <string>

namespace tramontane::detail {

inline Failure to_nobody() {
  return {Errc::undeliverable, "a message to nobody: the address is empty"};
}

// At its deadline the message still waited for room.
inline Failure no_room(const ActorRef& to, const std::string& type) {
  return {Errc::timeout, str(to.name(), " had no room for ", type, ": not delivered")};
}

inline Failure no_reply(const ActorRef& to, const std::string& type) {
  return {Errc::timeout,
      str("no reply from ", to.name(), " to ", type, ": whether it was done is unknown")};
}

}  // namespace tramontane::detail
