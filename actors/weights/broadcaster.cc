#include "actors/weights/broadcaster.h"

#include "actors/messages/codecs.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <chrono>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Short at first: an offer may be lost, and is made again. Whoever was late has longer the next
// time: a generator flips between two steps, and a step may take minutes.
constexpr Duration offer_patience = 8s;
constexpr Duration patience_max = std::chrono::minutes(30);
constexpr Duration retry_every = 1s;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

WeightBroadcaster::WeightBroadcaster(std::vector<ActorRef> receivers, ActorRef reporter)
    : told_(std::move(receivers)), reporter_(std::move(reporter)) {
  handle(&WeightBroadcaster::publish);
  handle(&WeightBroadcaster::join);
  handle(&WeightBroadcaster::result);
  handle(&WeightBroadcaster::exited);
  handle(&WeightBroadcaster::tick);
}

Task<void> WeightBroadcaster::start() {
  for (const auto& ref : told_) add(ref);
  co_return;
}

std::string WeightBroadcaster::holding() const {
  auto lack = std::count_if(receivers_.begin(), receivers_.end(),
      [this](const auto& entry) { return lacks_newest(entry.second); });
  return str(lack, " of ", receivers_.size(), " receivers without the newest version");
}

void WeightBroadcaster::add(const ActorRef& ref) {
  watch(ref);
  receivers_[ref.id()] = {.ref = ref, .patience = offer_patience};
}

void WeightBroadcaster::publish(Publish request) {
  if (newest_ && request.version < newest_->version) return;  // late, and overtaken
  newest_ = std::move(request);
  note("version", std::to_string(newest_->version));
  for (auto& [id, receiver] : receivers_)
    if (lacks_newest(receiver) && !receiver.busy) offer(receiver);
  look_again();
}

void WeightBroadcaster::join(Join) {
  ActorRef who = sender();
  if (!who) return;  // gone already
  if (!receivers_.contains(who.id())) add(who);
  // It has nothing, whatever an earlier life of it was offered.
  Receiver& receiver = receivers_.at(who.id());
  receiver.busy = receiver.reached = false;
  offer(receiver);
  look_again();
}

bool WeightBroadcaster::lacks_newest(const Receiver& receiver) const {
  return newest_ && (!receiver.reached || receiver.offered != newest_->version ||
                        receiver.fingerprint != newest_->fingerprint);
}

void WeightBroadcaster::offer(Receiver& receiver) {
  if (!newest_) return;
  receiver.offered = newest_->version;
  receiver.fingerprint = newest_->fingerprint;
  receiver.reached = false;
  receiver.since = now();
  Offer message{newest_->version, newest_->fingerprint, newest_->weights};
  auto sent = try_send(receiver.ref, std::move(message));
  receiver.busy = sent.has_value();
  if (!sent) failed(receiver, sent.error().text);
}

void WeightBroadcaster::result(OfferResult result) {
  auto found = receivers_.find(sender().id());
  if (found == receivers_.end()) return;
  Receiver& receiver = found->second;
  if (!receiver.busy || result.version != receiver.offered) return;  // of an earlier offer
  receiver.busy = false;
  receiver.reached = result.problem.empty();
  if (receiver.reached) receiver.failing.clear();
  if (!receiver.reached) {
    log(Level::warning, str("version ", result.version, " did not reach all: ", result.problem));
    // Otherwise the receiver has reported each generator.
    if (!result.received) report(receiver, result.problem);
  }
  bool overtaken =
      receiver.offered != newest_->version || receiver.fingerprint != newest_->fingerprint;
  if (overtaken) offer(receiver);
  look_again();
}

void WeightBroadcaster::exited(ActorExited exit) {
  auto found = receivers_.find(exit.actor);
  if (found == receivers_.end()) return;
  Receiver& receiver = found->second;
  if (receiver.busy) failed(receiver, str("it ended: ", exit.text));
  receiver.reached = false;
  if (!exit.restarts) receivers_.erase(found);  // another one will join
  look_again();
}

void WeightBroadcaster::failed(Receiver& receiver, const std::string& why) {
  receiver.busy = receiver.reached = false;
  bool told = std::exchange(receiver.failing, why) == why;  // of one that is away, once
  log(told ? Level::debug : Level::warning,
      str("version ", receiver.offered, " did not reach ", receiver.ref.name(), ": ", why));
  if (!told) report(receiver, why);
}

void WeightBroadcaster::report(const Receiver& receiver, const std::string& why) {
  RunEvent event{{"event", "swap_failed"}, {"generator", receiver.ref.name()},
      {"version", receiver.offered}, {"reason", why}};
  static_cast<void>(try_send(reporter_, Report{json_text(event)}));
}

void WeightBroadcaster::look_again() {
  if (again_ != 0) return;
  for (const auto& [id, receiver] : receivers_) {
    if (!lacks_newest(receiver)) continue;
    again_ = after(retry_every, Tick{});
    return;
  }
}

void WeightBroadcaster::tick(Tick) {
  again_ = 0;
  for (auto& [id, receiver] : receivers_) {
    if (!lacks_newest(receiver)) continue;
    if (receiver.busy && now() >= receiver.since + receiver.patience) {
      failed(receiver, str("it has not answered for ", seconds(receiver.patience), " s"));
      receiver.patience = std::min(4 * receiver.patience, patience_max);
    }
    if (!receiver.busy) offer(receiver);
  }
  look_again();
}

}  // namespace tramontane
