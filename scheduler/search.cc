#include "scheduler/search.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

struct Unit {
  std::uint32_t group = 0;
  std::uint32_t actor = 0;
  bool follows = false;  // one like it goes before it
};

// The ways to take a GPU that differ: for a share, one device for each amount that is free.
std::vector<std::vector<DeviceShare>> device_choices(const Room& room, const Need& need) {
  if (need.gpu_milli == 0 || need.gpu_milli >= whole_gpu_milli) {
    Room copy = room;
    return {copy.take(need)};
  }
  std::vector<std::vector<DeviceShare>> choices;
  std::vector<std::int32_t> seen;
  const auto& gpus = room.gpus_milli();
  for (std::uint32_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i] < need.gpu_milli || std::find(seen.begin(), seen.end(), gpus[i]) != seen.end())
      continue;
    seen.push_back(gpus[i]);
    choices.push_back({{i, need.gpu_milli}});
  }
  return choices;
}

class Walk {
 public:
  Walk(Seating& seating, std::vector<Unit> units, std::int64_t budget)
      : seating_(seating), units_(std::move(units)), budget_(budget) {}

  Found run() {
    if (step(0, 0)) return Found::all;
    return budget_ < 0 ? Found::gave_up : Found::none;
  }

 private:
  // Seats units from `at` on. Actors of a group are alike, so that each goes to the node of the one
  // before it, `first`, or to a later one.
  bool step(std::size_t at, std::uint32_t first) {
    if (at == units_.size()) return true;
    const Unit& unit = units_[at];
    const Need& need = seating_.job().groups[unit.group].need;
    auto nodes = static_cast<std::uint32_t>(seating_.ground().nodes.size());
    for (std::uint32_t n = unit.follows ? first : 0; n < nodes; ++n) {
      if (--budget_ < 0) return false;
      if (!seating_.ground().rooms[n].fits(need) || !seating_.allows(unit.group, n)) continue;
      for (auto& devices : device_choices(seating_.ground().rooms[n], need)) {
        seating_.sit(unit.group, unit.actor, n, std::move(devices));
        if (step(at + 1, n)) return true;
        seating_.rise();
        if (budget_ < 0) return false;
      }
    }
    return false;
  }

  Seating& seating_;
  std::vector<Unit> units_;
  std::int64_t budget_;
};

}  // namespace

Found search(Seating& seating, std::int64_t budget) {
  std::vector<Unit> units;
  for (std::uint32_t group : seating.relations().order) {
    if (!seating.job().groups[group].required) continue;
    bool follows = false;
    for (std::uint32_t actor : seating.open_actors(group)) {
      if (units.size() == search_actors_max) return Found::gave_up;
      units.push_back({group, actor, follows});
      follows = true;
    }
  }
  return Walk(seating, std::move(units), budget).run();
}

}  // namespace tramontane
