#pragma once
// RolloutTimes are when some rollouts were written, for whoever draws them: of a few at a time,
// from the lease to the last segment, and when each part under one version came in.
//
//   times.leased(id, now);
//   if (auto written = times.appended(segment, now)) tell(*written);   // it is finished
//
// Bounded: one begins to be followed every so often, and so many are at most. Times are whatever
// the caller takes, in microseconds. Pure. A value.

#include "actors/messages/types.h"
#include "runtime/base/clock.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tramontane {

struct WrittenPart {
  Version version = 0;
  std::uint64_t tokens = 0;
  Micros to = 0;  // when the last of them had come
};

struct WrittenRollout {
  RolloutId id = 0;
  Micros from = 0;
  std::vector<WrittenPart> parts;
};

class RolloutTimes {
 public:
  static constexpr std::size_t followed_most = 64;
  static constexpr std::size_t parts_most = 64;  // of one
  static constexpr Micros begin_every = 100'000;
  static constexpr Micros given_up_after = 600'000'000;

  void leased(RolloutId id, Micros now);

  // The rollout, if it is one of those and finished by this.
  std::optional<WrittenRollout> appended(const Segment& segment, Micros now);

 private:
  std::map<RolloutId, WrittenRollout> followed_;
  Micros began_ = 0;  // when one began to be followed last
  bool any_ = false;
};

}  // namespace tramontane
