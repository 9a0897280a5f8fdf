#include "actors/job/renamed_files.h"

#include "actors/job/job.capnp.h"
#include "runtime/base/json_text.h"
#include "runtime/config/load.h"

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <vector>

namespace tramontane {

std::string renamed_files(
    const std::string& resolved, const std::map<std::string, std::string>& names) {
  std::vector<std::string> sets;
  for (const auto& [key, name] : names)
    sets.push_back(key + "=" + json_text(boost::json::value(boost::json::string(name))));
  LoadedConfig config = load_config<schema::Job>("the job graph", resolved, sets);
  config.finish();
  return config.resolved();
}

}  // namespace tramontane
