#pragma once
// Which names a body's frame holds, and where each has its first value from: Jinja2 decides that
// when it compiles, so that a name that is assigned anywhere in a body is that body's own in all of
// it. {% set %} within a loop therefore does not reach out of it, and begins as the outer one.
//
//   resolve_names(tree);     // fills every Scope, and what a macro takes implicitly
//
// Pure function: any thread.

#include "actors/model/chat_template/syntax.h"

namespace tramontane::jinja {

void resolve_names(Template& tree);

}  // namespace tramontane::jinja
