#pragma once
// One worker as its Agent knows it; for the agent's own sources.

#include "runtime/node/agent.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

inline constexpr Duration agent_looks_every = std::chrono::milliseconds(20);
inline constexpr ProcessId nowhere = 0xffffffff;  // until it is introduced

struct Agent::Worker {
  explicit Worker(RestartPolicy policy) : supervisor(policy), pause(policy.backoff) {}

  std::string name;
  std::vector<const GraphActor*> actors;
  Supervisor supervisor;
  const Duration pause;  // after a kill
  ProcessId process = nowhere;
  std::uint32_t lives = 0;
  std::unique_ptr<HostedWorker> hosted;
  Time began{};
  std::optional<Time> restart_at;
  std::optional<ExitRecord> failure;  // that it told
  std::vector<ExitRecord> finished;   // actors that it told had ended by themselves
  WorkerStatus status;                // as it last told
  std::map<std::string, std::uint64_t> counted;
  bool slow = false;                // stands still, and that was told
  std::optional<Duration> silence;  // for which it was killed
  bool gone = false;
  std::string leaves_for;           // where its host wants it
  std::optional<Time> leaves_by;    // it was told so
  bool overstayed = false;          // and was killed
  std::optional<Time> still_until;  // it was stopped by a fault

  bool runs() const { return hosted != nullptr; }

  // Whether it did anything in this life but begin.
  bool progressed() const {
    return std::any_of(status.actors.begin(), status.actors.end(), [](const ActorStatus& actor) {
      return actor.handled > 0 || actor.busy > Duration::zero();
    });
  }

  std::string holding(const std::string& actor) const {
    for (const ActorStatus& each : status.actors)
      if (each.name == actor) {
        std::string text;
        for (const auto& [key, value] : each.notes)
          if (!value.empty()) text += str(text.empty() ? "" : ", ", key, " ", value);
        return text;
      }
    return {};
  }
};

}  // namespace tramontane
