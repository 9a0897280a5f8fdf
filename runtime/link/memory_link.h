#pragma once
// A MemoryLine is a connection between two Systems of one simulation: two Links without a socket,
// and a line between them that does what it is told. What is sent takes a while, comes in pieces,
// stands still, gets lost.
//
//   MemoryLine line(sim.clock());
//   here.connect(2, "two", line.end(0));
//   there.connect(1, "one", line.end(1));
//   line.delay(3ms);
//   line.stall(0, true);              // what end 0 sends waits, until stall(0, false)
//   line.cut("the cable was pulled");
//
// Descriptors are duplicated. Bytes keep their order whatever happens. Thread rule: the
// simulation's thread; the clock calls the receivers, and outlives the ends.

#include "runtime/base/clock.h"
#include "runtime/link/link.h"

#include <cstddef>
#include <memory>
#include <string>

namespace tramontane {

class MemoryLine {
 public:
  explicit MemoryLine(Clock& clock);

  // Of the two, each once.
  std::unique_ptr<Link> end(int which);

  // What is sent from now on arrives so much later, but never before what was sent earlier.
  void delay(Duration delay);
  // No piece that arrives is larger; 0: a piece for each send.
  void pieces(std::size_t bytes);
  // As between hosts: said before the ends are taken.
  void without_descriptors();
  // While stalled, what this end sends waits.
  void stall(int sender, bool stalled);
  // What this end sends is lost from now on. Nobody is told.
  void lose(int sender);
  // Both ends end, and what is on its way is lost.
  void cut(const std::string& reason);

 private:
  class State;

  std::shared_ptr<State> state_;
};

}  // namespace tramontane
