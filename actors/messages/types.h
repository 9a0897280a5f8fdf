#pragma once
// The values that travel between the actors of a reinforcement-learning job. Plain structs: they
// copy, move and serialise (actors/messages/messages.capnp; conversions in types.cc alone).
//
// A rollout is one completion of a prompt. It is written in spans: runs of tokens decoded under
// one weight version. `tokens` and `log_probs` hold the completion only, never the prompt.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

using Token = std::int32_t;
using Version = std::uint64_t;      // batches behind a set of weights
using Fingerprint = std::uint64_t;  // of an arena's bytes: actors/model/fingerprint.h
using RolloutId = std::uint64_t;    // group * group_size + sample
using GroupId = std::uint64_t;      // counts prompts in the order of issue, from 0
using LeaseId = std::uint64_t;      // never reused; 0 is none

struct Prompt {
  std::uint64_t index = 0;  // position in the data set
  std::string text;
  std::string answer;
  std::vector<Token> tokens;

  bool operator==(const Prompt&) const = default;
};

// Tokens [begin, end) of a rollout were decoded under `version`.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  Version version = 0;
  Fingerprint fingerprint = 0;
  // The keys and values of every earlier position were computed anew under this version when the
  // span began (first span, recompute, another generator took over, or its cache blocks had gone to
  // others). False: the cache was kept.
  bool fresh_cache = true;

  bool operator==(const Span&) const = default;
};

enum class Finish : std::uint8_t { running = 0, stop = 1, length = 2 };

struct Rollout {
  RolloutId id = 0;
  GroupId group = 0;
  std::uint32_t sample = 0;  // index within the group
  std::uint64_t seed = 0;    // keys the random draws, with id and position
  std::vector<Token> tokens;
  std::vector<float> log_probs;  // natural log at the temperature, not cut by top_p; one per token
  std::vector<Span> spans;       // in order, adjacent, covering all tokens
  Finish finish = Finish::running;

  bool operator==(const Rollout&) const = default;
};

// What a verifier says: a score with its components, or no_verdict with the reason. Never a
// silent 0.
struct Verdict {
  struct Component {
    std::string name;
    double value = 0;      // already weighted: the score is the sum
    std::string evidence;  // what was extracted, how it was compared

    bool operator==(const Component&) const = default;
  };

  std::optional<double> score;
  bool correct = false;    // the answer itself, apart from form
  std::string no_verdict;  // the reason; set exactly when score is not
  std::vector<Component> components;

  bool operator==(const Verdict&) const = default;
};

// A rollout that a generator is to write, or to go on writing.
struct RolloutTask {
  LeaseId lease = 0;
  Prompt prompt;    // as the ledger gives it, without its answer
  Rollout rollout;  // with whatever an earlier generator left behind
  // Tokens of an older version would be dropped as stale: a generator that is not there yet swaps
  // first, then writes. (Tokens already in `rollout` are within bounds.)
  Version oldest_version = 0;
};

// Tokens appended to a rollout: rollout.tokens[begin..] under one span.
struct Segment {
  LeaseId lease = 0;
  RolloutId rollout = 0;
  Span span;  // span.begin is where the tokens go; a span may grow over several segments
  std::vector<Token> tokens;
  std::vector<float> log_probs;
  Finish finish = Finish::running;  // other than running: the rollout is finished
};

// A finished rollout that a verifier is to judge. On its way it leaves behind what no verdict
// depends on: log-probabilities, spans, and the prompt's tokens.
struct LeasedRollout {
  LeaseId lease = 0;
  Prompt prompt;
  Rollout rollout;
};

struct JudgedRollout {
  Rollout rollout;
  Verdict verdict;

  bool operator==(const JudgedRollout&) const = default;
};

struct Group {
  GroupId id = 0;
  Prompt prompt;
  std::vector<JudgedRollout> rollouts;  // in sample order, all with a score

  bool operator==(const Group&) const = default;
};

// What the trainer consumes in one step. Asking again for the same step gives the same bytes.
struct Batch {
  std::uint64_t step = 0;     // trains version `step` into `step + 1`
  std::vector<Group> groups;  // kept groups, in id order
  std::uint64_t groups_without_contrast = 0;
  std::uint64_t rollouts_stale = 0;       // of groups dropped in the last staleness sweep
  std::uint64_t rollouts_no_verdict = 0;  // masked out
  std::uint64_t rollouts_seen = 0;        // finished completions gathered, dropped ones included
  // Over all finished completions gathered, dropped groups included; score and correctness over
  // those with a verdict:
  double mean_score = 0;
  double mean_correct = 0;
  double mean_tokens = 0;
  double truncated_share = 0;

  bool operator==(const Batch&) const = default;
};

// What the ledger holds, and what it has seen.
struct LedgerCounts {
  std::uint64_t groups_issued = 0;
  std::uint64_t rollouts_waiting = 0;
  std::uint64_t rollouts_leased = 0;
  std::uint64_t rollouts_finished = 0;  // wait for a verifier
  std::uint64_t rollouts_judging = 0;
  std::uint64_t rollouts_judged = 0;  // wait for their group or batch
  std::uint64_t groups_complete = 0;  // wait for their batch
  std::uint64_t batches_sealed = 0;
  std::uint64_t next_step_to_seal = 0;
  Version trained = 0;       // newest version that exists
  Version checkpointed = 0;  // newest durable one
  // Since the ledger was created:
  std::uint64_t rollouts_generated = 0;
  std::uint64_t rollouts_spanning = 0;  // of those, with tokens of more than one version
  std::uint64_t rollouts_resumed = 0;   // leased again with tokens of an earlier holder
  std::uint64_t leases_expired = 0;
  std::uint64_t groups_without_contrast = 0;
  std::uint64_t rollouts_stale = 0;
  std::uint64_t rollouts_no_verdict = 0;
  std::uint64_t records_quarantined = 0;
};

}  // namespace tramontane
