#pragma once
// What a system is told of an actor that it starts.

#include "runtime/actor/mailbox.h"
#include "runtime/actor/supervisor.h"

#include <functional>
#include <memory>
#include <string>

namespace tramontane {

class Actor;

struct ActorOptions {
  std::string name;
  std::string kind;  // what people call its class; empty: as `name`
  std::string pool = "main";
  MailboxLimits mailbox;
  RestartPolicy restart;
};

// Builds an actor, once for each of its lives.
using Factory = std::function<std::unique_ptr<Actor>()>;

}  // namespace tramontane
