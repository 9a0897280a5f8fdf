#pragma once
// What `--set a.b.2.c=value` does to a YAML tree, before it is decoded.

#include <string>

namespace YAML {
class Node;
}

namespace tramontane {

// Puts the value at the node that the path names, making maps on the way. A step that is not a
// number finds, in a list, the element that has that key: stages.reinforce.steps. Afterwards
// `resolved` is the path with list positions as numbers. False if there is no such place.
bool override_node(
    YAML::Node tree, const std::string& path, const YAML::Node& value, std::string& resolved);

}  // namespace tramontane
