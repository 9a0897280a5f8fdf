#pragma once
// A RunStory is what metrics.jsonl tells of a run, gathered for the report: curves as columns,
// thinned to what a page can show, and the events worth a row of a table.
//
// Lines that are no JSON object are counted and left out; a step told twice (a replay after a
// resume) counts as told last.

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

struct RunStory {
  // The page's data: run, resumed, stages, warm, steps, evaluations, swaps, generators,
  // swaps_failed, checkpoints, exits, alarms, summary, notes. actors/report/static/report.js reads
  // it.
  boost::json::object page;

  // Batches that were trained, in order: step s trains version s into s + 1.
  std::vector<std::uint64_t> batches;
};

// Without a metrics.jsonl the story is empty and a note says so. exits.jsonl has the records of
// dead actors, which are events as well; both files may tell of the same exit.
RunStory read_story(const std::string& run_folder);

}  // namespace tramontane
