#include "actors/run/first_causes.h"

#include "runtime/base/check.h"

#include <chrono>

namespace tramontane {
namespace {

constexpr Duration well_after = std::chrono::seconds(60);

}  // namespace

void FirstCauses::see(const ExitRecord& record) {
  std::lock_guard lock(mutex_);
  auto [at, first] = causes_.try_emplace(record.name, record);
  if (!first && record.lived > well_after) at->second = record;
  if (record.escalated && gone_.empty()) gone_ = record.name;
  seen_.notify_all();
}

RunOutcome FirstCauses::behind(RunOutcome outcome, Duration patience) {
  if (outcome.how != RunOutcome::How::failed || outcome.code != Errc::closed) return outcome;
  std::unique_lock lock(mutex_);
  bool known = seen_.wait_for(lock, patience, [&] { return !gone_.empty(); });
  return known ? told(causes_.at(gone_)) : outcome;
}

RunOutcome FirstCauses::outcome_of(const ExitRecord& last) {
  std::lock_guard lock(mutex_);
  auto found = causes_.find(last.name);
  return told(found == causes_.end() ? last : found->second);
}

RunOutcome FirstCauses::told(const ExitRecord& record) const {
  Errc code = record.code.value_or(Errc::failed);
  bool io = code == Errc::io;
  return {RunOutcome::How::failed,
      str(record.name, " failed for good: ", record.text,
          io ? "; once that is mended, nothing is lost and this goes on: " + go_on_ : ""),
      0, 0, code};
}

}  // namespace tramontane
