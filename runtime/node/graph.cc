#include "runtime/node/graph.h"

#include <algorithm>

namespace tramontane {

const char* name(Isolation isolation) noexcept {
  return isolation == Isolation::process ? "process" : "thread";
}

const std::string& GraphActor::worker_name() const {
  static const std::string none;
  if (isolation == Isolation::thread) return none;
  return worker.empty() ? name : worker;
}

const GraphActor* Graph::find(const std::string& name) const {
  auto found = std::find_if(
      actors.begin(), actors.end(), [&](const GraphActor& actor) { return actor.name == name; });
  return found == actors.end() ? nullptr : &*found;
}

std::vector<std::string> Graph::workers() const {
  std::vector<std::string> names;
  for (const GraphActor& actor : actors) {
    const std::string& worker = actor.worker_name();
    if (!worker.empty() && std::find(names.begin(), names.end(), worker) == names.end())
      names.push_back(worker);
  }
  return names;
}

}  // namespace tramontane
