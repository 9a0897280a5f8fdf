// The live view redraws its block of lines in place: the cursor goes up over the last frame and
// writes the new one over it, each line cleared to its end, in one write. What stays readable
// (evaluations, alarms) is written above the block first, and scrolls away with the shell's other
// output. No thread and no signal handler: status events come twice a second, each asks the size.

#include "actors/messages/run_event.h"
#include "actors/view/fields.h"
#include "actors/view/frame.h"
#include "actors/view/lines.h"
#include "actors/view/output.h"
#include "runtime/base/shell.h"

#include <chrono>

namespace tramontane {

namespace {

using Steady = std::chrono::steady_clock;

constexpr int unbounded = 1 << 20;  // lines come folded; what is longer is to be copied
constexpr auto frame_every = std::chrono::milliseconds(125);
constexpr const char* hide_cursor = "\x1b[?25l";
constexpr const char* show_cursor = "\x1b[?25h";
// Terminals that know it show the frame only when it is whole; others ignore it.
constexpr const char* begin_update = "\x1b[?2026h";
constexpr const char* end_update = "\x1b[?2026l";

class TerminalView final : public EventSink {
 public:
  explicit TerminalView(std::shared_ptr<Output> output)
      : output_(std::move(output)), colour_(colour_wanted()) {}

  ~TerminalView() override { close(); }

  void event(const RunEvent& event) override {
    if (closed_) return;
    state_.take(event);
    std::string what = text(event, "event");
    bool spoken = what == "evaluation" || what == "alarm" || what == "alarm_over" ||
                  what == "exit" || what == "swap_failed" || what == "dashboard";
    if (spoken)
      for (const auto& line : event_lines(event, width()))
        above_ += line.str(unbounded, colour_) + "\x1b[K\n";
    auto now = Steady::now();
    if (spoken || what == "stage" || !drawn_ || now - drawn_at_ >= frame_every) draw(now);
  }

  void past(const RunEvent& event) override { state_.take(event); }

  void close() override {
    if (closed_) return;
    closed_ = true;
    if (!drawn_) return;
    draw(Steady::now());
    std::string last = show_cursor;
    for (const auto& line : closing_lines(state_, program_as_called(), width()))
      last += line.str(unbounded, colour_) + "\n";
    output_->write(last);
  }

 private:
  int width() const { return terminal_size(output_->file_descriptor()).columns - 1; }

  // Rows that the last frame takes on a terminal that may have become narrower and wrapped it.
  int rows_drawn(int width) const {
    int rows = 0;
    for (int columns : widths_) rows += columns > width ? (columns + width - 1) / width : 1;
    return rows;
  }

  void draw(Steady::time_point now) {
    FrameSize size = terminal_size(output_->file_descriptor());
    std::string out = begin_update;
    if (!drawn_) out += hide_cursor;
    out += '\r';
    int up = rows_drawn(std::max(1, size.columns));
    if (up > 0) out += "\x1b[" + std::to_string(up) + "A";
    out += above_;
    above_.clear();
    auto plain = frame(state_, size, false);
    auto shown = colour_ ? frame(state_, size, true) : plain;
    widths_.clear();
    for (std::size_t i = 0; i < shown.size(); ++i) {
      out += shown[i] + "\x1b[K\n";
      widths_.push_back(columns(plain[i]));
    }
    out += "\x1b[J";
    out += end_update;
    output_->write(out);
    drawn_ = true;
    drawn_at_ = now;
  }

  std::shared_ptr<Output> output_;
  bool colour_;
  bool drawn_ = false;
  bool closed_ = false;
  Steady::time_point drawn_at_;
  RunState state_;
  std::string above_;        // lines to write above the next frame
  std::vector<int> widths_;  // of the lines of the last frame
};

}  // namespace

std::unique_ptr<EventSink> terminal_view(std::shared_ptr<Output> output) {
  if (!cursor_moves()) return plain_view(std::move(output));
  return std::make_unique<TerminalView>(std::move(output));
}

}  // namespace tramontane
