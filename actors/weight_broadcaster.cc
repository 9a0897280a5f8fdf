#include "actors/weight_broadcaster.h"

#include "actors/message_codecs.h"
#include "runtime/base/check.h"
#include "runtime/system.h"

#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdio>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration offer_deadline = 60s;
constexpr Duration swap_deadline = 30s;

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

WeightReceiverActor::WeightReceiverActor(const ModelConfig& config, WeightLink link,
    ReadyStore& ready, std::uint32_t keep_versions, std::vector<std::string> generators,
    ActorRef reporter)
    : config_(config),
      link_(std::move(link)),
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
    auto arena = link_.receiver->fetch(request.version, request.fingerprint);
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

awaitable<Answer<OfferResult>> WeightReceiverActor::offer(Offer request) {
  auto begin = std::chrono::steady_clock::now();
  RunEvent event = swap_event(request, link_.name);
  auto weights = receive(request, event);
  if (!weights) co_return weights.error();
  event["publish_us"] = micros_since(begin);
  OfferResult result;
  for (const auto& generator : generators_) {
    ActorRef ref = system().find(generator).value();
    event["generator"] = generator;
    Swap swap{request.version, request.fingerprint};
    auto swapped = co_await ask(ref, swap, swap_deadline, "a token boundary");
    if (swapped) {
      ++result.generators;
      event["event"] = "swap";
      event["stall_us"] = swapped->stall_ns / 1000.0;
      event["sequences_in_flight"] = swapped->sequences_in_flight;
    } else {
      if (!result.problem.empty()) result.problem += "; ";
      result.problem += generator + ": " + swapped.error().text;
      event["event"] = "swap_failed";
      event["reason"] = swapped.error().text;
    }
    static_cast<void>(try_send(reporter_, Report{boost::json::serialize(event)}));
  }
  note("version", std::to_string(request.version));
  co_return result;
}

WeightBroadcaster::WeightBroadcaster(std::vector<ActorRef> receivers, ActorRef reporter)
    : receivers_(std::move(receivers)), reporter_(std::move(reporter)) {
  handle(&WeightBroadcaster::publish);
}

void WeightBroadcaster::publish(Publish request) {
  if (!pending_ || pending_->version < request.version) pending_ = request;
}

awaitable<void> WeightBroadcaster::work() {
  Publish version = *pending_;
  pending_.reset();
  for (const auto& receiver : receivers_) {
    Offer offer{version.version, version.fingerprint};
    auto result = co_await ask(receiver, offer, offer_deadline, "a receiver to take the weights");
    std::string problem = result ? result->problem : result.error().text;
    if (problem.empty()) continue;
    log(Level::warning, str("version ", version.version, " did not reach all: ", problem));
    if (result) continue;  // the receiver has reported each generator
    RunEvent event = failed_event(receiver.name(), version.version, problem);
    static_cast<void>(try_send(reporter_, Report{boost::json::serialize(event)}));
  }
  note("version", std::to_string(version.version));
}

}  // namespace tramontane
