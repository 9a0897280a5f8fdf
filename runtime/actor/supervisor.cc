#include "runtime/actor/supervisor.h"

#include "runtime/actor/exit_record.h"

#include <algorithm>

namespace tramontane {

const char* name(ExitCause cause) noexcept {
  switch (cause) {
    case ExitCause::stopped:
      return "stopped";
    case ExitCause::failed:
      return "failed";
    case ExitCause::killed:
      return "killed";
  }
  return "?";
}

std::optional<Duration> Supervisor::on_failure(std::optional<Errc> code, Time now) {
  if (policy_.when == RestartPolicy::When::never || code == Errc::corrupt) return std::nullopt;
  while (!restarts_.empty() && now - restarts_.front() > policy_.within) restarts_.pop_front();
  if (restarts_.size() >= policy_.max_restarts) return std::nullopt;
  Duration wait = policy_.backoff;
  for (std::size_t i = 0; i < restarts_.size() && wait < policy_.backoff_max; ++i) wait *= 2;
  restarts_.push_back(now);
  return std::min(wait, policy_.backoff_max);
}

}  // namespace tramontane
