@0xd4a7c9e1b3f58260;
# The messages between the actors of a reinforcement-learning job. The C++ structs are in
# actors/messages/messages.h, which says what each means; the conversions in actors/messages/codecs.cc.

using Cxx = import "/capnp/c++.capnp";
using Wire = import "/actors/messages/rollout.capnp";
$Cxx.namespace("tramontane::wire");

struct LeaseTasks @0xa1d0c4f2e6b83901 {
  count @0 :UInt32;
}

struct TaskList @0xa1d0c4f2e6b83902 {
  tasks @0 :List(Wire.RolloutTask);
  whyNone @1 :Text;
}

struct Append @0xa1d0c4f2e6b83903 {
  segments @0 :List(Wire.Segment);
  held @1 :List(UInt64);
}

struct AppendResults @0xa1d0c4f2e6b83904 {
  codes @0 :Data;
  lost @1 :List(UInt64);
}

struct LeaseFinished @0xa1d0c4f2e6b83905 {
  count @0 :UInt32;
}

struct FinishedList @0xa1d0c4f2e6b83906 {
  rollouts @0 :List(Wire.LeasedRollout);
}

struct Judged @0xa1d0c4f2e6b83907 {
  lease @0 :UInt64;
  verdict @1 :Wire.Verdict;
}

struct Judge @0xa1d0c4f2e6b83908 {
  verdicts @0 :List(Judged);
}

struct TakeBatch @0xa1d0c4f2e6b83909 {
  step @0 :UInt64;
}

struct BatchAnswer @0xa1d0c4f2e6b8390a {
  batch @0 :Wire.Batch;
  # Absent if it is not there yet.
  whyNone @1 :Text;
}

struct Trained @0xa1d0c4f2e6b8390b {
  step @0 :UInt64;
  fingerprint @1 :UInt64;
}

struct TrainedAnswer @0xa1d0c4f2e6b8390c {
  recorded @0 :UInt64;
}

struct Checkpointed @0xa1d0c4f2e6b8390d {
  version @0 :UInt64;
}

struct RestartFrom @0xa1d0c4f2e6b8390e {
  version @0 :UInt64;
}

struct AskCounts @0xa1d0c4f2e6b83910 {}

struct LedgerCounts @0xa1d0c4f2e6b83911 {
  values @0 :List(UInt64);
  # In the order of the fields of the C++ struct; later ones may be missing.
}

# Publish, Offer and Evaluate may have one blob beside them: the weights.

struct Publish @0xa1d0c4f2e6b83912 {
  version @0 :UInt64;
  fingerprint @1 :UInt64;
}

struct Offer @0xa1d0c4f2e6b83913 {
  version @0 :UInt64;
  fingerprint @1 :UInt64;
}

struct OfferResult @0xa1d0c4f2e6b83914 {
  generators @0 :UInt32;
  problem @1 :Text;
  version @2 :UInt64;
  received @3 :Bool;
}

struct Join @0xa1d0c4f2e6b8391e {}

struct Swap @0xa1d0c4f2e6b83915 {
  version @0 :UInt64;
  fingerprint @1 :UInt64;
}

struct SwapResult @0xa1d0c4f2e6b83916 {
  version @0 :UInt64;
  sequencesInFlight @1 :UInt32;
  stallNs @2 :UInt32;
  flipped @3 :Bool;
}

struct Evaluate @0xa1d0c4f2e6b83917 {
  label @0 :Text;
  stage @1 :UInt32;
  step @2 :UInt64;
  version @3 :UInt64;
  fingerprint @4 :UInt64;
}

struct EvaluationResult @0xa1d0c4f2e6b83918 {
  greedy @0 :Float64;
  sampled @1 :Float64;
}

struct Evaluated @0xa1d0c4f2e6b83919 {
  version @0 :UInt64;
  sampled @1 :Float64;
}

struct Report @0xa1d0c4f2e6b8391a {
  event @0 :Text;
}

struct FinishRun @0xa1d0c4f2e6b8391b {
  reason @0 :Text;
}

struct RunEnded @0xa1d0c4f2e6b8391f {
  how @0 :UInt8;
  reason @1 :Text;
  version @2 :UInt64;
  fingerprint @3 :UInt64;
  code @4 :UInt8;
}

struct Nudge @0xa1d0c4f2e6b8391c {}

struct Tick @0xa1d0c4f2e6b8391d {}
