// The weight receiver: fetches, verifies and packs what is offered, and has its generators flip.
#include "actors/messages/codecs.h"
#include "actors/weights/broadcaster.h"
#include "runtime/actor/system.h"
#include "runtime/base/all.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Short at first, as a stop waits for it; a generator that was late has longer the next time.
constexpr Duration swap_patience = 4s;
constexpr Duration patience_max = std::chrono::minutes(30);
constexpr Duration join_every = 2s;

std::int64_t micros_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin)
      .count();
}

std::string hex(Fingerprint fingerprint) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(fingerprint));
  return text;
}

RunEvent swap_event(const Offer& offer, const std::string& transport) {
  return {{"event", "swap"}, {"version", offer.version}, {"fingerprint", hex(offer.fingerprint)},
      {"transport", transport}, {"verify_us", 0}, {"prepare_us", 0}};
}

}  // namespace

WeightReceiverActor::WeightReceiverActor(const ModelConfig& config, const WeightLink& link,
    ReadyStore& ready, std::uint32_t keep_versions, std::vector<std::string> generators,
    ActorRef reporter, ActorRef broadcaster, std::shared_ptr<const Device> device)
    : config_(config),
      transport_(link.name),
      receiver_(link.receiver(std::make_shared<const Manifest>(serving_manifest(config)))),
      ready_(ready),
      keep_versions_(keep_versions),
      generators_(std::move(generators)),
      reporter_(std::move(reporter)),
      broadcaster_(std::move(broadcaster)),
      device_(std::move(device)) {
  handle(&WeightReceiverActor::offer);
  handle(&WeightReceiverActor::exited);
  handle(&WeightReceiverActor::tick);
}

Task<void> WeightReceiverActor::start() {
  if (!broadcaster_) co_return;
  watch(broadcaster_);
  join();
}

// Until an offer comes: a message may be lost, and the broadcaster may not run yet.
void WeightReceiverActor::join() {
  static_cast<void>(try_send(broadcaster_, Join{}));
  join_again_ = after(join_every, Tick{});
}

void WeightReceiverActor::tick(Tick) {
  if (join_again_ != 0) join();
}

void WeightReceiverActor::exited(ActorExited) {
  if (join_again_ == 0) join();  // its next life knows nobody
}

// Fetches, verifies and packs one version.
Answer<std::shared_ptr<const ReadyWeights>> WeightReceiverActor::receive(
    const Offer& request, RunEvent& event) {
  if (auto there = ready_.get(request.version);
      there && there->fingerprint() == request.fingerprint)
    return there;
  try {
    auto begin = std::chrono::steady_clock::now();
    auto arena = receiver_->fetch(request.version, request.fingerprint, request.weights);
    event["verify_us"] = micros_since(begin);
    begin = std::chrono::steady_clock::now();
    auto weights = device_->prepare(config_, std::move(arena));
    event["prepare_us"] = micros_since(begin);
    ready_.put(weights);
    if (request.version >= keep_versions_) ready_.keep_from(request.version - keep_versions_ + 1);
    return weights;
  } catch (const Error& e) {
    return Failure{e.errc(), e.text()};
  }
}

Task<Answer<SwapResult>> WeightReceiverActor::swap_one(std::string generator, Offer request) {
  auto ref = system().find(generator);
  if (!ref) co_return Failure{Errc::closed, "it has stopped for good"};
  Swap swap{request.version, request.fingerprint};
  Duration& patience = patience_.try_emplace(generator, swap_patience).first->second;
  auto swapped = co_await ask(*ref, swap, patience, "a token boundary");
  if (!swapped && swapped.error().code == Errc::timeout)
    patience = std::min(4 * patience, patience_max);
  co_return swapped;
}

Task<OfferResult> WeightReceiverActor::take(Offer request) {
  auto begin = std::chrono::steady_clock::now();
  RunEvent event = swap_event(request, transport_);
  OfferResult result{.version = request.version};
  auto weights = receive(request, event);
  if (!weights) {
    result.problem = weights.error().text;
    co_return result;
  }
  result.received = true;
  event["publish_us"] = micros_since(begin);
  // All at once: one that is slow or dead keeps no other waiting.
  std::vector<Task<Answer<SwapResult>>> parts;
  for (const auto& generator : generators_) parts.push_back(swap_one(generator, request));
  auto swaps = co_await all(std::move(parts));
  for (std::size_t i = 0; i < generators_.size(); ++i) {
    const auto& swapped = swaps[i];
    event["generator"] = generators_[i];
    if (swapped) {
      ++result.generators;
      if (!swapped->flipped) continue;  // it was there already: an offer made again
      event["event"] = "swap";
      event["stall_us"] = swapped->stall_ns / 1000.0;
      event["sequences_in_flight"] = swapped->sequences_in_flight;
      event.erase("reason");
    } else {
      if (!result.problem.empty()) result.problem += "; ";
      result.problem += generators_[i] + ": " + swapped.error().text;
      event["event"] = "swap_failed";
      event["reason"] = swapped.error().text;
    }
    static_cast<void>(try_send(reporter_, Report{json_text(event)}));
  }
  note("version", std::to_string(request.version));
  co_return result;
}

// An answer that is lost is made up for: the version is offered again, and is there already.
Task<void> WeightReceiverActor::offer(Offer request) {
  ActorRef from = sender();
  if (join_again_ != 0) cancel(std::exchange(join_again_, 0));
  auto result = co_await take(std::move(request));
  if (from) static_cast<void>(try_send(from, std::move(result)));
}

}  // namespace tramontane
