#pragma once
// What is worth a line of its own: the text form of events, for logs and above the live view.

#include "actors/messages/run_event.h"
#include "actors/view/draw.h"
#include "actors/view/run_state.h"

#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// Columns that plain lines keep to where nothing says how many there are.
inline constexpr int plain_columns = 79;

// A step, aligned with its neighbours: as many of its figures as have room in `width` columns, the
// most telling ones first. Trouble (a gap, a skipped step) comes before all of them.
Line step_line(const RunEvent& event, int width = plain_columns);

// The lines of an event that stays readable: run, stage, evaluation, checkpoint, alarm,
// alarm_over, exit, swap_failed. None for the others. Folded (Line::folded) to `width` columns.
std::vector<Line> event_lines(const RunEvent& event, int width = plain_columns);

// What was learnt: held-out before and after, completions side by side, what to type next, with
// the program called as `program`. Needs the summary in `state`; empty before. Folded likewise.
std::vector<Line> closing_lines(const RunState& state, const std::string& program, int width);

// "warm start" for "warm_start": names of kinds, labels and states as prose.
std::string prose(std::string name);

}  // namespace tramontane
