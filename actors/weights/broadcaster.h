#pragma once
// The weight broadcaster moves each new version of the weights to every generator; the weight
// receiver is its counterpart in a generator's process.
//
//   trainer ─Publish▶ WeightBroadcaster ─Offer▶ WeightReceiver ─Swap▶ Generator
//
// The receiver fetches the arena through the transport, checks its fingerprint, packs it for the
// kernels, all off the decoding thread, and only then has the generators flip. A transfer that
// fails or comes late leaves them serving the version before, is reported by name, and is tried
// again until it succeeds or is overtaken. A version that is overtaken while it waits is skipped:
// the newest counts.

#include "actors/messages/messages.h"
#include "actors/messages/run_event.h"
#include "actors/model/model_config.h"
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "runtime/actor/actor.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class WeightReceiverActor final : public Actor {
 public:
  // All references outlive the actor. `keep_versions`: how many of the newest stay ready.
  WeightReceiverActor(const ModelConfig& config, const WeightLink& link, ReadyStore& ready,
      std::uint32_t keep_versions, std::vector<std::string> generators, ActorRef reporter);

 private:
  Task<Answer<OfferResult>> offer(Offer request);
  Answer<std::shared_ptr<const ReadyWeights>> receive(const Offer& request, RunEvent& event);
  Task<Answer<SwapResult>> swap_one(std::string generator, Offer request);

  const ModelConfig& config_;
  const std::string transport_;
  std::unique_ptr<WeightReceiver> receiver_;
  ReadyStore& ready_;
  std::uint32_t keep_versions_;
  std::vector<std::string> generators_;
  ActorRef reporter_;
  std::map<std::string, Duration> patience_;  // with each generator
};

class WeightBroadcaster final : public Actor {
 public:
  WeightBroadcaster(std::vector<ActorRef> receivers, ActorRef reporter);

  bool has_work() const override { return due_; }

  Task<void> work() override;

 private:
  void publish(Publish request);
  void tick(Tick tick);
  Task<bool> offer_to(ActorRef receiver, Publish version);

  std::vector<ActorRef> receivers_;
  ActorRef reporter_;
  std::optional<Publish> newest_;             // that was announced
  bool due_ = false;                          // it is to be offered now
  bool everywhere_ = false;                   // it has reached every receiver
  std::map<std::string, Duration> patience_;  // with each receiver
};

}  // namespace tramontane
