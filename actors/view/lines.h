#pragma once
// What is worth a line of its own: the text form of events, for logs and above the live view.

#include "actors/messages/run_event.h"
#include "actors/view/draw.h"
#include "actors/view/run_state.h"

#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// A step, aligned with its neighbours.
Line step_line(const RunEvent& event);

// The lines of an event that stays readable: run, stage, evaluation, checkpoint, alarm, exit,
// swap_failed. None for the others.
std::vector<Line> event_lines(const RunEvent& event);

// What was learnt: held-out before and after, completions side by side, what to type next. Needs
// the summary in `state`; empty before. At most `width` columns.
std::vector<Line> closing_lines(const RunState& state, int width);

// "warm start" for "warm_start": names of kinds, labels and states as prose.
std::string prose(std::string name);

}  // namespace tramontane
