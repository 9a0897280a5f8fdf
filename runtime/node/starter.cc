#include "runtime/node/starter.h"

#include "runtime/base/process_limits.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace tramontane {
namespace {

struct Request {
  const std::function<void()>& work;
  bool done = false;
};

struct Starter {
  pid_t process = ::getpid();  // whose thread it is: a fork has none of its parent's threads
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Request*> waiting;
};

[[noreturn]] void serve(Starter& starter) {
  ::prctl(PR_SET_NAME, "starter");
  std::unique_lock lock(starter.mutex);
  while (true) {
    starter.changed.wait(lock, [&] { return !starter.waiting.empty(); });
    Request* next = starter.waiting.front();
    starter.waiting.pop_front();
    lock.unlock();
    next->work();
    lock.lock();
    next->done = true;
    starter.changed.notify_all();
  }
}

// No signal of the process is handled on the starter.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

constinit std::mutex current_mutex;
constinit Starter* current = nullptr;  // kept by its thread, for as long as the process lives

Starter& starter() {
  std::lock_guard lock(current_mutex);
  if (current != nullptr && current->process == ::getpid()) return *current;
  auto fresh = std::make_shared<Starter>();
  SignalsBlocked blocked;
  start_thread("the thread that starts other programs", [fresh] { serve(*fresh); }).detach();
  current = fresh.get();
  return *current;
}

}  // namespace

void on_starter(const std::function<void()>& work) {
  Starter& thread = starter();
  Request request{work};
  std::unique_lock lock(thread.mutex);
  thread.waiting.push_back(&request);
  thread.changed.notify_all();
  thread.changed.wait(lock, [&] { return request.done; });
}

}  // namespace tramontane
