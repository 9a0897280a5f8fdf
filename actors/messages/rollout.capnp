@0xb8d2f1c5a6e34a91;
# The values of a reinforcement-learning job, as they travel between actors and lie in the ledger.
#
# A prompt is sampled several times: a group of rollouts. A rollout is written in segments by a
# generator, judged by a verifier, and consumed by the trainer in a batch:
#
#   prompt source ──RolloutTask──▶ generator ──Segment──▶ ledger ──LeasedRollout──▶ verifier
#                                                           │  ◀──────Verdict──────────┘
#                                                           └──Batch──▶ trainer
#
# Everywhere: a version counts the batches that were trained; a fingerprint is the root of a tree of
# XXH3-64 over an arena's bytes; a
# log-prob is natural, of the distribution that was sampled from; `tokens` and `logProbs` are the
# completion only and have one entry each per token.
#
# The C++ structs are in actors/messages/types.h, the conversions in actors/messages/types.cc and nowhere else.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::wire");

struct Prompt {
  index @0 :UInt64;
  # Position in the data set.
  text @1 :Text;
  answer @2 :Text;
  tokens @3 :List(Int32);
}

struct Span {
  # Tokens [begin, end) of a rollout were decoded under `version`.

  begin @0 :UInt32;
  end @1 :UInt32;
  version @2 :UInt64;
  fingerprint @3 :UInt64;
  freshCache @4 :Bool;
  # The keys and values of every earlier position were computed anew when the span began. False:
  # the cache of older versions was kept.
}

enum Finish {
  running @0;
  stop @1;
  # A stop token was sampled; it is the last of `tokens`.
  length @2;
  # The length limit was reached.
}

struct Rollout {
  id @0 :UInt64;
  # group * group_size + sample
  group @1 :UInt64;
  sample @2 :UInt32;
  finish @3 :Finish;
  seed @4 :UInt64;
  # Keys the random draws, with id and position.
  tokens @5 :List(Int32);
  logProbs @6 :List(Float32);
  spans @7 :List(Span);
  # In order, adjacent, covering all tokens.
}

struct Verdict {
  union {
    score @0 :Float64;
    # Finite; the sum of the components.
    noVerdict @1 :Text;
    # Why it could not be judged. Such a rollout is masked out, never a zero.
  }
  correct @2 :Bool;
  # The answer itself, apart from form.
  components @3 :List(Component);

  struct Component {
    name @0 :Text;
    value @1 :Float64;
    # Already weighted.
    evidence @2 :Text;
    # What was extracted and how it was compared.
  }
}

struct RolloutTask {
  lease @0 :UInt64;
  # Never reused, not even by a ledger that was opened again; 0 is none.
  prompt @1 :Prompt;
  rollout @2 :Rollout;
  # With whatever an earlier generator left behind.
  oldestVersion @3 :UInt64;
  # Tokens of an older version would be dropped as stale: a generator swaps first, then writes.
}

struct Segment {
  # Tokens appended to a rollout under one span. `span.begin` is where they go, `span.end` where
  # they end; a segment of the same version, fingerprint and cache as the last span lengthens it.

  lease @0 :UInt64;
  rollout @1 :UInt64;
  span @2 :Span;
  tokens @3 :List(Int32);
  logProbs @4 :List(Float32);
  finish @5 :Finish;
  # Other than running: the rollout ends here.
}

struct LeasedRollout {
  # A finished completion, as its verifier sees it.
  lease @0 :UInt64;
  prompt @1 :Prompt;
  # Without its tokens.
  id @2 :UInt64;
  tokens @3 :List(Int32);
  finish @4 :Finish;
}

struct JudgedRollout {
  rollout @0 :Rollout;
  verdict @1 :Verdict;
}

struct Group {
  id @0 :UInt64;
  prompt @1 :Prompt;
  rollouts @2 :List(JudgedRollout);
  # In sample order, without those that got no verdict.
}

struct Batch {
  step @0 :UInt64;
  # It trains version `step` into `step + 1`.
  groups @1 :List(Group);
  # In id order, without those that were dropped.
  statistics @2 :BatchStatistics;
}

struct BatchStatistics {
  # What was gathered for a batch, dropped groups included. Means are over finished completions;
  # of score and correctness over those with a verdict.

  groupsWithoutContrast @0 :UInt64;
  rolloutsStale @1 :UInt64;
  rolloutsNoVerdict @2 :UInt64;
  rolloutsSeen @3 :UInt64;
  meanScore @4 :Float64;
  meanCorrect @5 :Float64;
  meanTokens @6 :Float64;
  truncatedShare @7 :Float64;
}
