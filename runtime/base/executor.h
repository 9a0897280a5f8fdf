#pragma once

// An Executor runs Runnables, each once per post, on threads of its choice. Everything that runs
// code in Tramontane (pools of threads, the simulation's single thread) is one.

namespace tramontane {

class Runnable {
 public:
  virtual void run() noexcept = 0;

 protected:
  ~Runnable() = default;
};

class Executor {
 public:
  virtual ~Executor() = default;

  // From any thread. The caller keeps `job` alive until it has run.
  virtual void post(Runnable& job) = 0;
};

}  // namespace tramontane
