#pragma once
// What a system is told of an actor that it starts.

#include "runtime/actor/mailbox.h"
#include "runtime/actor/supervisor.h"
#include "runtime/wire/envelope.h"

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
  // Where other processes know the actor already: its id, and how many lives it had there. 0: the
  // system numbers it.
  ActorId id = 0;
  Incarnation lives_before = 0;
  bool held = false;  // it takes mail, but lives only from System::start() on
};

// Builds an actor, once for each of its lives.
using Factory = std::function<std::unique_ptr<Actor>()>;

}  // namespace tramontane
