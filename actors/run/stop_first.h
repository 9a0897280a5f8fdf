#pragma once
// A StopFirst ends a graph's actors, wherever they are, and then the system, before anything that
// they use goes: also where something is thrown after they were started.
//
//   Pipeline pipeline(system, …);
//   StopFirst actors([&] { pipeline.stop(20s); }, system, 20s);
//   …                                              // may throw
//   actors.stop();
//
// Thread rule: one thread, that is no actor's.

#include "runtime/actor/system.h"

#include <functional>
#include <utility>

namespace tramontane {

class StopFirst {
 public:
  // What is referred to outlives it.
  StopFirst(std::function<void()> stop_graph, System& system, Duration patience)
      : stop_graph_(std::move(stop_graph)), system_(system), patience_(patience) {}

  ~StopFirst() { stop(); }

  StopFirst(const StopFirst&) = delete;
  StopFirst& operator=(const StopFirst&) = delete;

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    stop_graph_();
    system_.stop(patience_);
  }

 private:
  const std::function<void()> stop_graph_;
  System& system_;
  const Duration patience_;
  bool stopped_ = false;
};

}  // namespace tramontane
