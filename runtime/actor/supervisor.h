#pragma once
// When an actor that failed is started again: Erlang's rule. It is, unless that would be more than
// `max_restarts` within `within`; then the failure escalates to the system's owner. So does at once
// a failure of damaged bytes (Errc::corrupt): the next life would read the same.

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

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

  // A failure at `now`, with its code if it has one: how long to wait before the next life, or
  // nothing if there is none.
  std::optional<Duration> on_failure(std::optional<Errc> code, Time now);

 private:
  const RestartPolicy policy_;
  std::deque<Time> restarts_;  // within the period
};

}  // namespace tramontane
