#pragma once
// The SpansFile keeps RUN/spans.jsonl: of actors, what they waited for or did, and from when to
// when; of some rollouts, when they were written. It is what timelines are drawn of
// (actors/export/trace.h) beside the events of metrics.jsonl.
//
//   {"event": "wait", "actor", "what", "from_us", "to_us"}   by the wall, microseconds since 1970
//   {"event": "work", "actor", "what", "from_us", "to_us"}   what an actor says that it does
//   {"event": "written", "rollout", "from_us", "parts": [{"version", "tokens", "to_us"}]}
//
//   SpansFile spans(run + "/spans.jsonl");
//   spans.look(statuses, now, wall);     // now and then: what has changed since is written
//   spans.written(event);
//
// Waits are seen when they are looked at, and have their own beginnings: one that is shorter than
// the time between two looks may be missed. Idle actors, who wait for messages, are left out.
// Bounded: what is shorter than 50 ms is left out, twice that with every 4 MB that there are
// already, and nothing more is written beyond 64 MB. A disk that is full costs the spans only.
//
// Thread rule: one at a time.

#include "actors/messages/run_event.h"
#include "runtime/actor/actor_status.h"
#include "runtime/base/line_file.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

class SpansFile {
 public:
  static constexpr Micros shortest = 50'000;
  static constexpr std::uint64_t bytes_to_double = 4 << 20;
  static constexpr std::uint64_t bytes_most = 64 << 20;

  // Goes on with what is there. Error(io) as LineFile.
  explicit SpansFile(const std::string& path);

  // `now` is by the clock of the statuses, `wall` the same moment by the wall.
  void look(const std::vector<ActorStatus>& actors, Time now, Micros wall);
  void written(const RunEvent& event);

  // What is shorter is left out by now.
  Micros least() const;

 private:
  struct Open {
    std::string kind;  // "wait", "work"; empty: neither
    std::string what;
    Micros from = 0;
  };

  static Open open_of(const ActorStatus& actor, Time now, Micros wall);
  void close(const std::string& actor, const Open& open, Micros to);
  void append(const RunEvent& event);

  LineFile lines_;
  std::uint64_t bytes_ = 0;
  std::map<std::string, Open> open_;  // by actor
  Micros rollout_ = 0;                // when the last one that was kept began
};

}  // namespace tramontane
