#pragma once
// Task<T> is a coroutine that gives a T. It starts when it is awaited, and runs on the strand
// of the coroutine that awaits it, so everything one actor does happens in one order.
//
//   Task<int> count(ActorRef ledger) {
//     auto tasks = co_await ask(ledger, request, 5s, "tasks to count");
//     co_return tasks.value().size();
//   }
//
// Destroying an Task destroys its frame, and with it whatever it was waiting for: that is how
// a killed actor ends. Parameters are taken by value, or refer to members of the object that
// awaits. Tramontane's coroutines are its own instead of Asio's so that actor headers need no Asio
// (seconds of compile time a file), an ask costs no type-erased handler, and the frames of a dead
// actor can be dropped at once. Resumption goes through a trampoline rather than by symmetric
// transfer, which GCC turns into unbounded recursion where it cannot make a tail call (sanitizers).

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace tramontane {

class Strand;

// Resumes coroutines one after another, never one from inside another.
class Trampoline {
 public:
  // The coroutine that has just suspended hands over to `next`.
  void then(std::coroutine_handle<> next) noexcept { next_ = next; }

 protected:
  // Runs `first` and all it hands over to, until one suspends without naming a next.
  void bounce(std::coroutine_handle<> first) {
    next_ = first;
    while (next_) std::exchange(next_, {}).resume();
  }

 private:
  std::coroutine_handle<> next_;
};

namespace detail {

void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;

class PromiseBase {
 public:
  Strand* strand = nullptr;
  Trampoline* trampoline = nullptr;
  std::coroutine_handle<> parent;  // resumed at the end; none for a root
  std::exception_ptr error;

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct AtEnd {
    bool await_ready() noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) noexcept {
      auto& promise = self.promise();
      if (promise.parent) promise.trampoline->then(promise.parent);
    }

    void await_resume() noexcept {}
  };

  AtEnd final_suspend() noexcept { return {}; }

  void unhandled_exception() noexcept { error = std::current_exception(); }

  // Coroutine frames come and go with every message: a free list per thread keeps them cheap.
  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }

  static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }
};

}  // namespace detail

namespace detail {

// A promise with room for what its coroutine returns.
template <class T>
class ValuePromise : public PromiseBase {
 public:
  template <class U>
  void return_value(U&& result) {
    value_.emplace(std::forward<U>(result));
  }

  T take() {
    if (error) std::rethrow_exception(std::move(error));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class ValuePromise<void> : public PromiseBase {
 public:
  void return_void() noexcept {}

  void take() {
    if (error) std::rethrow_exception(std::move(error));
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::ValuePromise<T> {
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}

  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }

  ~Task() {
    if (frame_) frame_.destroy();
  }

  // Gives up the frame; the caller destroys it.
  Handle release() noexcept { return std::exchange(frame_, {}); }

  struct Awaiter {
    Handle child;

    bool await_ready() noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      auto& promise = child.promise();
      promise.strand = parent.promise().strand;
      promise.trampoline = parent.promise().trampoline;
      promise.parent = parent;
      promise.trampoline->then(child);
    }

    T await_resume() { return child.promise().take(); }
  };

  Awaiter operator co_await() && noexcept { return {frame_}; }

 private:
  explicit Task(Handle frame) : frame_(frame) {}

  Handle frame_;
};

}  // namespace tramontane
