#pragma once
// The message that a watcher gets when a life of an actor ends.

#include "runtime/actor/exit_record.h"
#include "runtime/wire/message.h"

#include <string>

namespace tramontane {

struct ActorExited {
  ActorId actor = 0;
  std::string name;
  Incarnation incarnation = 0;
  ExitCause cause = ExitCause::stopped;
  std::string text;
  bool restarts = false;  // a next incarnation follows
};

template <>
struct Codec<ActorExited> {
  static constexpr std::uint64_t id = 0xe2a4c1d90f5b7a31;
  static constexpr const char* name = "ActorExited";
  static Bytes encode(const ActorExited& message);
  static Result<ActorExited> decode(ByteView bytes);
  static std::size_t size(const ActorExited& message);
};

}  // namespace tramontane
