#pragma once
// What a run does about its dashboard, if one was asked for: starts it, tells where it is, and ends
// it a moment after the run or, where that was asked for, when the user has seen enough. One that
// cannot be started, or dies, is an alarm and no more.
//
//   RunDashboard dashboard({.http = "127.0.0.1:0", .tell = tell});
//   dashboard.start(run_folder);
//   …
//   dashboard.add_to(summary);
//   dashboard.finish(interrupts);
//
// Thread rule: one thread.

#include "actors/messages/run_event.h"
#include "actors/run/dashboard_child.h"

#include <functional>
#include <optional>
#include <string>

namespace tramontane {

class InterruptWatch;

class RunDashboard {
 public:
  struct Options {
    std::string http;              // HOST:PORT; empty: none
    bool stay = false;             // after the run, until an interrupt
    bool trusted_network = false;  // in clear where others can reach it
    // An event for who watches the run: dashboard, alarm.
    std::function<void(const RunEvent&)> tell;
  };

  explicit RunDashboard(Options options) : options_(std::move(options)) {}

  void start(const std::string& run_folder);

  // "http": its address.
  void add_to(RunEvent& summary) const;

  void finish(InterruptWatch& interrupts);

 private:
  Options options_;
  std::optional<DashboardChild> child_;
};

}  // namespace tramontane
