#pragma once
// A Pool is a named set of threads. Actors live on one; blocking work hops to one:
//
//   auto rows = co_await run_on(pool("storage"), [&] { return store_.scan(from, to); });
//
// A pool of one thread is its actor's own: long compute in a handler harms nobody there.

#include "runtime/base/executor.h"
#include "runtime/base/strand.h"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace tramontane {

struct PoolOptions {
  std::string name = "main";
  int threads = 1;
};

class Pool : public Executor {
 public:
  explicit Pool(PoolOptions options) : options_(std::move(options)) {}

  const std::string& name() const { return options_.name; }

  int threads() const { return options_.threads; }

  // The end, in two steps over all pools, as what runs on one may still post to another: its
  // threads end once nothing is queued; then what was posted late runs on the caller's thread.
  virtual void join() {}

  virtual bool run_leftovers() { return false; }

  // Simulation: jobs run at once on the caller's thread, and take this much simulated time.
  virtual bool runs_inline() const { return false; }

  virtual Duration simulated_job_time() { return {}; }

  // Simulation: from now on turns of its actors take no time, those under way included: their
  // system comes to its end.
  virtual void end_turns() {}

 private:
  const PoolOptions options_;
};

// Threads that serve one Boost.Asio event loop.
class ThreadPool final : public Pool {
 public:
  explicit ThreadPool(PoolOptions options);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void post(Runnable& job) override;
  void join() override;
  bool run_leftovers() override;

  // For sockets and timers of the transports.
  boost::asio::io_context& context();

  // Sockets are read in context() from now on: its threads then wait for those first of all, and
  // asks between this pool and others of the process take a little longer.
  void serve_sockets();

  // While one lives, on a thread of context(), what that thread posts to a pool of one thread runs
  // when the outermost of them ends: the event loop would ask the system for events before. Not all
  // of it where there is no end to it, so that sockets have their turn.
  class Turn;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
  std::vector<std::thread> threads_;
};

class ThreadPool::Turn {
 public:
  explicit Turn(ThreadPool& pool);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  friend class ThreadPool;

  Loop* const loop_;
  Turn* const outer_;  // of this thread
};

namespace detail {

template <class R>
struct JobResult {
  std::optional<R> value;
  std::exception_ptr error;

  template <class F>
  void run(F& fn) {
    value.emplace(fn());
  }

  R take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct JobResult<void> {
  std::exception_ptr error;

  template <class F>
  void run(F& fn) {
    fn();
  }

  void take() {
    if (error) std::rethrow_exception(error);
  }
};

// Owns the function and its result, apart from the frame that waits. Goes to the pool as a
// Runnable and comes back to the strand as an Item.
template <class F>
class Job final : public Item, public Runnable {
 public:
  using R = std::invoke_result_t<F&>;

  explicit Job(F f) : Item(Kind::job), fn(std::move(f)) {}

  void compute() noexcept {
    try {
      result.run(fn);
    } catch (...) {
      result.error = std::current_exception();
    }
  }

  void run() noexcept override {
    compute();
    std::shared_ptr<Inbox> inbox = std::move(back);
    inbox->push(std::unique_ptr<Item>(this));
  }

  F fn;
  JobResult<R> result;
  std::shared_ptr<Inbox> back;
};

template <class F>
class JobWait final : public Wait {
 public:
  JobWait(Pool& pool, F fn, std::string_view reason)
      : Wait(WaitKind::job, reason), pool_(pool), job_(std::make_unique<Job<F>>(std::move(fn))) {
    target_ = pool.name();
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    Strand& strand = *self.promise().strand;
    if (pool_.runs_inline()) {
      job_->compute();
      Duration time = pool_.simulated_job_time();
      if (time <= Duration::zero()) return false;
      strand.begin(*this, self, after(strand.now(), time));
      return true;
    }
    job_->ticket = strand.begin(*this, self, forever);
    job_->back = strand.shared_from_this();
    strand.job_started();
    pool_.post(*job_.release());
    return true;
  }

  auto await_resume() { return job_->result.take(); }

 private:
  void on_wake(std::unique_ptr<Item> item) override {
    job_.reset(static_cast<Job<F>*>(item.release()));
  }

  void on_deadline() override {}  // only simulated time

  Pool& pool_;
  std::unique_ptr<Job<F>> job_;
};

}  // namespace detail

// Runs fn() on the pool; gives its result or throws its exception. A killed actor lives on until
// its jobs are done, so fn may refer to members of the actor.
template <class F>
[[nodiscard]] detail::JobWait<F> run_on(Pool& pool, F fn, std::string_view reason = {}) {
  return detail::JobWait<F>(pool, std::move(fn), reason);
}

}  // namespace tramontane
