#pragma once
// The weight broadcaster moves each new version of the weights to every generator; the weight
// receiver is its counterpart in a generator's process.
//
//   trainer ─Publish▶ WeightBroadcaster ─Offer▶ WeightReceiver ─Swap▶ Generator
//                            ◀──Join, OfferResult──┘
//
// The receiver fetches the arena through the transport, checks its fingerprint, packs it for the
// kernels, all off the decoding thread, and only then has the generators flip. A transfer that
// fails or comes late leaves them serving the version before, is reported by name, and is tried
// again until it succeeds or is overtaken. A version that is overtaken while it waits is skipped:
// the newest counts.
//
// Receivers have nothing to do with each other: each is offered the newest version as soon as it is
// done with, or has failed, the one before. The broadcaster never waits for one, and holds no
// version but the newest, so that weights go when nobody uses them.

#include "actors/messages/messages.h"
#include "actors/messages/run_event.h"
#include "actors/model/model_config.h"
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "runtime/actor/actor.h"
#include "runtime/actor/watch.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class WeightReceiverActor final : public Actor {
 public:
  // All references outlive the actor. `keep_versions`: how many of the newest stay ready, on the
  // device of its generators. With a `broadcaster` it joins by itself, as often as either of them
  // starts; else the broadcaster was told of it.
  WeightReceiverActor(const ModelConfig& config, const WeightLink& link, ReadyStore& ready,
      std::uint32_t keep_versions, std::vector<std::string> generators, ActorRef reporter,
      ActorRef broadcaster = {}, std::shared_ptr<const Device> device = cpu_device());

  Task<void> start() override;

 private:
  Task<void> offer(Offer request);
  void exited(ActorExited exit);
  void tick(Tick tick);
  void join();
  Answer<std::shared_ptr<const ReadyWeights>> receive(const Offer& request, RunEvent& event);
  Task<OfferResult> take(Offer request);
  Task<Answer<SwapResult>> swap_one(std::string generator, Offer request);

  const ModelConfig& config_;
  const std::string transport_;
  std::unique_ptr<WeightReceiver> receiver_;
  ReadyStore& ready_;
  std::uint32_t keep_versions_;
  std::vector<std::string> generators_;
  ActorRef reporter_;
  ActorRef broadcaster_;
  std::shared_ptr<const Device> device_;
  Timer join_again_ = 0;                      // 0: it knows of us
  std::map<std::string, Duration> patience_;  // with each generator
};

class WeightBroadcaster final : public Actor {
 public:
  // `receivers` need not join.
  WeightBroadcaster(std::vector<ActorRef> receivers, ActorRef reporter);

  Task<void> start() override;
  std::string holding() const override;

 private:
  // What is known of one that is offered weights.
  struct Receiver {
    ActorRef ref;
    bool busy = false;     // it was made an offer, of `offered`, and has not answered
    bool reached = false;  // it took what it was offered last
    std::string failing;   // why not, as it was told last
    Version offered = 0;
    Fingerprint fingerprint = 0;
    Time since{};
    Duration patience;  // with an offer
  };

  void publish(Publish request);
  void join(Join request);
  void result(OfferResult result);
  void exited(ActorExited exit);
  void tick(Tick tick);

  void add(const ActorRef& ref);
  bool lacks_newest(const Receiver& receiver) const;
  void offer(Receiver& receiver);
  void failed(Receiver& receiver, const std::string& why);
  void report(const Receiver& receiver, const std::string& why);
  void look_again();

  std::vector<ActorRef> told_;  // in the beginning
  std::map<ActorId, Receiver> receivers_;
  ActorRef reporter_;
  std::optional<Publish> newest_;  // that was announced
  Timer again_ = 0;                // when those that lack it are looked at; 0: none does
};

}  // namespace tramontane
