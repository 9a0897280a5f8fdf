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
}

RunOutcome FirstCauses::outcome_of(const ExitRecord& last) {
  std::lock_guard lock(mutex_);
  auto found = causes_.find(last.name);
  const ExitRecord& record = found == causes_.end() ? last : found->second;
  Errc code = record.code.value_or(Errc::failed);
  bool io = code == Errc::io;
  return {RunOutcome::How::failed,
      str(record.name, " failed for good: ", record.text,
          io ? "; once that is mended, nothing is lost and this goes on: " + go_on_ : ""),
      0, 0, code};
}

}  // namespace tramontane
