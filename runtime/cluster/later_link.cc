#include "runtime/cluster/later_link.h"

#include "runtime/base/check.h"

#include <utility>

namespace tramontane {

void LaterLink::Connection::attach(std::unique_ptr<Link> link) {
  std::lock_guard lock(mutex_);
  if (over_ || link_ != nullptr) return;  // the link that came ends with this
  link_ = std::move(link);
  link_->start(receiver_);
  receiver_.reset();
  for (Bytes& bytes : waiting_) link_->send(std::move(bytes), {});
  waiting_.clear();
}

void LaterLink::Connection::give_up(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (link_ == nullptr) finish_locked(why);
}

// From the clock's thread, as a receiver is called by nobody who sends.
void LaterLink::Connection::finish_locked(const std::string& why) {
  if (std::exchange(over_, true)) return;
  waiting_.clear();
  if (receiver_ == nullptr) return;
  clock_.call_at(clock_.now(), [receiver = std::move(receiver_), why] { receiver->ended(why); });
}

LaterLink::~LaterLink() {
  end("the link is not used any more");
}

void LaterLink::start(std::shared_ptr<Receiver> receiver) {
  std::lock_guard lock(connection_->mutex_);
  connection_->receiver_ = std::move(receiver);
}

bool LaterLink::carries_descriptors() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ != nullptr && connection_->link_->carries_descriptors();
}

void LaterLink::send(Bytes bytes, const std::vector<int>& descriptors) {
  std::lock_guard lock(connection_->mutex_);
  Connection& c = *connection_;
  if (c.link_ != nullptr) return c.link_->send(std::move(bytes), descriptors);
  TRAM_CHECK(descriptors.empty(), "descriptors before there is a connection");
  if (!c.over_) c.waiting_.push_back(std::move(bytes));
}

std::size_t LaterLink::unsent() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ == nullptr ? 0 : connection_->link_->unsent();
}

void LaterLink::end(const std::string& reason) {
  std::lock_guard lock(connection_->mutex_);
  if (connection_->link_ != nullptr) return connection_->link_->end(reason);
  connection_->finish_locked(reason);
}

std::string LaterLink::peer() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ == nullptr ? "nobody yet" : connection_->link_->peer();
}

}  // namespace tramontane
