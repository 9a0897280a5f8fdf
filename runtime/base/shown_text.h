#pragma once
// Text for people. What this program knows may hold any bytes: a completion can end inside a
// character, a file name need be no text, an error names what it found. What it prints is valid
// UTF-8 without control characters, so that no escape sequence reaches a terminal.
//
//   print_error("tram", error.what());     // one line or several on stderr: "tram: job.yaml:3:1:
//   …"
//
// Pure functions but for print_error(): any thread.

#include <string>
#include <string_view>

namespace tramontane {

// Control characters become U+FFFD, as do bytes that are no UTF-8; line ends and tabs a space.
std::string one_line(std::string_view bytes);

// The same, with line ends and tabs as they are.
std::string several_lines(std::string_view bytes);

// "WHO: TEXT" and a line end, in one write. What cannot be written is lost.
void print_error(std::string_view who, std::string_view text);

}  // namespace tramontane
