#include "runtime/link/credit.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

// Targets that hold nothing are forgotten beyond so many: actors come and go, ids never return.
constexpr std::size_t targets_kept = 1024;

}  // namespace

void Credit::set_window(MailboxLimits window) {
  window_ = {.messages = std::max(window.messages, 1U), .bytes = window.bytes};
}

bool Credit::take(ActorId target, std::size_t bytes, Kind kind) {
  Used& used = targets_[target];
  bool fits = used.messages < window_.messages && used.bytes + bytes <= window_.bytes;
  if (!fits && used.messages > 0) {
    used.wanted = true;
    return false;
  }
  used.messages += 1;
  used.bytes += bytes;
  if (kind == one_way) used.one_way.push_back(bytes);
  return true;
}

bool Credit::freed(Targets::iterator target) {
  bool wanted = std::exchange(target->second.wanted, false);
  if (target->second.messages == 0 && targets_.size() > targets_kept) targets_.erase(target);
  return wanted;
}

bool Credit::give_back(ActorId target, std::size_t bytes) {
  auto found = targets_.find(target);
  TRAM_CHECK(found != targets_.end(), "credit of nobody", target);
  found->second.messages -= 1;
  found->second.bytes -= bytes;
  return freed(found);
}

std::optional<bool> Credit::give_back_one_way(ActorId target, std::uint32_t messages) {
  auto found = targets_.find(target);
  if (found == targets_.end() || found->second.one_way.size() < messages) return std::nullopt;
  Used& used = found->second;
  for (std::uint32_t i = 0; i < messages; ++i) {
    used.bytes -= used.one_way.front();
    used.one_way.pop_front();
  }
  used.messages -= messages;
  return freed(found);
}

bool Credit::take_back_one_way(ActorId target, std::size_t bytes) {
  auto found = targets_.find(target);
  TRAM_CHECK(found != targets_.end(), "credit of nobody", target);
  std::deque<std::size_t>& sizes = found->second.one_way;
  auto last = std::find(sizes.rbegin(), sizes.rend(), bytes);
  TRAM_CHECK(last != sizes.rend(), "credit of no message", target, bytes);
  sizes.erase(std::next(last).base());
  return give_back(target, bytes);
}

}  // namespace tramontane
