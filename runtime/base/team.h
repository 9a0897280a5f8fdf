#pragma once
// A Team is a few threads that compute parts of one thing together, again and again: the caller's
// and those that the Team started. It is for work of microseconds, many times over, whose parts
// write nothing in common.
//
//   Team team(4);
//   team.each(rows, [&](std::int64_t row) { … });                // one after another, by whoever
//   is free team.split(n, 1024, [&](std::int64_t begin, std::int64_t end) { … });  // pieces, at
//   most one a thread
//
// Which thread computes what is not fixed: a result must not depend on it. A part that throws
// fails the call, when the others have ended; which of several exceptions is thrown is not fixed.
//
// Between calls the threads wait, after a moment of looking, in the kernel. A Team of one has no
// thread but the caller's, and costs a function call.
//
// Thread rule: one caller at a time. Parts do not call their own Team.

#include <cstdint>
#include <memory>

namespace tramontane {

class Team {
 public:
  // `threads`: the caller's included, at least 1.
  explicit Team(unsigned threads = 1);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned threads() const { return threads_; }

  // part(i) for i in [0, parts).
  template <class Part>
  void each(std::int64_t parts, const Part& part) {
    if (threads_ == 1 || parts <= 1) {
      for (std::int64_t i = 0; i < parts; ++i) part(i);
      return;
    }
    run(
        parts, [](const void* what, std::int64_t i) { (*static_cast<const Part*>(what))(i); },
        &part);
  }

  // part(begin, end) for pieces of [0, count) as even as they can be in multiples of `grain`: one
  // for each thread, or fewer.
  template <class Part>
  void split(std::int64_t count, std::int64_t grain, const Part& part) {
    std::int64_t grains = (count + grain - 1) / grain;
    std::int64_t pieces = grains < threads_ ? grains : threads_;
    each(pieces, [&](std::int64_t i) {
      std::int64_t begin = grains * i / pieces * grain;
      std::int64_t end = grains * (i + 1) / pieces * grain;
      part(begin, end < count ? end : count);
    });
  }

 private:
  using Call = void (*)(const void* what, std::int64_t part);

  void run(std::int64_t parts, Call call, const void* what);

  struct State;
  unsigned threads_;
  std::unique_ptr<State> state_;  // null: the caller's thread alone
};

}  // namespace tramontane
