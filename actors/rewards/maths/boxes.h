#pragma once
// The \boxed{…} of a completion, found in one pass over its text: a million of them, nested or
// never closed, take milliseconds.

#include <cstddef>
#include <string_view>
#include <vector>

namespace tramontane::maths {

struct Box {
  std::size_t begin = 0;  // of the command
  std::size_t from = 0;   // of what is in it
  std::size_t to = 0;
  std::size_t end = 0;  // after the closing brace

  std::string_view inside(std::string_view text) const { return text.substr(from, to - from); }
};

struct Boxes {
  std::vector<Box> closed;    // in the text's order; none is inside another
  bool any = false;           // whether there is a box at all, closed or not
  bool last_is_open = false;  // whether the box that begins last never closes
};

// \boxed{…}, \fbox{…}, \framebox{…}, and \boxed 5, whose argument is a number or a letter.
Boxes find_boxes(std::string_view text);

}  // namespace tramontane::maths
