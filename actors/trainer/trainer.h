#pragma once
// The Trainer owns the master weights and goes through the job's stages, one optimizer step per
// turn. For reinforcement it asks the ledger for the batch of step s, trains version s into s + 1,
// publishes it, and tells the ledger. It has a thread of its own; LibTorch is behind PolicyTrainer.
//
// After a crash it starts from the newest whole checkpoint and asks for the batches since again:
// they are the same, and so must be the fingerprints.
//
// Messages: Nudge (the ledger's), FinishRun.

#include "actors/job/job.h"
#include "actors/messages/messages.h"
#include "actors/messages/run_event.h"
#include "actors/model/policy.h"
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "runtime/actor/actor.h"
#include "storage/checkpoint.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// How a run ended.
struct RunOutcome {
  enum class How : std::uint8_t {
    finished,
    interrupted,
    failed,
    mismatch,  // a replay came out differently
  };
  How how = How::finished;
  std::string reason;
  Version version = 0;
  Fingerprint fingerprint = 0;
  Errc code = Errc::failed;  // of a failed run: whose fault it was, for the exit status
};

class Trainer final : public Actor {
 public:
  struct Options {
    const Job* job = nullptr;                     // outlives the actor, like all pointers here
    CheckpointStore* warm_checkpoints = nullptr;  // of the warm start, by its steps
    CheckpointStore* checkpoints = nullptr;       // of reinforcement, by version
    ReadyStore* ready = nullptr;                  // for the audit
    bool prepares_own = false;  // nobody else fills `ready`: it packs each version it publishes
    WeightLink link;
    ActorRef ledger;
    ActorRef broadcaster;
    ActorRef evaluator;
    ActorRef reporter;
    std::function<std::unique_ptr<PolicyTrainer>(const ModelConfig&)> make_policy;
    std::function<void(RunOutcome)> done;  // called once, from the trainer's thread
    Duration poll_every = std::chrono::milliseconds(200);
    Duration remind_every = std::chrono::seconds(2);     // while it waits for a batch
    Duration batch_patience = std::chrono::minutes(10);  // an alarm when a batch takes longer
  };

  explicit Trainer(Options options);

  Task<void> start() override;
  bool has_work() const override;
  Task<void> work() override;
  std::string holding() const override;

 private:
  void nudge(Nudge nudge);
  void tick(Tick tick);
  void finish_run(FinishRun request);
  void evaluated(Evaluated result);

  // Stages.
  void begin();
  // The newest whole checkpoint. Damaged ones that are newer, or all if none is whole, are told.
  std::optional<Checkpoint> newest_whole(const CheckpointStore& store);
  void resume_from(const Checkpoint& checkpoint, bool reinforcing);
  Task<void> warm_step();
  Task<void> begin_reinforcement();
  Task<void> reinforce_step();
  Task<void> remind();
  Task<void> train_on(Batch batch);
  Task<void> end_reinforcement();

  std::shared_ptr<const Arena> export_arena(Version version) const;
  // Makes arena_ of the present weights, where the transport wants it, and hands it over.
  void publish_version();
  Task<bool> announce(std::uint64_t step);
  // In float32, whatever is published: what training goes on from. Borrowed from policy_.
  std::map<std::string, Pieces> checkpoint_files() const;
  Task<void> save();
  Task<void> record_checkpoint();
  boost::json::object checkpoint_about() const;
  void save_warm();
  Task<void> evaluate(std::string label, bool wait);
  // Asks the ledger again for as long as it may yet answer: it is restarted when it fails.
  template <class M>
  Task<Answer<ReplyOf<M>>> ask_ledger(M request, std::string_view why);
  Task<void> report(RunEvent event);
  void alarm(const std::string& text);
  void end(RunOutcome::How how, const std::string& reason, Errc code = Errc::failed);
  bool non_finite(const StepReport& report);

  const Job& job() const { return *options_.job; }

  std::uint64_t warm_steps_total() const;

  Options options_;
  std::unique_ptr<PolicyTrainer> policy_;
  std::shared_ptr<const Manifest> manifest_;          // of the trainer's own weights
  std::shared_ptr<const Manifest> serving_manifest_;  // of what is published
  std::shared_ptr<const Arena> arena_;                // of version_, as published
  Blob weights_;                                      // … as published

  std::size_t stage_ = 0;         // index into warm_starts; its size: reinforcement
  std::uint64_t stage_step_ = 0;  // steps of this stage done
  std::uint64_t warm_done_ = 0;   // steps of all warm starts done
  Version version_ = 0;
  bool reinforcing_ = false;
  bool resumed_reinforcing_ = false;
  bool may_have_batch_ = true;
  bool ended_ = false;
  std::string damaged_;        // the checkpoints that were passed over
  std::string finish_reason_;  // not empty: finish after this step
  double correct_average_ = -1;
  double best_sampled_ = -1;
  std::uint32_t non_finite_in_a_row_ = 0;
  Version saved_ = 0;
  Time waiting_since_{};
  Time reminded_{};  // or began to wait
  Time stage_began_{};
  std::uint64_t stage_step_began_ = 0;
  bool patience_lost_ = false;
  bool gap_alarmed_ = false;
};

}  // namespace tramontane
