#pragma once
// How a configuration writes what is no single value of the schema: lists with commas, names of
// files, and the keys that tell one kind of file from another.
//
//   file_beside("jobs/a.yaml", "texts/*.txt")        // "/home/me/jobs/texts/*.txt"
//   comma_list("counter, report")                    // {"counter", "report"}
//   top_keys("name: a\nstages: []\n")                // {"name", "stages"}

#include <string>
#include <vector>

namespace tramontane {

// `name` as it is if it is absolute or empty; else taken from the folder that `file` is in.
std::string file_beside(const std::string& file, const std::string& name);

// The parts between commas, without the blanks around them. An empty text has none.
std::vector<std::string> comma_list(const std::string& text);

// The keys of a YAML file that is a map; none for one that is not, or does not parse.
std::vector<std::string> top_keys(const std::string& text);

}  // namespace tramontane
