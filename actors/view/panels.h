#pragma once
// The curves of the stage at hand, side by side: share correct with the held-out score, tokens per
// completion, reward; in a warm start the loss.

#include "actors/view/run_state.h"

#include <vector>

namespace tramontane {

// Title and axis of a panel, beside its rows of dots.
inline constexpr int panel_frame_rows = 2;

struct PanelSize {
  int across = 2;  // panels side by side at most
  int rows = 4;    // of dots
};

// rows + panel_frame_rows lines. Needs at least 34 columns for each panel.
std::vector<Line> panels(const RunState& state, PanelSize size, int width);

// The same in one line.
Line sparklines(const RunState& state, int width);

}  // namespace tramontane
