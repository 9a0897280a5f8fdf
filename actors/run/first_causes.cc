#include "actors/run/first_causes.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <chrono>

namespace tramontane {
namespace {

constexpr Duration well_after = std::chrono::seconds(60);

}  // namespace

void FirstCauses::see(const ExitRecord& record) {
  std::lock_guard lock(mutex_);
  auto [at, first] = causes_.try_emplace(record.name, record);
  if (!first && record.lived > well_after) at->second = record;
  seen_.notify_all();
}

RunOutcome FirstCauses::behind(RunOutcome outcome, Duration patience) {
  if (outcome.how != RunOutcome::How::failed || outcome.code != Errc::closed) return outcome;
  std::unique_lock lock(mutex_);
  auto gone = causes_.end();
  seen_.wait_for(lock, patience, [&] {
    gone = std::find_if(causes_.begin(), causes_.end(), [&](const auto& cause) {
      return outcome.reason.find(cause.first + " has stopped") != std::string::npos;
    });
    return gone != causes_.end();
  });
  return gone == causes_.end() ? outcome : told(gone->second);
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
