#pragma once
// Takes markup out of a text, and keeps what it took: prose can hide in it.
//
//   Stripped parts = strip_markup("so $x>0$ `int y` holds");
//   parts.prose;  // "so     holds"
//   parts.maths;  // "$x>0$\n"
//   parts.code;   // "`int y`\n"
//
// Pure functions of any bytes, in linear time. Of more than 4 MiB the rest is not looked at.

#include <cstdint>
#include <string>
#include <string_view>

namespace tramontane {

struct Stripped {
  std::string prose;  // each thing that was taken leaves a space, or a line break
  std::string maths;  // $…$, \[…\], environments, \boxed{…} and other commands: one a line
  std::string code;   // fences, `…`, [asy] drawings, <tags>, addresses: one a line
};

Stripped strip_markup(std::string_view text);

// The words of a language in what is no prose: comments, \text{…}, names made of several words,
// four words in a row anywhere. What maths and code have of their own is left out: commands, names
// of variables and functions, keywords. Single letters and short names in capitals are nobody's.
std::string hidden_prose(const Stripped& parts);

}  // namespace tramontane
