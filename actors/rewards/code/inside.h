#pragma once
// The texts of inside/: what is put beside a candidate in its sandbox, or beside the tests in
// theirs. The build embeds them.

#include <string_view>

namespace tramontane::code {

extern const std::string_view harness_py;    // the tests' side of a call in Python
extern const std::string_view candidate_py;  // the candidate's side
extern const std::string_view carry_inc;     // both sides of a call in C++

}  // namespace tramontane::code
