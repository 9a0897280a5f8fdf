#pragma once
// An Output is a file descriptor that text goes to: a terminal, a pipe, a file. Not owned.
//
//   auto output = std::make_shared<Output>(STDOUT_FILENO);
//   output->write(text);     // waits as long as the reader does not read
//   output->let_go();        // from another thread: never waits again

#include "actors/view/frame.h"

#include <atomic>
#include <string_view>

namespace tramontane {

class Output {
 public:
  explicit Output(int file_descriptor) : file_descriptor_(file_descriptor) {}

  // Writes all of it, waiting where the reader is slow. False once the reader is gone, the device
  // is full or the output was let go: a view then falls silent rather than ending the run.
  bool write(std::string_view bytes);

  // From now on nothing waits: what cannot be written at once is dropped. Any thread.
  void let_go() { let_go_ = true; }

  int file_descriptor() const { return file_descriptor_; }

 private:
  int file_descriptor_;
  std::atomic<bool> let_go_{false};
};

// The size of the terminal; else of $COLUMNS and $LINES; else 80 by 24.
FrameSize terminal_size(int file_descriptor);

// The terminal can place its cursor: $TERM names one that is not dumb.
bool cursor_moves();

// $NO_COLOR is not set (https://no-color.org) and the terminal is not a dumb one.
bool colour_wanted();

}  // namespace tramontane
