#include "scheduler/room_index.h"

namespace tramontane {

RoomIndex::RoomIndex(const std::vector<Room>& rooms, const std::vector<std::uint32_t>& loads)
    : rooms_(&rooms), loads_(&loads), blocks_((rooms.size() + width - 1) / width) {}

void RoomIndex::count(std::size_t at) {
  Block found;
  found.is_old = false;
  found.load_least = ~std::uint32_t{0};
  for (std::uint32_t n = begin(at); n < end(at); ++n) {
    const Room& room = (*rooms_)[n];
    found.cpu_milli = std::max(found.cpu_milli, room.cpu_milli());
    found.memory_bytes = std::max(found.memory_bytes, room.memory_bytes());
    found.whole_gpus = std::max(found.whole_gpus, room.whole_gpus());
    found.gpu_milli = std::max(found.gpu_milli, room.largest_gpu_milli());
    found.load_least = std::min(found.load_least, (*loads_)[n]);
    found.load_most = std::max(found.load_most, (*loads_)[n]);
    found.all_have_gpus = found.all_have_gpus && !room.gpus_milli().empty();
  }
  blocks_[at] = found;
}

}  // namespace tramontane
