#include "actors/ledger/rollout_times.h"

#include <utility>

namespace tramontane {

void RolloutTimes::leased(RolloutId id, Micros now) {
  if (any_ && now - began_ < begin_every) return;
  if (followed_.contains(id)) return;  // its second writer goes on with it
  if (followed_.size() >= followed_most) {
    // Some were dropped before they were finished.
    std::erase_if(
        followed_, [&](const auto& one) { return now - one.second.from > given_up_after; });
    if (followed_.size() >= followed_most) return;
  }
  any_ = true;
  began_ = now;
  followed_[id] = {.id = id, .from = now, .parts = {}};
}

std::optional<WrittenRollout> RolloutTimes::appended(const Segment& segment, Micros now) {
  auto found = followed_.find(segment.rollout);
  if (found == followed_.end()) return std::nullopt;
  auto& parts = found->second.parts;
  if (!segment.tokens.empty()) {
    bool same = !parts.empty() && parts.back().version == segment.span.version;
    if (!same && parts.size() < parts_most) {
      parts.push_back({.version = segment.span.version});
      same = true;
    }
    if (same) {
      parts.back().tokens += segment.tokens.size();
      parts.back().to = now;
    }
  }
  if (segment.finish == Finish::running) return std::nullopt;
  auto written = std::move(found->second);
  followed_.erase(found);
  return written;
}

}  // namespace tramontane
