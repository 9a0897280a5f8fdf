#pragma once
// The actors of the live view: a line each, with what it waits for and for how long.

#include "actors/view/draw.h"
#include "actors/view/run_state.h"

#include <vector>

namespace tramontane {

struct ActorRows {
  int count = 0;     // lines of actors at most; the last says how many more there are
  bool head = true;  // a line above them that names the columns
};

std::vector<Line> actor_lines(
    const std::vector<RunState::ActorLine>& all, ActorRows rows, int width);

}  // namespace tramontane
