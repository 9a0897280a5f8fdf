#include "runtime/cluster/later_link.h"

#include "runtime/base/check.h"

#include <utility>

namespace tramontane {

void LaterLink::Connection::attach(std::unique_ptr<Link> link) {
  std::lock_guard lock(mutex_);
  if (over_ || link_ != nullptr) return;  // the link that came ends with this
  link_ = std::move(link);
  begin_locked();
}

// As soon as there are both a link and somebody who uses it.
void LaterLink::Connection::begin_locked() {
  if (link_ == nullptr || receiver_ == nullptr) return;
  begun_ = true;
  link_->start(std::exchange(receiver_, nullptr));
  for (Bytes& bytes : waiting_) link_->send(std::move(bytes), {});
  waiting_.clear();
}

void LaterLink::Connection::give_up(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (link_ == nullptr) finish_locked(why);
}

void LaterLink::Connection::finish_locked(const std::string& why) {
  if (over_) return;
  over_ = why;
  waiting_.clear();
  link_.reset();
  tell_locked();
}

// From the clock's thread, as a receiver is called by nobody who sends.
void LaterLink::Connection::tell_locked() {
  if (receiver_ == nullptr) return;
  clock_.call_at(clock_.now(),
      [receiver = std::exchange(receiver_, nullptr), why = *over_] { receiver->ended(why); });
}

LaterLink::~LaterLink() {
  end("the link is not used any more");
}

void LaterLink::start(std::shared_ptr<Receiver> receiver) {
  std::lock_guard lock(connection_->mutex_);
  connection_->receiver_ = std::move(receiver);
  if (connection_->over_) return connection_->tell_locked();
  connection_->begin_locked();
}

bool LaterLink::carries_descriptors() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ != nullptr && connection_->link_->carries_descriptors();
}

void LaterLink::send(Bytes bytes, const std::vector<int>& descriptors) {
  std::lock_guard lock(connection_->mutex_);
  Connection& c = *connection_;
  if (c.begun_) return c.link_->send(std::move(bytes), descriptors);
  TRAM_CHECK(descriptors.empty(), "descriptors before there is a connection");
  if (!c.over_) c.waiting_.push_back(std::move(bytes));
}

void LaterLink::send_part(Bytes bytes, const Blob& blob, ByteView part) {
  std::lock_guard lock(connection_->mutex_);
  TRAM_CHECK(connection_->begun_ || connection_->over_, "a blob before there is a connection");
  if (connection_->begun_) connection_->link_->send_part(std::move(bytes), blob, part);
}

std::size_t LaterLink::unsent() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ == nullptr ? 0 : connection_->link_->unsent();
}

void LaterLink::end(const std::string& reason) {
  std::lock_guard lock(connection_->mutex_);
  if (connection_->begun_) return connection_->link_->end(reason);
  connection_->finish_locked(reason);
}

std::string LaterLink::peer() const {
  std::lock_guard lock(connection_->mutex_);
  return connection_->link_ == nullptr ? "nobody yet" : connection_->link_->peer();
}

}  // namespace tramontane
