#pragma once
// Cuts a list that is at hand into pages; the cursor is where the next one begins. Any thread.

#include "actors/dashboard/query.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

namespace tramontane {

// {NAME: [the page], "next": …}. Error(bad_input) for a cursor that is none.
boost::json::object page_of(const char* name, boost::json::array all, const Query& query);

}  // namespace tramontane
