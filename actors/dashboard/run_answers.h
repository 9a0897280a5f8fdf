#pragma once
// What a run answers to the routes of the table that are about a run (api.h).
//
//   return answer_of_run(run, "/api/v1/actors", query);
//
// Thread rule: one at a time; the server's work thread.

#include "actors/dashboard/query.h"
#include "actors/dashboard/watched_run.h"
#include "runtime/http/message.h"

#include <memory>
#include <string_view>

namespace tramontane {

// `path` is the route's in the table of one run. Error(not_found), Error(bad_input).
HttpResponse answer_of_run(
    const std::shared_ptr<WatchedRun>& run, std::string_view path, const Query& query);

}  // namespace tramontane
