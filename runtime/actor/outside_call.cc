// Calls to actors from outside any actor: the calling thread blocks.

#include "runtime/actor/call_failures.h"
#include "runtime/actor/simulation.h"
#include "runtime/actor/system.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tramontane {
namespace {

// The inbox of a call from outside: somebody blocks on it.
class Outside final : public Inbox {
 public:
  void push(std::unique_ptr<Item> item) override {
    std::lock_guard lock(mutex_);
    if (answer_ == nullptr) answer_.reset(static_cast<Envelope*>(item.release()));
    arrived_.notify_all();
  }

  bool answered() const {
    std::lock_guard lock(mutex_);
    return answer_ != nullptr;
  }

  std::unique_ptr<Envelope> take() {
    std::lock_guard lock(mutex_);
    return std::move(answer_);
  }

  void wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::min<Duration>(timeout, std::chrono::hours(24 * 365)),
        [this] { return answer_ != nullptr; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::unique_ptr<Envelope> answer_;
};

}  // namespace

std::unique_ptr<Envelope> System::stamped(std::unique_ptr<Envelope> envelope) const {
  envelope->sent = clock().now();
  return envelope;
}

std::unique_ptr<Envelope> System::call(
    std::unique_ptr<Envelope> envelope, const ActorRef& to, Duration timeout, bool wants_reply) {
  if (!to) {
    envelope->failure = detail::to_nobody();
    return envelope;
  }
  auto outside = std::make_shared<Outside>();
  Time deadline = after(clock().now(), timeout);
  std::string type = envelope->body.name();
  envelope = stamped(std::move(envelope));
  envelope->deadline = wants_reply ? deadline : forever;
  envelope->ticket = 1;
  envelope->announces = !wants_reply;
  envelope->reply_to = outside;
  if (to.route()->deliver(envelope, true) == Route::Delivery::not_delivered) return envelope;
  if (simulation() != nullptr) {
    while (!outside->answered() && clock().now() < deadline && simulation()->step(deadline)) {
    }
  } else {
    outside->wait(timeout);
  }
  if (auto withdrawn = outside->answered() ? nullptr : to.route()->withdraw(*outside, 1)) {
    withdrawn->failure = detail::no_room(to, type);
    return withdrawn;
  }
  if (auto answer = outside->take()) return answer;
  auto late = std::make_unique<Envelope>();
  if (wants_reply) {
    to.route()->abandon(*outside, 1);
    late->failure = detail::no_reply(to, type);
  }
  return late;
}

}  // namespace tramontane
