#include "actors/weights/broadcaster.h"

#include "actors/messages/codecs.h"
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

// Short at first: what fails is tried again, and a stop waits for an offer to end. Whoever was late
// has longer the next time: a generator flips between two steps, and a step may take minutes.
constexpr Duration offer_patience = 8s;
constexpr Duration swap_patience = 4s;
constexpr Duration patience_max = std::chrono::minutes(30);
constexpr Duration retry_every = 1s;

template <class T>
void learn(Duration& patience, const Answer<T>& answer) {
  if (!answer && answer.error().code == Errc::timeout)
    patience = std::min(4 * patience, patience_max);
}

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

RunEvent failed_event(std::string_view receiver, Version version, const std::string& reason) {
  return {
      {"event", "swap_failed"}, {"generator", receiver}, {"version", version}, {"reason", reason}};
}

}  // namespace

WeightReceiverActor::WeightReceiverActor(const ModelConfig& config, const WeightLink& link,
    ReadyStore& ready, std::uint32_t keep_versions, std::vector<std::string> generators,
    ActorRef reporter)
    : config_(config),
      transport_(link.name),
      receiver_(link.receiver()),
      ready_(ready),
      keep_versions_(keep_versions),
      generators_(std::move(generators)),
      reporter_(std::move(reporter)) {
  handle(&WeightReceiverActor::offer);
}

// Fetches, verifies and packs one version.
Answer<std::shared_ptr<const ReadyWeights>> WeightReceiverActor::receive(
    const Offer& request, RunEvent& event) {
  if (auto there = ready_.get(request.version);
      there && there->fingerprint() == request.fingerprint)
    return there;
  try {
    auto begin = std::chrono::steady_clock::now();
    auto arena = receiver_->fetch(request.version, request.fingerprint);
    event["verify_us"] = micros_since(begin);
    begin = std::chrono::steady_clock::now();
    auto weights = ReadyWeights::prepare(config_, std::move(arena));
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
  learn(patience, swapped);
  co_return swapped;
}

Task<Answer<OfferResult>> WeightReceiverActor::offer(Offer request) {
  auto begin = std::chrono::steady_clock::now();
  RunEvent event = swap_event(request, transport_);
  auto weights = receive(request, event);
  if (!weights) co_return weights.error();
  event["publish_us"] = micros_since(begin);
  // All at once: one that is slow or dead keeps no other waiting.
  std::vector<Task<Answer<SwapResult>>> parts;
  for (const auto& generator : generators_) parts.push_back(swap_one(generator, request));
  auto swaps = co_await all(std::move(parts));
  OfferResult result;
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

WeightBroadcaster::WeightBroadcaster(std::vector<ActorRef> receivers, ActorRef reporter)
    : receivers_(std::move(receivers)), reporter_(std::move(reporter)) {
  handle(&WeightBroadcaster::publish);
  handle(&WeightBroadcaster::tick);
}

void WeightBroadcaster::publish(Publish request) {
  if (newest_ && request.version < newest_->version) return;  // late, and overtaken
  newest_ = request;
  due_ = true;
}

void WeightBroadcaster::tick(Tick) {
  due_ = due_ || !everywhere_;
}

Task<void> WeightBroadcaster::work() {
  Publish version = *newest_;
  due_ = false;
  everywhere_ = true;
  for (const auto& receiver : receivers_) {
    bool reached = co_await offer_to(receiver, version);
    everywhere_ = everywhere_ && reached;
  }
  if (!everywhere_) after(retry_every, Tick{});
  note("version", std::to_string(version.version));
}

Task<bool> WeightBroadcaster::offer_to(ActorRef receiver, Publish version) {
  Offer offer{version.version, version.fingerprint};
  Duration& patience =
      patience_.try_emplace(std::string(receiver.name()), offer_patience).first->second;
  auto result = co_await ask(receiver, offer, patience, "a receiver to take the weights");
  learn(patience, result);
  std::string problem = result ? result->problem : result.error().text;
  if (problem.empty()) co_return true;
  log(Level::warning, str("version ", version.version, " did not reach all: ", problem));
  if (!result) {  // otherwise the receiver has reported each generator
    RunEvent event = failed_event(receiver.name(), version.version, problem);
    static_cast<void>(try_send(reporter_, Report{json_text(event)}));
  }
  co_return false;
}

}  // namespace tramontane
