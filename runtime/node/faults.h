#pragma once
// Faults that somebody asks for, to see what a run makes of them before he trusts it with weeks:
// workers are killed, stand still, or lose their connection, at random times.
//
//   auto rules = parse_faults("kill generator 1/60s, stop verifier/0 1/30s for 3s, cut any 2/1m");
//   check_faults(rules, graph);
//   FaultClock faults(rules, seed);
//   for (const DueFault& fault : faults.due(now, names)) …      // the agent does what it says
//
//   FAULTS  FAULT, FAULT, …
//   FAULT   kill WHO RATE              kill -9 of a worker
//           stop WHO RATE for TIME     SIGSTOP, and SIGCONT after that
//           cut WHO RATE               its connection to the agent is lost
//   WHO     any, a role (generator: one of them), or a worker (generator/1)
//   RATE    N/TIME                     on average; the times are independent of each other
//   TIME    500ms, 3s, 2m, 1h
//
// The same seed draws the same times. One thread.

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/node/graph.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct FaultRule {
  enum class Kind : std::uint8_t { kill, stop, cut };

  Kind kind = Kind::kill;
  std::string who;
  Duration every{};  // on average
  Duration lasts{};  // of a stop

  bool operator==(const FaultRule&) const = default;
};

// Error(bad_input) that quotes the fault and says what was expected.
std::vector<FaultRule> parse_faults(const std::string& text);

// Error(bad_input): there are no workers, or none of that name.
void check_faults(const std::vector<FaultRule>& rules, const Graph& graph);

struct DueFault {
  FaultRule::Kind kind = FaultRule::Kind::kill;
  std::string worker;
  Duration lasts{};
};

class FaultClock {
 public:
  FaultClock(std::vector<FaultRule> rules, std::uint64_t seed);

  // Those whose time has come since the last call, each for one of the workers that run. The first
  // call begins it.
  std::vector<DueFault> due(Time now, const std::vector<std::string>& running);

 private:
  struct Waiting {
    FaultRule rule;
    std::optional<Time> next;
  };

  Duration draw(const FaultRule& rule);

  std::vector<Waiting> waiting_;
  Random random_;
};

}  // namespace tramontane
