#include "runtime/actor/pool.h"

#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <pthread.h>
#include <vector>

namespace tramontane {
namespace {

constexpr std::size_t own_most =
    16;  // runs of what a turn has posted, before sockets are looked at

thread_local constinit ThreadPool::Turn* this_turn = nullptr;

}  // namespace

struct ThreadPool::Loop {
  explicit Loop(ThreadPool& p) : pool(p), context(p.threads()), work(context.get_executor()) {}

  // A thread with nothing to do looks for a moment whether something comes before it sleeps: to be
  // woken takes several times as long as most messages take to be answered. Not where sockets are
  // read: what comes by them is seen by the system alone, and while this thread looked elsewhere,
  // it would neither see them nor, where cores are few, let the peer run.
  void run() {
    while (!context.stopped()) {
      if (sockets.load(std::memory_order_relaxed)) {
        context.run();
        continue;
      }
      std::uint64_t seen = posted.load(std::memory_order_acquire);
      if (context.poll() > 0) continue;
      int looks = 0;
      while (looks < looks_max && posted.load(std::memory_order_relaxed) == seen) {
        relax();
        ++looks;
      }
      if (looks == looks_max) context.run_one();
    }
  }

  void post(Runnable& job) {
    boost::asio::post(context, [this, &job] {
      Turn turn(pool);
      job.run();
    });
    posted.fetch_add(1, std::memory_order_release);
  }

  void run_own() {
    std::size_t next = 0;
    for (; next < own.size() && next < own_most; ++next) own[next]->run();
    for (; next < own.size(); ++next) post(*own[next]);
    own.clear();
  }

  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
  }

  ThreadPool& pool;
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::atomic<std::uint64_t> posted{0};
  std::atomic<bool> sockets{false};
  std::vector<Runnable*> own;  // posted by the turn that runs; only with one thread
  // Some 10 us. On one core whoever would post could not run meanwhile.
  const int looks_max = std::thread::hardware_concurrency() > 1 ? 250 : 0;
};

ThreadPool::Turn::Turn(ThreadPool& pool)
    : loop_(pool.threads() == 1 ? pool.loop_.get() : nullptr), outer_(this_turn) {
  this_turn = this;
}

ThreadPool::Turn::~Turn() {
  bool outermost = outer_ == nullptr || outer_->loop_ != loop_;
  if (outermost && loop_ != nullptr) loop_->run_own();
  this_turn = outer_;
}

ThreadPool::ThreadPool(PoolOptions options) : Pool(std::move(options)) {
  TRAM_CHECK(threads() > 0, "a pool needs a thread", name());
  loop_ = std::make_unique<Loop>(*this);
  for (int i = 0; i < threads(); ++i) {
    try {
      threads_.push_back(
          start_thread(str("thread ", i + 1, " of ", threads(), " of the pool '", name(), "'"),
              [this] { loop_->run(); }));
    } catch (...) {
      join();
      throw;
    }
    std::string shown = name().substr(0, 15);  // what Linux takes
    pthread_setname_np(threads_.back().native_handle(), shown.c_str());
  }
}

ThreadPool::~ThreadPool() {
  join();
}

void ThreadPool::join() {
  loop_->work.reset();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool ThreadPool::run_leftovers() {
  loop_->context.restart();
  return loop_->context.poll() > 0;
}

void ThreadPool::post(Runnable& job) {
  Turn* here = this_turn;
  if (here != nullptr && here->loop_ == loop_.get()) return loop_->own.push_back(&job);
  loop_->post(job);
}

void ThreadPool::serve_sockets() {
  loop_->sockets.store(true, std::memory_order_relaxed);
}

boost::asio::io_context& ThreadPool::context() {
  return loop_->context;
}

}  // namespace tramontane
