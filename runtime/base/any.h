#pragma once
// any() runs several coroutines at once on the strand that awaits it, as all() does (all.h), and
// gives the first result; the others are then dropped wherever they wait.
//
//   std::vector<Task<Answer<Page>>> parts;
//   for (const ActorRef& mirror : mirrors) parts.push_back(fetch(mirror, name));
//   Answer<Page> page = co_await any(std::move(parts));
//
// An Answer or Result that is a failure, and an exception, are not the first result while another
// part may still give one: where all fail, the last failure is the result, or else the first
// exception is thrown. What a dropped part has asked for may be done all the same.
//
// A dropped part's frame is destroyed, with everything it held. A job of its own (run_on) goes on
// to its end, so that it may refer to members of the actor, and to nothing in the frame.

#include "runtime/base/async.h"
#include "runtime/base/check.h"
#include "runtime/base/parts_wait.h"
#include "runtime/base/strand.h"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tramontane {
namespace detail {

// Over when a part has succeeded, or all have ended.
class AnyWait final : public PartsWait {
 public:
  using PartsWait::PartsWait;

  void part_ended(bool succeeded) {
    std::size_t left = count_down();
    if (over_ || (!succeeded && left > 0)) return;
    over_ = true;
    wake();
  }

  bool over() const { return over_; }

 private:
  bool over_ = false;
};

// Lets every coroutine go first that is to be resumed already: then none of the parts is among
// them, and their frames may be destroyed. True once that is so.
struct GoLast {
  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    Strand& strand = *self.promise().strand;
    last = strand.last_ready();
    if (!last) strand.start(self);
    return !last;
  }

  bool await_resume() const noexcept { return last; }

  bool last = false;
};

template <class T>
bool is_success(const T& value) {
  if constexpr (requires {
                  value.has_value();
                  value.error();
                })
    return value.has_value();
  else
    return true;
}

template <class T>
Task<void> run_any_part(Task<T> part, std::optional<T>& first, AnyWait& wait) {
  bool succeeded = false;
  try {
    T value = co_await std::move(part);
    succeeded = is_success(value);
    if (!wait.over()) first.emplace(std::move(value));
  } catch (...) {
    if (!wait.error) wait.error = std::current_exception();
  }
  wait.part_ended(succeeded);
}

}  // namespace detail

// There is at least one part.
template <class T>
Task<T> any(std::vector<Task<T>> parts) {
  TRAM_CHECK(!parts.empty(), "any() of nothing");
  std::optional<T> first;
  {
    detail::AnyWait wait(parts.size());
    for (auto& part : parts)
      wait.running.push_back(detail::run_any_part(std::move(part), first, wait).release());
    co_await wait;
    for (bool last = false; !last;) last = co_await detail::GoLast();
    if (!first) std::rethrow_exception(wait.error);
  }
  co_return std::move(*first);
}

}  // namespace tramontane
