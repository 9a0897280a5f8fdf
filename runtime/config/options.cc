#include "runtime/config/options.h"

#include "runtime/config/load.h"

namespace tramontane {

std::string OptionsSchema::described() const {
  if (!schema_) return {};
  LoadedConfig config = load_config("options", "", *schema_, {});
  return config.described({}, [](const std::string&) { return false; });
}

}  // namespace tramontane
