#include "runtime/actor/mailbox.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <utility>

namespace tramontane {

bool Mailbox::reserve(Envelope& envelope) {
  std::uint64_t used = used_.load(std::memory_order_seq_cst);
  do {
    if ((used >> byte_bits) >= limits_.messages) return false;
    if ((used & byte_mask) + envelope.size > limits_.bytes) return false;
  } while (!used_.compare_exchange_weak(
      used, used + (std::uint64_t{1} << byte_bits) + envelope.size, std::memory_order_seq_cst));
  envelope.charged = true;
  return true;
}

Mailbox::Admission Mailbox::admit(std::unique_ptr<Envelope>& envelope, bool may_park) {
  envelope->size = envelope->body.bytes();
  if (envelope->size > limits_.bytes) return Admission::oversized;
  bool alone = parked_count_.load(std::memory_order_seq_cst) == 0;
  if (alone && reserve(*envelope)) return Admission::admitted;
  if (!may_park) return Admission::full;
  std::lock_guard lock(mutex_);
  // Counting itself first makes sure that either this sees room, or release() sees the count.
  parked_count_.fetch_add(1, std::memory_order_seq_cst);
  if (parked_.empty() && reserve(*envelope)) {
    parked_count_.fetch_sub(1, std::memory_order_seq_cst);
    return Admission::admitted;
  }
  parked_.push_back(std::move(envelope));
  return Admission::parked;
}

std::vector<std::unique_ptr<Envelope>> Mailbox::release(Envelope& taken) {
  std::vector<std::unique_ptr<Envelope>> admitted;
  if (taken.charged) {
    taken.charged = false;
    used_.fetch_sub((std::uint64_t{1} << byte_bits) + taken.size, std::memory_order_seq_cst);
  }
  if (parked_count_.load(std::memory_order_seq_cst) == 0) return admitted;
  // Those who wait are let in a quarter of the box at a time, so that they and the actor take turns
  // in long strides instead of one message each.
  if (messages() > limits_.messages - limits_.messages / 4) return admitted;
  std::lock_guard lock(mutex_);
  while (!parked_.empty() && reserve(*parked_.front())) {
    admitted.push_back(std::move(parked_.front()));
    parked_.pop_front();
    parked_count_.fetch_sub(1, std::memory_order_seq_cst);
  }
  return admitted;
}

std::unique_ptr<Envelope> Mailbox::withdraw(const Inbox& sender, Ticket ticket) {
  if (parked_count_.load(std::memory_order_seq_cst) == 0) return nullptr;
  std::lock_guard lock(mutex_);
  auto mine = std::find_if(parked_.begin(), parked_.end(), [&](const auto& envelope) {
    return envelope->reply_to.get() == &sender && envelope->ticket == ticket;
  });
  if (mine == parked_.end()) return nullptr;
  std::unique_ptr<Envelope> envelope = std::move(*mine);
  parked_.erase(mine);
  parked_count_.fetch_sub(1, std::memory_order_seq_cst);
  return envelope;
}

std::vector<std::unique_ptr<Envelope>> Mailbox::withdraw_all() {
  std::lock_guard lock(mutex_);
  std::vector<std::unique_ptr<Envelope>> all(
      std::make_move_iterator(parked_.begin()), std::make_move_iterator(parked_.end()));
  parked_.clear();
  parked_count_.store(0, std::memory_order_seq_cst);
  return all;
}

}  // namespace tramontane
