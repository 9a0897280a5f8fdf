#pragma once
// When an actor that failed is started again: Erlang's rule. It is, unless that would be more than
// `max_restarts` within `within`; then the failure escalates to the system's owner.

#include "runtime/base/clock.h"

#include <cstdint>
#include <deque>
#include <optional>

namespace tramontane {

struct RestartPolicy {
  enum class When : std::uint8_t { never, on_failure };

  When when = When::never;
  std::uint32_t max_restarts = 3;
  Duration within = std::chrono::seconds(60);
  Duration backoff = std::chrono::milliseconds(100);  // doubled by each restart within the period
  Duration backoff_max = std::chrono::seconds(10);
};

class Supervisor {
 public:
  explicit Supervisor(RestartPolicy policy) : policy_(policy) {}

  // A failure at `now`: how long to wait before the next life, or nothing if there is none.
  std::optional<Duration> on_failure(Time now);

 private:
  const RestartPolicy policy_;
  std::deque<Time> restarts_;  // within the period
};

}  // namespace tramontane
