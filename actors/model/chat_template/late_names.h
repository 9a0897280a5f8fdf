#pragma once
// Filters and tests that there are none of, in Jinja2 either: templates name those of other
// programs where they have asked before whether they are there. Jinja2 refuses such a template when
// it compiles, but within a condition only when it comes to the place.
//
//   check_late_names(tree);    // Error(bad_input), with line and column
//
// Pure function: any thread.

#include "actors/model/chat_template/syntax.h"

namespace tramontane::jinja {

void check_late_names(const Template& tree);

}  // namespace tramontane::jinja
