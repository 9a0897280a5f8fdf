#include "runtime/node/worker.h"

#include "runtime/base/log.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/shown_text.h"
#include "runtime/link/socket_link.h"
#include "runtime/node/handover.h"
#include "runtime/node/parent.h"
#include "runtime/node/worker_system.h"
#include "runtime/wire/blob.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <semaphore>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration failure_patience = 3s;
constexpr int failed_status = 70;

WorkerSetup read_setup() {
  Blob blob = Blob::from_descriptor(Descriptor(worker_setup));
  auto setup = decode_setup(blob.bytes());
  if (!setup) throw Error(Errc::bad_input, "a worker's setup that makes no sense");
  return std::move(*setup);
}

// Everything that it started is in its process group.
[[noreturn]] void end_with_children() {
  ::kill(0, SIGKILL);
  ::_exit(failed_status);
}

class Worker {
 public:
  Worker(WorkerSetup setup, const Kinds& kinds)
      : log_(clock_, {.terminal = Level::debug}),
        name_(setup.name),
        process_(setup.folder, setup.name),
        handover_(Descriptor(worker_handover)),
        worker_(
            std::move(setup), kinds, process_,
            [this](SystemOptions options) {
              options.clock = &clock_;
              options.log = &log_;
              return std::make_unique<System>(std::move(options));
            },
            [this] { decided_.release(); }, lines_) {
    log_.tap(Level::info, [lines = lines_](Level level, std::string_view who,
                              std::string_view line) { lines->add(level, who, line); });
  }

  int serve() {
    std::thread introductions = start_thread("the thread that meets others", [this] { meet(); });
    try {
      worker_.start();
    } catch (...) {
      stop_meeting();
      introductions.join();
      throw;
    }
    decided_.acquire();
    WorkerEnd end = *worker_.end();
    if (!end.records.empty()) tell(last_lines());
    for (const ExitRecord& record : end.records) tell(ActorEnded{record});
    bool failed = end.why == WorkerEnd::Why::failed;
    worker_.system().stop(failed ? failure_patience : end.patience);
    stop_meeting();
    introductions.join();
    worker_.disconnect("the worker has ended");
    return failed ? failed_status : 0;
  }

 private:
  void stop_meeting() {
    over_ = true;
    handover_.stop_taking();
  }

  // New sockets, until the end.
  void meet() {
    auto& pool = dynamic_cast<ThreadPool&>(worker_.system().pool("link"));
    while (!over_) {
      Handover::Given given;
      switch (handover_.take(60s, given)) {
        case Handover::Taken::nothing:
          continue;
        case Handover::Taken::peer_gone:
          if (over_) return;
          end_with_children();
        case Handover::Taken::something:
          break;
      }
      auto introduction = decode_introduction(given.introduction);
      if (introduction) worker_.meet(*introduction, socket_link(pool, std::move(given.socket)));
    }
  }

  // Before what comes of them.
  WorkerLines last_lines() {
    WorkerLines lines = lines_->take();
    lines.worker = name_;
    return lines;
  }

  template <class M>
  void tell(M message) {
    if (auto agent = worker_.system().find(worker_.setup().agent))
      std::ignore = worker_.system().ask(*agent, std::move(message), failure_patience);
  }

  RealClock clock_;
  const std::shared_ptr<LineRelay> lines_ = std::make_shared<LineRelay>();
  Log log_;
  const std::string name_;
  ProcessContext process_;
  Handover handover_;
  std::binary_semaphore decided_{0};
  std::atomic<bool> over_{false};
  WorkerSystem worker_;
};

}  // namespace

bool is_worker(int argc, char** argv) {
  return argc == 3 && std::strcmp(argv[1], worker_word) == 0;
}

int serve_worker(int, char**, const Kinds& kinds) {
  try {
    die_with_parent();
    // A worker's terminal is its agent's: Ctrl-C there is no word to it.
    std::signal(SIGPIPE, SIG_IGN);
    return Worker(read_setup(), kinds).serve();
  } catch (const std::exception& error) {
    print_error("tram", str("a worker cannot start: ", error.what()));
    return failed_status;
  }
}

}  // namespace tramontane
