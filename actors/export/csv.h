#pragma once
// A run as tables (RFC 4180): reinforce.csv, warm_start.csv, swap.csv and evaluation.csv, with a
// row an event and a column a figure (actors/dashboard/metric_table.h).
//
//   for (const std::string& path : write_csv(run, run + "/export/csv")) …
//
// The first columns are step (version of a swap), seconds, time and, of swaps and evaluations, of:
// the generator. A figure that an event lacks is an empty field. Steps that were trained again have
// a row each time. Thread rule: any.

#include <string>
#include <vector>

namespace tramontane {

// Makes the folder and replaces what is there of these. Gives their paths; of what the run does not
// have, there is none. Errors as of write_tensorboard().
std::vector<std::string> write_csv(const std::string& run_folder, const std::string& folder);

}  // namespace tramontane
