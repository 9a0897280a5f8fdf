#include "actors/alarms/room_left.h"

#include "runtime/base/machine_memory.h"

#include <filesystem>
#include <system_error>

namespace tramontane {

RoomLeft room_left(const std::string& folder) {
  RoomLeft room;
  std::error_code error;
  auto space = std::filesystem::space(folder, error);
  if (!error) room.disk_bytes = static_cast<double>(space.available);
  if (auto bytes = memory_at_hand()) room.memory_bytes = static_cast<double>(*bytes);
  return room;
}

}  // namespace tramontane
