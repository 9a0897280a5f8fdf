#pragma once
// What a head answers to its clients, as JSON.
//
//   what      request                                     answer
//   submit    {"name","graph","priority","workers"}       the job, as in `jobs`; besides, "files"
//   that
//             it names by path and nodes are asked for, "ticket" and "shipped" (shipments.h)
//   ship      {"ticket","name","offset","sum"}            {}: a piece of a file that goes with a
//   job jobs      {}                                          {"jobs":[…]}, oldest first job {"id"}
//   one of them, with its workers' seats stop      {"id","patience_s"}                         the
//   job logs      {"id","who","offset"}                       {"text","next","size"} (job_logs.h)
//   files     {"id","after"}                              list_files() of its run (job_files.h)
//   piece     {"id","name","offset","bytes","sum_only"}   {"bytes","sum","size"}, and those bytes
//   remove    {"id","keep_run"}                           {"id","run","removed","problems"}
//   nodes     {}                                          {"nodes":[…]}
//   drain     {"node","draining"}                         the node
//
// Jobs have id, name, state, reason, since (seconds in this state), submitted (seconds ago),
// priority, run, attempt, node, pid, exit_code; nodes name, state, address, cpus, memory_bytes,
// gpus, labels, instruction_set, home, since, workers, cpus_used, memory_bytes_used.
//
// `remove` and `ship` are the head's own (head_actor.h): they are of its store and of files.
// Throws Error(bad_input) or Error(not_found), which goes to who asked.

#include "actors/cluster/head_state.h"
#include "actors/cluster/shipments.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

// `home`: the head's, where logs are.
HeadAnswer answer_of_head(
    HeadState& state, const std::string& home, const AskHead& request, std::int64_t now);

// Of a submission: nothing where no files go with it.
struct ShippedFiles {
  std::string ticket;
  std::vector<ShippedFile> files;
};

ShippedFiles parse_shipped(const std::string& request);
ShippedPiece parse_piece(const std::string& request);

struct Removal {
  std::uint64_t job = 0;
  bool keep_run = false;
};

// The request of `remove`, and its answer.
Removal parse_removal(const std::string& request);
HeadAnswer removal_answer(const HeadJob& job, const std::vector<std::string>& problems);

}  // namespace tramontane
