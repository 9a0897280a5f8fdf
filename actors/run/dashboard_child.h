#pragma once
// The dashboard of a run that goes on: a process of its own, so that whatever becomes of it, or of
// those who watch, the run goes on.
//
//   DashboardChild dashboard(run_folder, "127.0.0.1:0", false);      // returns when it serves
//   show(dashboard.link());
//   …
//   dashboard.end();                  // after those who watch have seen the run's end
//
// It reads the run's files and nothing else of this process, and dies with it. Thread rule: one
// thread.

#include "runtime/node/child.h"

#include <string>

namespace tramontane {

// What makes this program a dashboard; then the run's directory, HOST:PORT, and whether the network
// is trusted.
inline constexpr const char* dashboard_word = "serve-dashboard";
inline constexpr const char* dashboard_trusts = "trusted-network";
inline constexpr int dashboard_report = 3;  // its descriptor for {"http": …, "link": …}

class DashboardChild {
 public:
  // What it logs goes to RUN/dashboard.log. Error says why there is none.
  DashboardChild(const std::string& run_folder, const std::string& address, bool trusted_network);

  const std::string& http() const { return http_; }  // http://127.0.0.1:41234

  const std::string& link() const { return link_; }  // the same, to log in with, once

  // The fingerprint of its certificate; empty: it speaks http.
  const std::string& certificate() const { return certificate_; }

  // Whether it serves still.
  bool serves() { return !child_.wait(Duration::zero()); }

  // Asks it to end, and waits until it has; not for long.
  void end();

 private:
  std::string http_;
  std::string link_;
  std::string certificate_;
  Child child_;
};

}  // namespace tramontane
