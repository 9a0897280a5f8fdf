#pragma once
// The dashboard of a run that goes on: a process of its own, so that whatever becomes of it, or of
// those who watch, the run goes on.
//
//   DashboardChild dashboard(run_folder, "127.0.0.1:0");      // returns when it serves
//   show(dashboard.link());
//   …
//   dashboard.end();                  // after those who watch have seen the run's end
//
// It reads the run's files and nothing else of this process, and dies with it. Thread rule: one
// thread.

#include "runtime/node/child.h"

#include <string>

namespace tramontane {

// What makes this program a dashboard; then the run's directory and HOST:PORT.
inline constexpr const char* dashboard_word = "serve-dashboard";
inline constexpr int dashboard_report = 3;  // its descriptor for {"http": …, "link": …}

class DashboardChild {
 public:
  // What it logs goes to RUN/dashboard.log. Error says why there is none.
  DashboardChild(const std::string& run_folder, const std::string& address);

  const std::string& http() const { return http_; }  // http://127.0.0.1:41234

  const std::string& link() const { return link_; }  // the same, to log in with, once

  // Whether it serves still.
  bool serves() { return !child_.wait(Duration::zero()); }

  // Asks it to end, and waits until it has; not for long.
  void end();

 private:
  std::string http_;
  std::string link_;
  Child child_;
};

}  // namespace tramontane
