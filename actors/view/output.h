#pragma once
// A file descriptor that text goes to: a terminal, a pipe, a file. Not owned.

#include "actors/view/frame.h"

#include <string_view>

namespace tramontane {

// Writes all of it, waiting where the descriptor is not ready. False once the reader is gone or the
// device is full: a view then falls silent rather than ending the run.
bool write_all(int file_descriptor, std::string_view bytes);

// The size of the terminal; else of $COLUMNS and $LINES; else 80 by 24.
FrameSize terminal_size(int file_descriptor);

// $NO_COLOR is not set (https://no-color.org) and the terminal is not a dumb one.
bool colour_wanted();

}  // namespace tramontane
