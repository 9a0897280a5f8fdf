#pragma once
// An ActorGroup shares work out among actors that can all do it.
//
//   ActorGroup judges(refs, ActorGroup::Turn::least_loaded);     // a member of the actor that asks
//   Answer<Verdict> verdict = co_await judges.ask(request, 10s, "a verdict");
//
// Each call goes to one of them. One that has stopped for good is left out from then on, and the
// call that found it so is put to the next: it was not done. Any other failure is the caller's.
//
// Thread rule: one strand, that of the actor which owns it; it outlives the calls made through it.

#include "runtime/actor/actor_ref.h"
#include "runtime/base/async.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class ActorGroup {
 public:
  enum class Turn : std::uint8_t {
    round_robin,   // one after another
    least_loaded,  // whoever has the fewest calls of this group open; among equals, in turn
  };

  explicit ActorGroup(std::vector<ActorRef> members, Turn turn = Turn::round_robin) : turn_(turn) {
    for (ActorRef& member : members) members_.push_back({std::move(member)});
  }

  ActorGroup(const ActorGroup&) = delete;
  ActorGroup& operator=(const ActorGroup&) = delete;

  // Members that are not known to have stopped for good.
  std::size_t size() const {
    std::size_t count = 0;
    for (const Member& member : members_) count += member.gone ? 0 : 1;
    return count;
  }

  // As ask(), of whose turn it is. Each try may take `timeout`. Errc::closed once none is left.
  template <class M>
  Task<Answer<ReplyOf<M>>> ask(M message, Duration timeout, std::string reason = {}) {
    while (Member* member = choose()) {
      Open open(*member);
      M copy = message;
      auto answer = co_await tramontane::ask(member->actor, give(copy), timeout, reason);
      if (answer || answer.error().code != Errc::closed) co_return answer;
      member->gone = true;
    }
    co_return Failure{Errc::closed, "every actor of the group has stopped"};
  }

  // As send(), likewise.
  template <class M>
  Task<Answer<void>> send(M message, Duration timeout, std::string reason = {}) {
    while (Member* member = choose()) {
      Open open(*member);
      M copy = message;
      auto sent = co_await tramontane::send(member->actor, give(copy), timeout, reason);
      if (sent || sent.error().code != Errc::closed) co_return sent;
      member->gone = true;
    }
    co_return Failure{Errc::closed, "every actor of the group has stopped"};
  }

 private:
  struct Member {
    ActorRef actor;
    std::size_t open = 0;  // calls
    bool gone = false;
  };

  // Counts a call for as long as it lasts, also where its coroutine is dropped.
  struct Open {
    explicit Open(Member& m) : member(m) { ++member.open; }

    ~Open() { --member.open; }

    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

    Member& member;
  };

  // Null if none is left.
  Member* choose() {
    Member* best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      std::size_t at = (next_ + i) % members_.size();
      Member& member = members_[at];
      if (member.gone || (best != nullptr && member.open >= best->open)) continue;
      best = &member;
      place = at;
      if (turn_ == Turn::round_robin) break;
    }
    if (best != nullptr) next_ = place + 1;
    return best;
  }

  const Turn turn_;
  std::vector<Member> members_;  // never changes its size
  std::size_t next_ = 0;
};

}  // namespace tramontane
