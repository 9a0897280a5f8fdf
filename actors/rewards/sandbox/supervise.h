#pragma once
// Runs the programs of one request: jails, pipes, deadlines, and what came of them.

#include "actors/rewards/sandbox/program.h"
#include "actors/rewards/sandbox/room.h"

#include <deque>
#include <vector>

namespace tramontane::sandbox {

// Work folders that later runs may name: the last few.
class Shelf {
 public:
  std::uint64_t put(Work work);
  // The folder, which leaves the shelf; an empty one if it is not there.
  Work take(std::uint64_t id);

 private:
  struct Kept {
    std::uint64_t id;
    Work work;
  };

  static constexpr std::size_t kept_max = 8;
  std::deque<Kept> kept_;
  std::uint64_t next_ = 1;
};

// One outcome for each program. Time in which this very process got no processor, as on a machine
// that was halted, does not count towards wall_ms.
std::vector<Outcome> run_programs(Room& room, Shelf& shelf, const Request& request);

// Runs a function of this program in a jail, in a program's place.
Outcome run_inside(Room& room, const Limits& limits, int (*function)());

}  // namespace tramontane::sandbox
