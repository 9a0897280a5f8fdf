#include "scheduler/cluster.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <string_view>

namespace tramontane {
namespace {

template <class T>
bool has_duplicate(std::vector<T>& values, T& duplicate) {
  std::sort(values.begin(), values.end());
  auto at = std::adjacent_find(values.begin(), values.end());
  if (at == values.end()) return false;
  duplicate = *at;
  return true;
}

[[noreturn]] void refuse(const Node& node, const std::string& text) {
  throw Error(Errc::bad_input, str("node ", node.name, ": ", text));
}

void check_placed(const Node& node, const Placed& placed) {
  const Need& need = placed.need;
  if (need.cpu_milli < 0 || need.cpu_milli > cpu_milli_max || need.memory_bytes < 0 ||
      need.memory_bytes > memory_bytes_max)
    refuse(node, str("actor ", placed.group, "/", placed.actor, " takes what no actor can"));
  for (const auto& share : placed.devices) {
    if (share.device >= node.gpus_milli.size())
      refuse(node, str("actor ", placed.group, "/", placed.actor, " is on GPU ", share.device,
                       ", and there are ", node.gpus_milli.size()));
    if (share.milli < 0 || share.milli > whole_gpu_milli)
      refuse(node, str("actor ", placed.group, "/", placed.actor, " takes ", share.milli,
                       " thousandths of a GPU: 0 to 1000"));
  }
}

void check(const Node& node) {
  if (node.name.empty())
    throw Error(Errc::bad_input, str("node ", node.id, " has no name: give it one"));
  if (node.name.size() > name_length_max)
    throw Error(Errc::bad_input, str("node ", node.id, " has a name of ", node.name.size(),
                                     " bytes: ", name_length_max, " at most"));
  for (const auto& [key, value] : node.labels)
    if (key.size() > name_length_max || value.size() > name_length_max)
      refuse(node, str("a label of more than ", name_length_max, " bytes"));
  if (node.cpu_milli < 0 || node.cpu_milli > cpu_milli_max)
    refuse(node, str(node.cpu_milli, " thousandths of a CPU: 0 to ", cpu_milli_max));
  if (node.memory_bytes < 0 || node.memory_bytes > memory_bytes_max)
    refuse(node, str(node.memory_bytes, " bytes of memory: 0 to ", memory_bytes_max));
  if (node.gpus_milli.size() > devices_max)
    refuse(node, str(node.gpus_milli.size(), " GPUs: ", devices_max, " at most"));
  for (std::int32_t milli : node.gpus_milli)
    if (milli < 0 || milli > whole_gpu_milli)
      refuse(node, str("offers ", milli, " thousandths of a GPU: 0 to 1000"));
  for (const auto& placed : node.placed) check_placed(node, placed);
}

}  // namespace

const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::portable:
      return "portable";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
  }
  return "unknown";
}

const char* name(NodeState state) {
  switch (state) {
    case NodeState::ready:
      return "ready";
    case NodeState::draining:
      return "draining";
    case NodeState::lost:
      return "lost";
  }
  return "unknown";
}

void check(const Cluster& cluster) {
  if (cluster.nodes.size() > nodes_max)
    throw Error(Errc::bad_input, str(cluster.nodes.size(), " nodes: ", nodes_max, " at most"));
  std::vector<NodeId> ids;
  std::vector<std::string_view> names;
  for (const auto& node : cluster.nodes) {
    check(node);
    ids.push_back(node.id);
    names.push_back(node.name);
  }
  NodeId id = 0;
  if (has_duplicate(ids, id))
    throw Error(Errc::bad_input, str("two nodes have the id ", id, ": ids are unique"));
  std::string_view twice;
  if (has_duplicate(names, twice))
    throw Error(Errc::bad_input, str("two nodes are called ", twice, ": names are unique"));
}

}  // namespace tramontane
