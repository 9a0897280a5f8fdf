#pragma once
// What room a run has left, for its alarms. Any thread.

#include <optional>
#include <string>

namespace tramontane {

struct RoomLeft {
  std::optional<double> disk_bytes;    // of the file system that the folder is on
  std::optional<double> memory_bytes;  // of the machine, or of this process's control group
};

// Nothing where the system does not say.
RoomLeft room_left(const std::string& folder);

}  // namespace tramontane
