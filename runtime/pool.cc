#include "runtime/pool.h"

#include "runtime/base/check.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>

namespace tramontane {

struct ThreadPool::Loop {
  explicit Loop(int threads) : context(threads), work(context.get_executor()) {}

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
};

ThreadPool::ThreadPool(PoolOptions options) : Pool(std::move(options)) {
  TRAM_CHECK(threads() > 0, "a pool needs a thread", name());
  loop_ = std::make_unique<Loop>(threads());
  for (int i = 0; i < threads(); ++i) {
    threads_.emplace_back([this] { loop_->context.run(); });
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
  boost::asio::post(loop_->context, [&job] { job.run(); });
}

boost::asio::io_context& ThreadPool::context() {
  return loop_->context;
}

}  // namespace tramontane
