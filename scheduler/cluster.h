#pragma once
// A Cluster is what the scheduler knows of its nodes: what each has, what is placed there, and
// whether more may be. All of it is values; what is free follows from them (room.h).
//
//   Cluster cluster{{{.id = 1, .name = "a", .cpu_milli = 8'000, .memory_bytes = 32 << 30,
//       .gpus_milli = {1000, 1000}, .labels = {{"zone", "west"}}}}};
//   check(cluster);
//
// A cluster's head makes one of what its nodes report, and settles each placement into it.
// Values without state of their own: any thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

using NodeId = std::uint64_t;
using JobId = std::uint64_t;

// A node has all below its own.
enum class InstructionSet : std::uint8_t { portable = 0, avx2 = 1, avx512 = 2 };

enum class NodeState : std::uint8_t {
  ready = 0,
  draining = 1,  // what runs there is to leave it, nothing new comes
  lost = 2,      // its lease has lapsed: what ran there is gone
};

const char* name(InstructionSet set);
const char* name(NodeState state);

constexpr std::int32_t whole_gpu_milli = 1000;

// What one actor takes. Of GPUs either a share of one device (below 1000) or whole ones (a multiple
// of 1000): a share never spans two devices.
struct Need {
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  std::int32_t gpu_milli = 0;

  bool operator==(const Need&) const = default;
};

struct DeviceShare {
  std::uint32_t device = 0;  // index into the node's gpus_milli
  std::int32_t milli = 0;

  bool operator==(const DeviceShare&) const = default;
};

// One actor on a node.
struct Placed {
  JobId job = 0;
  std::string group;
  std::uint32_t actor = 0;  // its number in the group
  Need need;
  std::vector<DeviceShare> devices;

  bool operator==(const Placed&) const = default;
};

struct Node {
  NodeId id = 0;
  std::string name;
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  std::vector<std::int32_t> gpus_milli;  // what it offers of each device: 1000, or less if shared
  std::map<std::string, std::string> labels;
  InstructionSet instruction_set = InstructionSet::portable;
  NodeState state = NodeState::ready;
  std::vector<Placed> placed;
};

struct Cluster {
  std::vector<Node> nodes;  // in any order: no decision depends on it
};

constexpr std::size_t name_length_max = 256;  // of nodes, groups and labels
constexpr std::size_t nodes_max = 20'000;
constexpr std::size_t devices_max = 1'024;  // of a node
constexpr std::int64_t cpu_milli_max = std::int64_t{1} << 40;
constexpr std::int64_t memory_bytes_max = std::int64_t{1} << 60;

// Throws Error(bad_input) that names the node: an id or a name twice, a resource below 0 or beyond
// the bounds above, a device that is not there. More placed than the node has is allowed (it may
// have come back with less): nothing is free there then.
void check(const Cluster& cluster);

}  // namespace tramontane
