#include "actors/messages/run_event.h"
#include "actors/view/fields.h"
#include "actors/view/lines.h"
#include "actors/view/output.h"
#include "runtime/base/shell.h"

#include <cmath>

namespace tramontane {

namespace {

constexpr int lines_per_warm_start = 20;
constexpr int unbounded = 1 << 20;  // lines come folded; what is longer is to be copied

class PlainView final : public EventSink {
 public:
  explicit PlainView(std::shared_ptr<Output> output) : output_(std::move(output)) {}

  ~PlainView() override { close(); }

  void event(const RunEvent& event) override {
    state_.take(event);
    std::string out;
    int width = columns();
    if (text(event, "event") == "step" && worth_a_line(event))
      out += step_line(event, width).str(unbounded, false) + "\n";
    for (const auto& line : event_lines(event, width)) out += line.str(unbounded, false) + "\n";
    output_->write(out);
  }

  void past(const RunEvent& event) override { state_.take(event); }

  void close() override {
    if (std::exchange(closed_, true)) return;
    std::string out;
    for (const auto& line : closing_lines(state_, program_as_called(), columns()))
      out += line.str(unbounded, false) + "\n";
    output_->write(out);
  }

 private:
  int columns() const { return terminal_size(output_->file_descriptor()).columns - 1; }

  // A warm start has many short steps: the first, the last and some between are told.
  static bool worth_a_line(const RunEvent& event) {
    if (text(event, "kind") != "warm_start" || flag(event, "skipped")) return true;
    double step = number(event, "step");
    double steps = number(event, "steps");
    if (!std::isfinite(step) || !std::isfinite(steps)) return true;
    double every = std::max(1.0, std::round(steps / lines_per_warm_start));
    return step <= 1 || step >= steps || std::fmod(step, every) == 0;
  }

  std::shared_ptr<Output> output_;
  bool closed_ = false;
  RunState state_;
};

}  // namespace

std::unique_ptr<EventSink> plain_view(std::shared_ptr<Output> output) {
  return std::make_unique<PlainView>(std::move(output));
}

}  // namespace tramontane
