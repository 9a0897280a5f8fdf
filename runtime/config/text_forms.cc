#include "runtime/config/text_forms.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

namespace tramontane {

std::string file_beside(const std::string& file, const std::string& name) {
  std::filesystem::path path(name);
  if (name.empty() || path.is_absolute()) return name;
  return std::filesystem::absolute(std::filesystem::path(file).parent_path() / path)
      .lexically_normal()
      .string();
}

std::vector<std::string> comma_list(const std::string& text) {
  constexpr const char* blanks = " \t\r\n";
  std::vector<std::string> parts;
  if (text.find_first_not_of(blanks) == std::string::npos) return parts;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find(',', at), text.size());
    std::string part = text.substr(at, end - at);
    std::size_t first = part.find_first_not_of(blanks);
    std::size_t last = part.find_last_not_of(blanks);
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
    at = end + 1;
  }
  return parts;
}

std::vector<std::string> top_keys(const std::string& text) {
  std::vector<std::string> keys;
  try {
    YAML::Node tree = YAML::Load(text);
    if (!tree.IsMap()) return keys;
    for (const auto& item : tree)
      if (item.first.IsScalar()) keys.push_back(item.first.Scalar());
  } catch (const YAML::Exception&) {
    keys.clear();
  }
  return keys;
}

}  // namespace tramontane
