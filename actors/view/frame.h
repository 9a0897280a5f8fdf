#pragma once
// One frame of the live view: a pure function of what is known and of the size of the terminal.

#include "actors/view/run_state.h"

#include <string>
#include <vector>

namespace tramontane {

struct FrameSize {
  int columns = 80;
  int rows = 24;
};

// At most rows - 1 lines of at most columns - 1 columns each (so that nothing wraps or scrolls),
// at least one. With less room, first the spaces, then actors, charts and figures give way;
// stage, progress and time left stay. Tones as SGR sequences if `colour`.
std::vector<std::string> frame(const RunState& state, FrameSize size, bool colour);

}  // namespace tramontane
