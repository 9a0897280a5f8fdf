#include "runtime/config/override_node.h"

#include <yaml-cpp/yaml.h>

#include <vector>

namespace tramontane {
namespace {

std::string joined(const std::string& path, const std::string& step) {
  return path.empty() ? step : path + "." + step;
}

bool override_at(YAML::Node node, const std::vector<std::string>& steps, std::size_t at,
    const YAML::Node& value, std::string& resolved) {
  const std::string& step = steps[at];
  bool last = at + 1 == steps.size();
  if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (std::to_string(i) == step) {
        resolved = joined(resolved, step);
        if (!last) return override_at(node[i], steps, at + 1, value, resolved);
        node[i] = value;
        return true;
      }
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node[i].IsMap() && node[i][step]) {
        resolved = joined(resolved, std::to_string(i));
        return override_at(node[i], steps, at, value, resolved);
      }
    }
    return false;
  }
  if (!node.IsMap() && !node.IsNull()) return false;
  resolved = joined(resolved, step);
  if (last) {
    node[step] = value;
    return true;
  }
  if (!node[step]) node[step] = YAML::Node(YAML::NodeType::Map);
  return override_at(node[step], steps, at + 1, value, resolved);
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> steps(1);
  for (char c : path) {
    if (c == '.')
      steps.emplace_back();
    else
      steps.back() += c;
  }
  return steps;
}

}  // namespace

bool override_node(
    YAML::Node tree, const std::string& path, const YAML::Node& value, std::string& resolved) {
  return override_at(tree, split_path(path), 0, value, resolved);
}

}  // namespace tramontane
