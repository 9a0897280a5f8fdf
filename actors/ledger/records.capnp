@0xe5f0a7c3d1b24896;
# What lies in the ledger's store beside rollouts and verdicts (rollout.capnp). Keys, checksums and
# a worked example: actors/ledger/format.h.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::wire");
using R = import "/actors/messages/rollout.capnp";

struct LedgerOptionsRecord {
  # The options the ledger was last opened with; actors/ledger/ledger.h explains each. Seed, groupSize,
  # batch and batchOf never change in the life of a ledger.

  seed @0 :UInt64;
  groupSize @1 :UInt32;
  batch @2 :UInt32;
  maxLag @3 :UInt32;
  overdue @4 :UInt8;
  batchOf @5 :UInt8;
  dropWithoutContrast @6 :Bool;
  runAhead @7 :UInt32;
  maxRunning @8 :UInt32;
  verifyAttempts @9 :UInt32;
  steps @10 :UInt64;
  generateLease @11 :Int64;
  # Microseconds, as is verifyLease.
  verifyLease @12 :Int64;
  keepBatches @13 :UInt64;
  keepBytes @14 :UInt64;
}

struct LedgerStateRecord {
  # Where the ledger stands. Written in the same atomic write as the transition that changed it.

  groupsIssued @0 :UInt64;
  nextGroup @1 :UInt64;
  # First group that no sealed batch has taken or dropped.
  nextStep @2 :UInt64;
  # First batch that is not sealed.
  trained @3 :UInt64;
  checkpointed @4 :UInt64;

  # Counters since the ledger was created:
  rolloutsGenerated @5 :UInt64;
  rolloutsSpanning @6 :UInt64;
  rolloutsResumed @7 :UInt64;
  leasesExpired @8 :UInt64;
  groupsWithoutContrast @9 :UInt64;
  rolloutsStale @10 :UInt64;
  rolloutsNoVerdict @11 :UInt64;
  recordsQuarantined @12 :UInt64;
}

struct SegmentRecord {
  # Tokens of an unfinished rollout, from the position that stands in the key.

  span @0 :R.Span;
  tokens @1 :List(Int32);
  logProbs @2 :List(Float32);
}

enum DropReason {
  kept @0;
  # Not dropped: no group on disk has it.
  noContrast @1;
  stale @2;
  tooFewVerdicts @3;
  damaged @4;
  # Its records failed their checksum after the batch was sealed.
}

struct BatchRecord {
  # A sealed batch: which groups it took and which it passed over. The rollouts stay where they are.
  # Groups [firstGroup, endGroup) were settled by it, each exactly once.

  step @0 :UInt64;
  firstGroup @1 :UInt64;
  endGroup @2 :UInt64;
  kept @3 :List(KeptGroup);
  dropped @4 :List(DroppedGroup);
  statistics @5 :R.BatchStatistics;
  bytes @6 :UInt64;
  # Keys and values of its rollouts and verdicts, for retention.

  struct KeptGroup {
    id @0 :UInt64;
    prompt @1 :R.Prompt;
    masked @2 :List(UInt32);
    # Samples without a verdict, left out.
  }

  struct DroppedGroup {
    id @0 :UInt64;
    reason @1 :DropReason;
  }
}

struct FingerprintRecord {
  fingerprint @0 :UInt64;
}
