// Local asks and floods, against a bare Asio strand and against CAF, in one process and one run.
//
//   build/release/tests/bench/ask_bench [--json]
//
// round trip   one caller, one callee: ask, wait for the reply, ask again
// flood        one sender, one receiver, one-way messages as fast as the mailbox takes them.
// Each with both sides on one thread, and on two. The contenders take turns in short windows, and
// the best window of each counts: other work on the machine only ever makes a window worse.

#include "runtime/actor/system.h"
#include "runtime/base/log.h"
#include "tests/runtime/messages.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

using Steps = std::chrono::steady_clock;

double since(Steps::time_point begin) {
  return std::chrono::duration<double>(Steps::now() - begin).count();
}

struct Figures {
  double round_trip_ns = 0;
  double flood_per_second = 0;
};

constexpr int batch = 5'000;
constexpr int flood_size = 50'000;
constexpr int windows = 5;
constexpr int rounds = 8;

double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

double most(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

// ---- a bare strand --------------------------------------------------------------------------

class StrandBench {
 public:
  explicit StrandBench(int threads)
      : work_(io_.get_executor()), one_(io_.get_executor()), two_(io_.get_executor()) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { io_.run(); });
  }

  ~StrandBench() {
    work_.reset();
    for (auto& thread : threads_) thread.join();
  }

  Figures run() {
    std::vector<double> trips;
    std::vector<double> floods;
    for (int w = 0; w < windows; ++w) {
      left_ = batch;
      done_ = false;
      auto begin = Steps::now();
      boost::asio::post(one_, [this] { ping(); });
      wait();
      trips.push_back(since(begin) / batch * 1e9);

      count_ = 0;
      done_ = false;
      begin = Steps::now();
      boost::asio::post(one_, [this] {
        for (int i = 0; i < flood_size; ++i) {
          boost::asio::post(two_, [this] {
            if (++count_ == flood_size) done_ = true;
          });
        }
      });
      wait();
      floods.push_back(flood_size / since(begin));
    }
    return {least(trips), most(floods)};
  }

 private:
  void ping() {
    boost::asio::post(two_, [this] { boost::asio::post(one_, [this] { pong(); }); });
  }

  void pong() {
    if (--left_ > 0) {
      ping();
    } else {
      done_ = true;
    }
  }

  void wait() {
    while (!done_) std::this_thread::sleep_for(100us);
  }

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::strand<boost::asio::io_context::executor_type> one_;
  boost::asio::strand<boost::asio::io_context::executor_type> two_;
  std::vector<std::thread> threads_;
  int left_ = 0;
  int count_ = 0;
  std::atomic<bool> done_ = false;
};

// ---- Tramontane -----------------------------------------------------------------------------

struct Measured {
  std::atomic<int> received = 0;
  std::vector<double> trips;
  std::vector<double> floods;
  std::atomic<bool> done = false;
};

class Adder final : public Actor {
 public:
  explicit Adder(std::shared_ptr<Measured> measured) : measured_(std::move(measured)) {
    handle(&Adder::add);
    handle(&Adder::note);
    handle(&Adder::linger);
  }

 private:
  Number add(Add add) { return {sum_ += add.value}; }

  Task<Number> linger(Linger linger) { co_return Number{sum_ += linger.value}; }

  void note(Note) { measured_->received.fetch_add(1, std::memory_order_relaxed); }

  std::shared_ptr<Measured> measured_;
  std::int64_t sum_ = 0;
};

template <class M>
class Caller final : public Actor {
 public:
  Caller(ActorRef adder, std::shared_ptr<Measured> measured)
      : adder_(std::move(adder)), measured_(std::move(measured)) {}

  Task<void> start() override {
    for (int w = 0; w < windows; ++w) {
      Steps::time_point begin = Steps::now();
      for (int i = 0; i < batch; ++i) {
        auto sum = co_await ask(adder_, M{1}, 5s, "the sum");
        sum.value();
      }
      measured_->trips.push_back(since(begin) / batch * 1e9);

      begin = Steps::now();
      for (int i = 0; i < flood_size; ++i) {
        auto sent = co_await send(adder_, Note{i}, 5s, "room");
        sent.value();
      }
      auto all = co_await ask(adder_, M{1}, 60s, "the flood to end");
      all.value();
      measured_->floods.push_back(flood_size / since(begin));
    }
    measured_->done = true;
  }

 private:
  ActorRef adder_;
  std::shared_ptr<Measured> measured_;
};

template <class M>
Figures tramontane_figures(int threads) {
  auto measured = std::make_shared<Measured>();
  std::vector<PoolOptions> pools = {{"main", 1}};
  if (threads == 2) pools.push_back({"other", 1});
  System system({.pools = pools});
  auto adder = system.spawn<Adder>(
      {.name = "adder", .pool = pools.back().name, .mailbox = {.messages = 4096}}, measured);
  system.spawn<Caller<M>>({.name = "caller"}, adder, measured);
  while (!measured->done) std::this_thread::sleep_for(1ms);
  system.stop(5s);
  return {least(measured->trips), most(measured->floods)};
}

// ---- CAF ------------------------------------------------------------------------------------

struct CafAdderState {
  std::int64_t sum = 0;
};

caf::behavior caf_adder(caf::stateful_actor<CafAdderState>* self, Measured* measured) {
  return {
      [self](std::int64_t value) { return self->state.sum += value; },
      [measured](std::int32_t) { measured->received.fetch_add(1, std::memory_order_relaxed); },
  };
}

struct CafCallerState {
  int left = 0;
  int window = 0;
  Steps::time_point begin;
};

using CafCaller = caf::stateful_actor<CafCallerState>;

void caf_ask(CafCaller* self, caf::actor adder, Measured* measured);

void caf_window(CafCaller* self, const caf::actor& adder, Measured* measured) {
  self->state.left = batch;
  self->state.begin = Steps::now();
  caf_ask(self, adder, measured);
}

void caf_ask(CafCaller* self, caf::actor adder, Measured* measured) {
  self->request(adder, 5s, std::int64_t{1}).then([=](std::int64_t) {
    if (--self->state.left > 0) return caf_ask(self, adder, measured);
    measured->trips.push_back(since(self->state.begin) / batch * 1e9);
    auto begin = Steps::now();
    for (int i = 0; i < flood_size; ++i) self->send(adder, std::int32_t{1});
    // Mail keeps its order: the reply to a last request says that the flood has been received.
    self->request(adder, 60s, std::int64_t{1}).then([=](std::int64_t) {
      measured->floods.push_back(flood_size / since(begin));
      if (++self->state.window < windows) return caf_window(self, adder, measured);
      measured->done = true;
      self->quit();
    });
  });
}

Figures caf_figures(std::size_t threads) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", threads);
  caf::actor_system system(config);
  Measured measured;
  auto adder = system.spawn(caf_adder, &measured);
  system.spawn([&measured, adder](CafCaller* self) { caf_window(self, adder, &measured); });
  while (!measured.done) std::this_thread::sleep_for(1ms);
  caf::anon_send_exit(adder, caf::exit_reason::user_shutdown);
  return {least(measured.trips), most(measured.floods)};
}

void keep_best(Figures& best, const Figures& seen) {
  if (best.round_trip_ns == 0) best = seen;
  best.round_trip_ns = std::min(best.round_trip_ns, seen.round_trip_ns);
  best.flood_per_second = std::max(best.flood_per_second, seen.flood_per_second);
}

void show(const char* what, const Figures& figures, const Figures& hop) {
  std::printf("%-34s %9.0f ns  %5.2fx hop   %8.2f M msg/s\n", what, figures.round_trip_ns,
      figures.round_trip_ns / hop.round_trip_ns, figures.flood_per_second / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  Figures hop_1, hop_2, plain_1, coroutine_1, plain_2, caf_1, caf;
  for (int round = 0; round < rounds; ++round) {
    keep_best(hop_1, StrandBench(1).run());
    keep_best(plain_1, tramontane_figures<Add>(1));
    keep_best(coroutine_1, tramontane_figures<Linger>(1));
    keep_best(caf_1, caf_figures(1));
    keep_best(hop_2, StrandBench(2).run());
    keep_best(plain_2, tramontane_figures<Add>(2));
    keep_best(caf, caf_figures(2));
  }
  if (json) {
    std::printf(
        "{\"hop_ns\":%.0f,\"ask_ns\":%.0f,\"ask_two_threads_ns\":%.0f,\"caf_ask_ns\":%.0f,"
        "\"caf_ask_two_threads_ns\":%.0f,"
        "\"hop_flood\":%.0f,\"flood\":%.0f,\"flood_two_threads\":%.0f,\"caf_flood\":%.0f}\n",
        hop_1.round_trip_ns, plain_1.round_trip_ns, plain_2.round_trip_ns, caf_1.round_trip_ns,
        caf.round_trip_ns, hop_1.flood_per_second, plain_1.flood_per_second,
        plain_2.flood_per_second, caf.flood_per_second);
    return 0;
  }
  std::printf("%-34s %12s  %9s   %14s\n", "", "round trip", "", "flood");
  show("Asio strand, 1 thread", hop_1, hop_1);
  show("Asio strand, 2 threads", hop_2, hop_1);
  show("Tramontane, 1 thread", plain_1, hop_1);
  show("Tramontane, coroutine handler", coroutine_1, hop_1);
  show("Tramontane, 2 pools of 1 thread", plain_2, hop_1);
  show("CAF, 1 thread", caf_1, hop_1);
  show("CAF, 2 threads", caf, hop_1);
  std::printf("ask against CAF: %.1fx faster on one thread, %.1fx on two\n",
      caf_1.round_trip_ns / plain_1.round_trip_ns, caf.round_trip_ns / plain_2.round_trip_ns);
  return 0;
}
