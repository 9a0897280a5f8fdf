#pragma once
// What a System asks of a simulation that runs it (runtime/actor/sim_system.h).

#include "runtime/actor/pool.h"
#include "runtime/base/clock.h"

#include <cstdint>
#include <memory>
#include <string>

namespace tramontane {

// A message on its way, seen by the network between two actors.
struct Passage {
  std::string source;  // name of the actor; "outside" if none
  std::string target;
  std::string type;  // of the message; of the reply's value
  bool is_reply = false;
  Time when{};
};

// What becomes of it.
struct Fate {
  enum class Kind : std::uint8_t { deliver, drop, duplicate };

  Kind kind = Kind::deliver;
  Duration delay{};  // delivered (or duplicated) this much later

  static Fate deliver() { return {}; }

  static Fate drop() { return {Kind::drop, {}}; }

  static Fate duplicate(Duration delay = {}) { return {Kind::duplicate, delay}; }

  static Fate after(Duration delay) { return {Kind::deliver, delay}; }
};

class Simulation {
 public:
  virtual ~Simulation() = default;

  virtual std::unique_ptr<Pool> make_pool(PoolOptions options) = 0;
  // Runs one thing that is ready, or lets time pass. False if nothing is left to happen.
  virtual bool step(Time limit) = 0;
  virtual Fate fate(const Passage& passage) = 0;
  // Every message is encoded and decoded on its way, as between processes.
  virtual bool encodes() const = 0;
};

}  // namespace tramontane
