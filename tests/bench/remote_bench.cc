// Asks between two processes over a Unix socket, beside a bare Asio ping-pong of equal bytes; with
// --tcp over TCP on the loopback, and beside it within TLS.
//
//   build/release/tests/bench/remote_bench [--json] [--tcp]
//
// Each contender's other half is a process of its own, forked before any thread is started. The
// contenders take turns in short windows, and the best window of each counts: other work on the
// machine only ever makes a window worse.
//
// ask         one caller, one callee: ask, wait for the reply, ask again; median, 99th of a hundred
// pipelined   the same, with 32 asks under way at once

#include "runtime/actor/system.h"
#include "runtime/base/log.h"
#include "runtime/link/frames.h"
#include "runtime/link/remote_actors.h"
#include "runtime/link/socket_link.h"
#include "runtime/link/tcp_socket.h"
#include "tests/runtime/messages.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

using Steps = std::chrono::steady_clock;
using boost::system::error_code;
using Stream = boost::asio::generic::stream_protocol::socket;

constexpr int samples = 5'000;
constexpr int windows = 12;
constexpr int under_way = 32;
bool over_tcp = false;  // --tcp
constexpr ActorId adder_id = 1;
constexpr ActorId caller_id = 2;

struct Figures {
  double median_us = 0;
  double most_us = 0;  // 99 of 100 take no longer
  double per_second = 0;
};

double since_us(Steps::time_point begin) {
  return std::chrono::duration<double, std::micro>(Steps::now() - begin).count();
}

Figures figures_of(std::vector<double>& trips, double pipelined) {
  std::sort(trips.begin(), trips.end());
  return {trips[trips.size() / 2], trips[trips.size() * 99 / 100], pipelined};
}

void keep_best(Figures& best, const Figures& seen) {
  if (best.median_us == 0) best = seen;
  best.median_us = std::min(best.median_us, seen.median_us);
  best.most_us = std::min(best.most_us, seen.most_us);
  best.per_second = std::max(best.per_second, seen.per_second);
}

// How many bytes a call and its reply are on the wire.
std::size_t frame_bytes(bool reply) {
  Envelope envelope;
  envelope.source = caller_id;
  envelope.target = adder_id;
  envelope.deadline = Time(5s);
  envelope.is_reply = reply;
  envelope.body = reply ? Message(Number{1}) : Message(Add{1});
  return envelope_frame(envelope, 1, 0, Time()).size();
}

// ---- bare Asio ------------------------------------------------------------------------------

// Reads `in` bytes, writes `out`, and so on until the other end closes.
class Bare {
 public:
  Bare(Descriptor socket, std::size_t in, std::size_t out) : stream_(io_), in_(in), out_(out) {
    if (over_tcp) set_tcp_limits(socket.get());
    stream_.assign({over_tcp ? AF_INET : AF_UNIX, 0}, socket.release());
  }

  void serve() {
    read([this] { write([this] { serve(); }); });
  }

  void ping(int left) {
    auto begin = Steps::now();
    write([this, left, begin] {
      read([this, left, begin] {
        trips_.push_back(since_us(begin));
        if (left > 1) ping(left - 1);
      });
    });
  }

  std::vector<double> run_pings() {
    trips_.clear();
    ping(samples);
    io_.restart();
    io_.run();
    return trips_;
  }

  void run() { io_.run(); }

 private:
  template <class Next>
  void read(Next next) {
    boost::asio::async_read(
        stream_, boost::asio::buffer(in_), [next](const error_code& error, std::size_t) mutable {
          if (!error) next();
        });
  }

  template <class Next>
  void write(Next next) {
    boost::asio::async_write(
        stream_, boost::asio::buffer(out_), [next](const error_code& error, std::size_t) mutable {
          if (!error) next();
        });
  }

  boost::asio::io_context io_{1};
  Stream stream_;
  Bytes in_;
  Bytes out_;
  std::vector<double> trips_;
};

// ---- Tramontane -----------------------------------------------------------------------------

class Adder final : public Actor {
 public:
  Adder() { handle(&Adder::add); }

 private:
  Number add(Add add) { return {sum_ += add.value}; }

  std::int64_t sum_ = 0;
};

struct Measured {
  std::vector<double> trips;
  double pipelined = 0;
  std::atomic<bool> done = false;
};

struct Window {};

}  // namespace

template <>
struct tramontane::Codec<Window> : LocalCodec<Window> {};

namespace {

// Measures one window when told to.
class Caller final : public Actor {
 public:
  Caller(ActorRef adder, std::shared_ptr<Measured> measured)
      : adder_(std::move(adder)), measured_(std::move(measured)) {
    handle(&Caller::measure);
  }

 private:
  Task<void> measure(Window) {
    measured_->trips.clear();
    for (int i = 0; i < samples; ++i) {
      auto begin = Steps::now();
      auto sum = co_await ask(adder_, Add{1}, 5s, "the sum");
      sum.value();
      measured_->trips.push_back(since_us(begin));
    }
    auto begin = Steps::now();
    std::vector<Task<int>> parts;
    for (int i = 0; i < under_way; ++i) parts.push_back(ask_on(samples / under_way));
    co_await all(std::move(parts));
    measured_->pipelined = samples / under_way * under_way / since_us(begin) * 1e6;
    measured_->done = true;
  }

  Task<int> ask_on(int times) {
    for (int i = 0; i < times; ++i) {
      auto sum = co_await ask(adder_, Add{1}, 5s, "the sum");
      sum.value();
    }
    co_return times;
  }

  ActorRef adder_;
  std::shared_ptr<Measured> measured_;
};

SystemOptions system_options(bool one_pool) {
  SystemOptions options{.pools = {{"main", 1}}};
  if (!one_pool) options.pools.push_back({"links", 1});
  return options;
}

// One process: its actors on a pool, and its link on the same or on another.
struct Half {
  Half(LinkSocket socket, ProcessId own, bool one_pool)
      : system(system_options(one_pool)), remote(std::make_shared<RemoteActors>(system, own)) {
    system.attach(remote);
    ProcessId peer = 3 - own;
    remote->on_session_end([this](ProcessId, const std::string&) { over = true; });
    if (own == 1) {
      adder = remote->add({.id = adder_id, .name = "adder", .process = peer, .incarnation = 1});
    } else {
      remote->add({.id = caller_id, .name = "caller", .process = peer, .incarnation = 1});
      system.spawn<Adder>({.name = "adder", .id = adder_id});
    }
    auto& pool = dynamic_cast<ThreadPool&>(system.pool(one_pool ? "main" : "links"));
    remote->connect(peer, "the other half", socket_link(pool, std::move(socket)),
        {.window = {.messages = 2 * under_way, .bytes = 1 << 20}});
  }

  System system;
  std::shared_ptr<RemoteActors> remote;
  ActorRef adder;
  std::atomic<bool> over = false;
};

class Ours {
 public:
  Ours(LinkSocket socket, bool one_pool) : half_(std::move(socket), 1, one_pool) {
    caller_ =
        half_.system.spawn<Caller>({.name = "caller", .id = caller_id}, half_.adder, measured_);
  }

  Figures window() {
    measured_->done = false;
    half_.system.send(caller_, Window{}, 5s).value();
    while (!measured_->done) std::this_thread::sleep_for(1ms);
    return figures_of(measured_->trips, measured_->pipelined);
  }

 private:
  std::shared_ptr<Measured> measured_ = std::make_shared<Measured>();
  Half half_;
  ActorRef caller_;
};

std::pair<Descriptor, Descriptor> connection() {
  if (!over_tcp) return socket_pair();
  TcpListener listener = listen_tcp({"127.0.0.1", 0});
  Descriptor here = connect_tcp(listener.bound, 5s).value();
  Descriptor there;
  while (!there) there = accept_tcp(listener.socket);
  return {std::move(here), std::move(there)};
}

// Runs `serve` in a process of its own, which ends when the socket does.
template <class Serve>
Descriptor other_process(Serve serve) {
  auto [here, there] = connection();
  pid_t child = ::fork();
  if (child < 0) throw Error(Errc::io, "fork");
  if (child == 0) {
    here.close();
    serve(std::move(there));
    ::_exit(0);
  }
  return std::move(here);
}

void show(const char* what, const Figures& figures, const Figures& bare) {
  std::printf("%-36s %8.1f us %5.2fx bare   p99 %8.1f us", what, figures.median_us,
      figures.median_us / bare.median_us, figures.most_us);
  if (figures.per_second > 0)
    std::printf("   %9.0f asks/s with %d under way", figures.per_second, under_way);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    json = json || std::strcmp(argv[i], "--json") == 0;
    over_tcp = over_tcp || std::strcmp(argv[i], "--tcp") == 0;
  }
  std::size_t call = frame_bytes(false);
  std::size_t reply = frame_bytes(true);
  Descriptor to_bare = other_process([&](Descriptor socket) {
    Bare echo(std::move(socket), call, reply);
    echo.serve();
    echo.run();
  });
  auto serve = [](bool one_pool, std::optional<LinkKey> key = {}) {
    return [one_pool, key](Descriptor socket) {
      Half half({std::move(socket), key}, 2, one_pool);
      while (!half.over) std::this_thread::sleep_for(10ms);
    };
  };
  Descriptor to_one = other_process(serve(true));
  Descriptor to_two = other_process(serve(false));
  Descriptor to_tls;
  if (over_tcp) to_tls = other_process(serve(true, LinkKey{LinkSide::accepted, {}}));
  Figures best_bare, best_one, best_two, best_tls;
  {
    Bare bare(std::move(to_bare), reply, call);
    Ours one(std::move(to_one), true);
    Ours two(std::move(to_two), false);
    std::optional<Ours> within_tls;
    if (over_tcp) within_tls.emplace(LinkSocket(std::move(to_tls), LinkKey{}), true);
    for (int i = 0; i < windows; ++i) {
      auto trips = bare.run_pings();
      keep_best(best_bare, figures_of(trips, 0));
      keep_best(best_one, one.window());
      keep_best(best_two, two.window());
      if (within_tls) keep_best(best_tls, within_tls->window());
    }
  }
  while (::wait(nullptr) > 0) {
  }
  if (json) {
    std::printf(
        "{\"bare_us\":%.2f,\"bare_p99_us\":%.2f,\"remote_ask_us\":%.2f,\"remote_ask_p99_us\":%.2f,"
        "\"remote_asks_per_second\":%.0f,\"two_pools_ask_us\":%.2f,\"call_bytes\":%zu,\"reply_"
        "bytes\":%zu}\n",
        best_bare.median_us, best_bare.most_us, best_one.median_us, best_one.most_us,
        best_one.per_second, best_two.median_us, call, reply);
    return 0;
  }
  std::printf("%zu bytes there, %zu back\n", call, reply);
  show("Asio, ping-pong of two processes", best_bare, best_bare);
  show("Tramontane, link on the actors' pool", best_one, best_bare);
  show("Tramontane, link on a pool of its own", best_two, best_bare);
  if (over_tcp) show("Tramontane, within TLS, one pool", best_tls, best_bare);
  return 0;
}
