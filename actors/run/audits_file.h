#pragma once
// The AuditsFile keeps RUN/audits.jsonl: of audited rollouts, what the trainer saw of each token.
//
//   {"event": "audit", "rollout", "step", "gaps": […], "ratios": […], "entropy": […], "fates":
//   "..<."}
//
// Per token, of the first 4,096: the difference between the log-probability that was recorded and
// the one computed anew (none where the weights were gone), trained over recorded probability, the
// entropy in nats, and what the loss did: "." kept, "<" and ">" clipped below and above, "m"
// masked.
//
// Bounded: a file of 32 MB becomes audits.old.jsonl, in the place of the one before. A disk that is
// full costs the audits only. Thread rule: one at a time.

#include "actors/messages/run_event.h"
#include "runtime/base/line_file.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

class AuditsFile {
 public:
  static constexpr std::uint64_t bytes_most = 32 << 20;

  // Goes on with what is there. Error(io) as LineFile.
  explicit AuditsFile(std::string folder, std::uint64_t most = bytes_most);

  void append(const RunEvent& event);

 private:
  void open();

  const std::string folder_;
  const std::uint64_t most_;
  std::optional<LineFile> lines_;
  std::uint64_t bytes_ = 0;
};

}  // namespace tramontane
