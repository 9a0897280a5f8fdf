#include "actors/run/run_dashboard.h"

#include "actors/run/interrupt_watch.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>

namespace tramontane {

using namespace std::chrono_literals;

void RunDashboard::start(const std::string& run_folder) {
  if (options_.http.empty()) return;
  try {
    child_.emplace(run_folder, options_.http, options_.trusted_network);
    RunEvent event = {{"event", "dashboard"}, {"http", child_->http()}, {"link", child_->link()}};
    if (!child_->certificate().empty()) event["certificate_sha256"] = child_->certificate();
    options_.tell(event);
  } catch (const Error& error) {
    options_.tell({{"event", "alarm"},
        {"text", str("the run goes on without its dashboard: ", error.text())}});
  }
}

void RunDashboard::add_to(RunEvent& summary) const {
  if (child_) summary["http"] = child_->http();
}

void RunDashboard::finish(InterruptWatch& interrupts) {
  if (!child_) return;
  if (options_.stay && child_->serves()) {
    auto enough = std::make_shared<std::promise<void>>();
    auto seen = enough->get_future();
    interrupts.on_next([enough] { enough->set_value(); });
    std::fprintf(
        stderr, "the run is still to be seen at %s; Ctrl-C ends it\n", child_->http().c_str());
    while (child_->serves() && seen.wait_for(200ms) != std::future_status::ready) continue;
    interrupts.on_next(nullptr);
  }
  child_->end();
}

}  // namespace tramontane
