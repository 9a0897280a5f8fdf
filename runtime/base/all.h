#pragma once
// all() runs several coroutines at once on the strand that awaits it, and gives their results in
// the order of the parts.
//
//   std::vector<Task<Answer<Loaded>>> parts;
//   for (const ActorRef& g : generators) parts.push_back(swap_one(g, version));
//   auto answers = co_await all(std::move(parts));
//
// "At once" means that their waits overlap; only one of them runs at any moment. If parts throw,
// the others still run to their end, and the first exception is thrown then.

#include "runtime/base/async.h"
#include "runtime/base/parts_wait.h"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tramontane {
namespace detail {

// Over when all parts have ended.
class AllWait final : public PartsWait {
 public:
  using PartsWait::PartsWait;

  void part_ended() {
    if (count_down() == 0) wake();
  }
};

template <class T>
Task<void> run_part(Task<T> part, std::optional<T>& value, AllWait& wait) {
  try {
    value.emplace(co_await std::move(part));
  } catch (...) {
    if (!wait.error) wait.error = std::current_exception();
  }
  wait.part_ended();
}

}  // namespace detail

template <class T>
Task<std::vector<T>> all(std::vector<Task<T>> parts) {
  std::vector<std::optional<T>> values(parts.size());
  detail::AllWait wait(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    wait.running.push_back(detail::run_part(std::move(parts[i]), values[i], wait).release());
  }
  co_await wait;
  if (wait.error) std::rethrow_exception(wait.error);
  std::vector<T> results;
  results.reserve(values.size());
  for (auto& value : values) results.push_back(std::move(*value));
  co_return results;
}

}  // namespace tramontane
