#pragma once
// A Host is what a cell needs of the process that it is in. The System is one.
//
// Any thread. It outlives its cells' lives.

#include "runtime/actor/exit_record.h"
#include "runtime/base/clock.h"
#include "runtime/wire/envelope.h"

#include <cstdint>
#include <string>

namespace tramontane {

class Log;
class Metrics;
class Simulation;
class System;

class Host {
 public:
  virtual ~Host() = default;

  virtual System& system() = 0;  // for the actor
  virtual Clock& clock() = 0;
  virtual Log& log() = 0;
  virtual Metrics& metrics() = 0;
  virtual std::uint64_t seed() const = 0;
  virtual Simulation* simulation() = 0;  // null: this is no simulation

  // Of an actor here; "outside" if there is none.
  virtual std::string name_of(ActorId actor) const = 0;

  // A life has ended.
  virtual void exited(const ExitRecord& record) = 0;
  // There will be no other life: forget the cell, whose name is free from now on.
  virtual void gone(ActorId actor) = 0;
};

}  // namespace tramontane
