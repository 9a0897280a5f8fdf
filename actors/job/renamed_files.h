#pragma once
// A job graph whose files lie elsewhere. Any thread.

#include <map>
#include <string>

namespace tramontane {

// The resolved job graph with these names at these keys (JobInput::key, or "model.path").
std::string renamed_files(
    const std::string& resolved, const std::map<std::string, std::string>& names);

}  // namespace tramontane
