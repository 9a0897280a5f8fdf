#pragma once
// What a head answers to its clients, as JSON.
//
//   what      request                                     answer
//   submit    {"name","graph","priority","workers"}       the job, as in `jobs`
//   jobs      {}                                          {"jobs":[…]}, oldest first
//   job       {"id"}                                      one of them, with its workers' seats
//   stop      {"id","patience_s"}                         the job
//   logs      {"id","who","offset"}                       {"text","next","size"} (job_logs.h)
//   nodes     {}                                          {"nodes":[…]}
//   drain     {"node","draining"}                         the node
//
// Jobs have id, name, state, reason, since (seconds in this state), submitted (seconds ago),
// priority, run, attempt, node, pid, exit_code; nodes name, state, address, cpus, memory_bytes,
// gpus, labels, instruction_set, home, since, workers, cpus_used, memory_bytes_used.
//
// Throws Error(bad_input) or Error(not_found), which goes to who asked.

#include "actors/cluster/head_state.h"

#include <cstdint>
#include <string>

namespace tramontane {

// `home`: the head's, where logs are.
std::string answer_of_head(
    HeadState& state, const std::string& home, const AskHead& request, std::int64_t now);

}  // namespace tramontane
