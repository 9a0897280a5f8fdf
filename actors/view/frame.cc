#include "actors/view/frame.h"

#include "actors/view/actor_table.h"
#include "actors/view/fields.h"
#include "actors/view/lines.h"
#include "actors/view/panels.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace tramontane {

namespace {

constexpr int chart_rows_max = 9;
constexpr std::size_t alarms_max = 3;
constexpr int label_columns = 10;

// What of the view there is room for.
struct Plan {
  bool blanks = true;
  bool title = true;
  bool stages = true;
  int charts = 3;      // side by side
  int chart_rows = 3;  // 0: as sparklines
  bool sparklines = true;
  int figures = 0;
  int figure_columns = 1;
  int alarms = 0;  // that stand
  int actors = 0;
  bool actor_head = true;

  int actor_lines() const { return actors > 0 ? actors + (actor_head ? 1 : 0) : 0; }

  int figure_lines() const { return (figures + figure_columns - 1) / figure_columns; }

  int height() const {
    int sum = 1 + (title ? 1 : 0) + (stages ? 1 : 0) + alarms + figure_lines() + actor_lines();
    sum += chart_rows > 0 ? chart_rows + panel_frame_rows : sparklines ? 1 : 0;
    if (blanks) sum += 2 + (figures > 0 ? 1 : 0) + (actors > 0 ? 1 : 0);
    return sum;
  }
};

Line title(const RunState& state, int width) {
  Line line;
  line.add(" ").add(state.name.empty() ? "tramontane" : state.name, Tone::strong);
  std::string facts;
  auto add = [&](const std::string& fact) { facts += (facts.empty() ? "" : " · ") + fact; };
  double parameters = number(state.run, "parameters");
  if (std::isfinite(parameters)) add(count(parameters) + " parameters");
  double seed = number(state.run, "seed");
  if (std::isfinite(seed)) add("seed " + fixed(seed, 0));
  if (auto isa = text(state.run, "isa"); !isa.empty()) add(isa);
  if (std::isfinite(state.version)) add("version " + whole(state.version));
  if (std::isfinite(state.seconds)) add(duration(state.seconds));
  int room = width - line.width() - 3;
  if (columns(facts) > room) facts = std::isfinite(state.seconds) ? duration(state.seconds) : "";
  if (columns(facts) > room) return line;
  return line.to(width - columns(facts) - 1).add(facts, Tone::dim);
}

// Whether the run is over, and whether to its end.
bool ended(const RunState& state) {
  return !state.summary.empty();
}

bool finished(const RunState& state) {
  return ended(state) && text(state.summary, "stopped", "finished") == "finished";
}

double done_share(const RunState& state) {
  if (finished(state)) return 1;
  return state.steps > 0 && std::isfinite(state.step) ? std::clamp(state.step / state.steps, 0., 1.)
                                                      : RunState::unknown;
}

std::string step_of(const RunState& state) {
  return " step " + whole(state.step) + " of " + whole(state.steps);
}

// The stage at hand alone, where there is no room for the others.
Line stage_at_hand(const RunState& state) {
  Line line;
  line.add(" ");
  if (state.stages.size() > 1 && state.stage >= 0) {
    std::string of = std::to_string(state.stages.size());
    line.add(std::to_string(state.stage + 1) + "/" + of + " ", Tone::dim);
  }
  line.add(state.kind.empty() ? "starting" : prose(state.kind), Tone::strong);
  return std::isfinite(state.step) ? line.add(step_of(state)) : line;
}

Line stages(const RunState& state, int width) {
  Line line;
  line.add(" ");
  for (std::size_t i = 0; i < state.stages.size(); ++i) {
    auto index = static_cast<std::int64_t>(i);
    if (i) line.add("  ─  ", Tone::dim);
    bool over = index < state.stage || finished(state);
    bool here = index == state.stage && !over;
    const char* mark = over ? "✓ " : here ? ended(state) ? "■ " : "▸ " : "· ";
    line.add(mark, over ? Tone::good : !here ? Tone::dim : ended(state) ? Tone::warn : Tone::first);
    line.add(prose(state.stages[i].kind), here ? Tone::strong : Tone::dim);
    // A stage that has reached its aim may end before its last step.
    bool early = over && index == state.stage && state.step < state.steps;
    line.add(here || early ? step_of(state) : " " + whole(state.stages[i].steps),
        here ? Tone::plain : Tone::dim);
  }
  return state.stages.empty() || line.width() > width ? stage_at_hand(state) : line;
}

Line progress(const RunState& state, int width) {
  double done = done_share(state);
  Line line;
  line.add(" ");
  std::string tail = "  " + fit_right(share(done), 5);
  double eta = state.eta_seconds();
  if (ended(state))
    tail += "  " + fit(prose(text(state.summary, "stopped", "finished")), 12);
  else
    tail += "  " + fit(std::isfinite(eta) ? duration(eta) + " left" : "", 12);
  int room = width - 1 - columns(tail);
  if (room < 4) return line.add(cut(share(done) + " " + duration(eta) + " left", width - 1));
  auto filled = std::isfinite(done) ? static_cast<int>(std::lround(done * room)) : 0;
  std::string before;
  std::string after;
  for (int i = 0; i < room; ++i) (i < filled ? before : after) += i < filled ? "━" : "─";
  line.add(before, Tone::first).add(after, Tone::dim);
  return line.add(tail);
}

// ---- figures --------------------------------------------------------------------------------

struct Figure {
  std::string name;
  Line line;
};

Line& pair(Line& line, std::string_view name, const std::string& value, Tone tone = Tone::plain) {
  if (line.width()) line.add("  ");
  return line.add(name, Tone::dim).add(" ").add(value, tone);
}

Line lag_line(const RunState& state) {
  Line line;
  pair(line, "max", whole(state.lag_max));
  double sum = 0;
  for (double tokens : state.lag_histogram)
    if (tokens > 0) sum += tokens;
  for (std::size_t lag = 0; lag < state.lag_histogram.size() && lag < 9 && sum > 0; ++lag) {
    double part = std::max(0.0, state.lag_histogram[lag]) / sum;
    std::vector<double> scale{0, std::isfinite(part) ? part : 0, 1};
    std::string level = sparkline(scale, 3);
    line.add("  " + std::to_string(lag) + " ", Tone::dim).add(level.substr(3, 3), Tone::first);
    line.add(" " + share(part));
  }
  return line;
}

Line swaps_line(const RunState& state) {
  Line line;
  line.add(whole(static_cast<double>(state.swaps)));
  if (state.swaps_failed)
    line.add("  " + std::to_string(state.swaps_failed) + " failed", Tone::bad);
  pair(line, "stall p50", micros(state.stall_us_p50()));
  pair(line, "max", micros(state.stall_us_max));
  return pair(line, "last", micros(state.stall_us_last));
}

Line queues_line(const RunState& state) {
  Line line;
  auto add = [&](std::string_view wanted) {
    for (const auto& [name, depth] : state.queues)
      if (wanted.empty() || name == wanted) pair(line, name, count(depth));
  };
  // The way of a rollout first; what else is said only where that is not.
  for (const char* queue : {"waiting", "leased", "finished", "judging", "judged"}) add(queue);
  if (line.width() == 0) add("");
  return line;
}

Line log_probs_line(const RunState& state) {
  double gap = state.log_prob_gap_max;
  Line line;
  std::string shown = gap == 0 ? "0, bit for bit" : fixed(gap, 7);
  pair(line, "gap", shown, gap > 0 ? Tone::warn : gap == 0 ? Tone::good : Tone::plain);
  double audited = number(state.last_step, "audited_rollouts");
  double spanning = number(state.last_step, "audited_spanning");
  if (std::isfinite(audited)) line.add("  " + whole(audited) + " audited", Tone::dim);
  if (std::isfinite(spanning)) line.add(", " + whole(spanning) + " over a swap", Tone::dim);
  return line;
}

std::vector<Figure> figures(const RunState& state) {
  const RunEvent& step = state.last_step;
  std::vector<Figure> out;
  auto add = [&](std::string name) -> Line& {
    out.push_back({std::move(name), {}});
    return out.back().line;
  };
  if (!state.reinforcing()) {
    double per_second = number(step, "tokens") / number(step, "train_seconds");
    add("speed").add(count(per_second) + " tok/s");
    Line& line = add("gradient");
    line.add(fixed(number(step, "gradient_norm"), 2));
    pair(line, " rate", fixed(number(step, "learning_rate"), 6));
    return out;
  }
  Line& speed = add("speed");
  speed.add(count(state.tokens_per_second) + " tok/s", Tone::strong);
  if (std::isfinite(state.running)) speed.add("  " + whole(state.running) + " being written");
  Line& busy = add("busy");
  for (const char* who : {"generator", "trainer"}) {
    double part = number(step, std::string(who) + "_busy");
    if (busy.width()) busy.add("  ");
    busy.add(who, Tone::dim).add(" ").add(bar(part, 6), Tone::first).add(" " + share(part));
  }
  add("lag").add(lag_line(state));
  add("swaps").add(swaps_line(state));
  if (!state.queues.empty()) add("queues").add(queues_line(state));
  add("log-probs").add(log_probs_line(state));
  Line& policy = add("policy");
  pair(policy, "thinks", share(number(step, "thinking_share")));
  pair(policy, "entropy", fixed(number(step, "entropy"), 3));
  pair(policy, "ESS", fixed(number(step, "effective_sample_size"), 3));
  Line& groups = add("groups");
  pair(groups, "kept", whole(number(step, "groups_kept")));
  pair(groups, "without contrast", whole(number(step, "groups_without_contrast")));
  pair(groups, "stale", whole(number(step, "rollouts_stale")));
  return out;
}

constexpr int figure_gap = 3;

// Columns that the first of two columns of figures takes; 0 if both do not fit side by side.
int first_column(const std::vector<Figure>& all, int width) {
  int widest[2] = {0, 0};
  for (std::size_t i = 0; i < all.size(); ++i)
    widest[i % 2] = std::max(widest[i % 2], all[i].line.width() + label_columns + 2);
  return widest[0] + figure_gap + widest[1] <= width ? widest[0] + figure_gap : 0;
}

std::vector<Line> figure_lines(const RunState& state, const Plan& plan, int width) {
  auto all = figures(state);
  int split = first_column(all, width);
  // A figure too long for its column is cut rather than pushing its neighbour aside.
  if (plan.figure_columns == 1) split = width;
  if (split == 0) split = width / 2;
  std::vector<Line> out;
  for (std::size_t i = 0; i < all.size() && static_cast<int>(i) < plan.figures; ++i) {
    bool right = plan.figure_columns == 2 && i % 2 == 1;
    int room = (right ? width - split : split) - label_columns - 2 - (right ? 0 : figure_gap);
    if (!right) out.emplace_back();
    Line& line = out.back();
    line.to(right ? split : 0).add(" ");
    line.add(fit(all[i].name, label_columns), Tone::dim).add(" ");
    bool fits = all[i].line.width() <= room || plan.figure_columns == 1;
    line.add(fits ? all[i].line : Line().add(all[i].line.str(room, false)));
  }
  return out;
}

std::vector<Line> charts(const RunState& state, const Plan& plan, int width) {
  if (plan.chart_rows == 0) return {sparklines(state, width)};
  return panels(state, {plan.charts, plan.chart_rows}, width);
}

// ---- the whole ------------------------------------------------------------------------------

Plan plan_for(const RunState& state, int width, int rows) {
  Plan plan;
  plan.charts = width >= 118 ? 3 : width >= 64 ? 2 : 1;
  plan.chart_rows = width >= 34 ? 3 : 0;
  plan.figures = static_cast<int>(figures(state).size());
  plan.figure_columns = first_column(figures(state), width) > 0 ? 2 : 1;
  plan.actors = static_cast<int>(state.actors.size());
  plan.alarms = static_cast<int>(std::min<std::size_t>(state.alarms.standing().size(), alarms_max));
  int figures_kept = std::min(plan.figures, 6);
  const std::vector<std::function<bool()>> give_way = {
      [&] { return width >= 112 && std::exchange(plan.figure_columns, 2) == 1; },
      [&] { return plan.actors > 6 ? (--plan.actors, true) : false; },
      [&] { return std::exchange(plan.blanks, false); },
      [&] { return plan.actors > 4 ? (--plan.actors, true) : false; },
      [&] { return plan.figures > figures_kept ? (--plan.figures, true) : false; },
      [&] { return std::exchange(plan.chart_rows, 0) > 0; },
      [&] { return std::exchange(plan.actor_head, false); },
      [&] { return plan.actors > 0 ? (--plan.actors, true) : false; },
      [&] { return plan.figures > 2 ? (--plan.figures, true) : false; },
      [&] { return std::exchange(plan.title, false); },
      [&] { return plan.figures > 0 ? (--plan.figures, true) : false; },
      [&] { return std::exchange(plan.sparklines, false); },
      [&] { return plan.alarms > 1 ? (--plan.alarms, true) : false; },
      [&] { return std::exchange(plan.stages, false); },
      [&] { return std::exchange(plan.alarms, 0) > 0; },
  };
  for (const auto& give : give_way)
    while (plan.height() > rows && give()) {
    }
  while (plan.chart_rows > 0 && plan.chart_rows < chart_rows_max && plan.height() < rows)
    ++plan.chart_rows;
  return plan;
}

}  // namespace

std::vector<std::string> frame(const RunState& state, FrameSize size, bool colour) {
  int width = std::clamp(size.columns - 1, 1, 160);
  int rows = std::max(1, size.rows - 1);
  Plan plan = plan_for(state, width, rows);
  std::vector<Line> lines;
  auto append = [&](std::vector<Line> more) {
    if (plan.blanks && !more.empty()) lines.emplace_back();
    for (auto& line : more) lines.push_back(std::move(line));
  };
  if (plan.blanks) lines.emplace_back();
  if (plan.title) lines.push_back(title(state, width));
  if (plan.stages) lines.push_back(stages(state, width));
  lines.push_back(progress(state, width));
  for (auto& line : standing_lines(state.alarms, static_cast<std::size_t>(plan.alarms)))
    lines.push_back(std::move(line));
  if (plan.sparklines) append(charts(state, plan, width));
  if (plan.figures > 0) append(figure_lines(state, plan, width));
  if (plan.actors > 0) append(actor_lines(state.actors, {plan.actors, plan.actor_head}, width));
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(line.str(width, colour));
  if (static_cast<int>(out.size()) > rows) out.resize(static_cast<std::size_t>(rows));
  return out;
}

}  // namespace tramontane
