#pragma once
// The messages between the actors of a reinforcement-learning job: each arrow of the picture in
// ARCHITECTURE.md is one struct here. Schema and conversions: messages.capnp, codecs.h.
//
//   generator  ──LeaseTasks, Append──▶ ledger          trainer ──TakeBatch, Trained, …──▶ ledger
//   verifier   ──LeaseFinished, Judge──▶ ledger        ledger  ──Nudge──▶ whoever found nothing
//   trainer    ──Publish──▶ weight_broadcaster ──Offer──▶ weight_receiver ──Swap──▶ generator
//   weight_receiver ──Join, OfferResult──▶ weight_broadcaster
//   trainer    ──Evaluate──▶ evaluator                 everybody ──Report──▶ reporter
//
// Requests to the ledger answer at once, with what there is; who got nothing is nudged when there
// may be something. A nudge may be lost or late: it is a hint, and everybody also asks again by
// himself after a while.

#include "actors/messages/types.h"
#include "runtime/wire/blob.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// ---- to the ledger -----------------------------------------------------------------------------
//
// Whose a lease is, is whoever sent the request, as the runtime knows it.

struct TaskList {
  std::vector<RolloutTask> tasks;
  std::string why_none;  // if there are none
};

struct LeaseTasks {
  using Reply = TaskList;
  std::uint32_t count = 0;
};

// One code per segment: 0, or the Errc that refused it.
struct AppendResults {
  std::vector<std::uint8_t> codes;
  std::vector<LeaseId> lost;  // of those held: no longer the asker's
};

// Also says which leases the writer still holds, whether or not it has come to write under them:
// they are extended, and those that are not its any more are named.
struct Append {
  using Reply = AppendResults;
  std::vector<Segment> segments;
  std::vector<LeaseId> held;
};

struct FinishedList {
  std::vector<LeasedRollout> rollouts;
};

struct LeaseFinished {
  using Reply = FinishedList;
  std::uint32_t count = 0;
};

struct Judged {
  LeaseId lease = 0;
  Verdict verdict;
};

struct Judge {
  using Reply = AppendResults;  // one code per verdict
  std::vector<Judged> verdicts;
};

struct BatchAnswer {
  std::optional<Batch> batch;
  std::string why_none;
};

struct TakeBatch {
  using Reply = BatchAnswer;
  std::uint64_t step = 0;
};

// Version step + 1 exists. `recorded` is another fingerprint that the ledger already knew for it,
// 0 if there is none: then the replay after a crash went differently.
struct TrainedAnswer {
  Fingerprint recorded = 0;
};

struct Trained {
  using Reply = TrainedAnswer;
  std::uint64_t step = 0;
  Fingerprint fingerprint = 0;
};

struct Checkpointed {
  Version version = 0;
};

struct RestartFrom {
  using Reply = TrainedAnswer;
  Version version = 0;
};

struct AskCounts {
  using Reply = LedgerCounts;
};

// ---- weights -----------------------------------------------------------------------------------

// Version `version` has been published through the transport. `weights` is what the transport's
// receivers need beside its number, if anything: with shm the arena itself.
struct Publish {
  Version version = 0;
  Fingerprint fingerprint = 0;
  Blob weights;
};

// "Fetch, verify and prepare this version, then have your generators flip to it." What came of it
// goes back as an OfferResult, as nobody waits for it.
struct Offer {
  Version version = 0;
  Fingerprint fingerprint = 0;
  Blob weights;
};

struct OfferResult {
  Version version = 0;           // that was offered
  bool received = false;         // whole and verified: it is ready there
  std::uint32_t generators = 0;  // that swapped
  std::string problem;           // empty if all went well; names who did not, and why
};

// "I am a receiver that is new, or new again: offer me the newest version, and those to come."
struct Join {};

struct SwapResult {
  Version version = 0;  // being decoded with from now on
  std::uint32_t sequences_in_flight = 0;
  std::uint32_t stall_ns = 0;  // decoding stood still for so long
  bool flipped = false;        // false: it was at this version, or a newer one, already
};

// "This version is ready in your process: flip to it between two tokens."
struct Swap {
  using Reply = SwapResult;
  Version version = 0;
  Fingerprint fingerprint = 0;
};

// ---- trainer, evaluator, reporter --------------------------------------------------------------

struct EvaluationResult {
  double greedy = 0;
  double sampled = 0;
};

struct Evaluate {
  using Reply = EvaluationResult;
  std::string label;
  std::uint32_t stage = 0;
  std::uint64_t step = 0;
  Version version = 0;  // must be published still
  Fingerprint fingerprint = 0;
  Blob weights;  // as in Publish
};

// To the trainer, after each evaluation.
struct Evaluated {
  Version version = 0;
  double sampled = 0;
};

// An event of run_event.h, as JSON text.
struct Report {
  std::string event;
};

// To the trainer: finish the step, write a checkpoint, stop.
struct FinishRun {
  std::string reason;
};

// From a trainer in another process: how the run ended. The numbers are RunOutcome's.
struct RunEnded {
  std::uint8_t how = 0;
  std::string reason;
  Version version = 0;
  Fingerprint fingerprint = 0;
  std::uint8_t code = 0;
};

// There may be something now.
struct Nudge {};

// An actor's own timer.
struct Tick {};

}  // namespace tramontane
