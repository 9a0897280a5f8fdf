#include "actors/view/panels.h"

#include <algorithm>
#include <cmath>

namespace tramontane {

namespace {

struct Panel {
  std::string name;
  std::string value;
  const Series* curve;
  double top;
  int digits;
  const Series* second = nullptr;
  std::string second_value;
};

double highest(const Series& series) {
  double top = 0;
  for (auto [x, y] : series.points()) top = std::max(top, y);
  return top;
}

// The next round figure.
double round_up(double value) {
  if (!(value > 0)) return 1;
  double unit = std::pow(10.0, std::floor(std::log10(value)));
  for (double step : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0})
    if (value <= step * unit * (1 + 1e-9)) return step * unit;
  return 10 * unit;
}

std::vector<Panel> panels_of(const RunState& state) {
  if (!state.reinforcing())
    return {{"loss", fixed(state.loss.last(), 3), &state.loss, round_up(highest(state.loss)), 1}};
  Panel correct{"correct", fixed(state.correct.last(), 2), &state.correct, 1, 1};
  correct.second = &state.heldout;
  correct.second_value = fixed(state.heldout.last(), 2);
  return {correct,
      {"tokens per completion", fixed(state.tokens.last(), 1), &state.tokens,
          round_up(highest(state.tokens)), 0},
      {"reward", fixed(state.score.last(), 3), &state.score,
          std::max(1.0, round_up(highest(state.score))), 1}};
}

Line panel_title(const Panel& panel, int width) {
  Line line;
  line.to(5).add(panel.name + " ").add(panel.value, Tone::first);
  if (panel.second && line.width() + 15 <= width)
    line.add("   held-out ").add(panel.second_value, Tone::second);
  return line;
}

// The rows of one panel, each `width` columns: title, dots with the scale at the left, steps.
std::vector<Line> draw(const Panel& panel, const RunState& state, int width, int rows) {
  constexpr int scale = 5;
  double x_to = state.steps > 0 ? state.steps : 1;
  Chart chart(width - scale - 2, rows, {0, x_to, 0, panel.top});
  chart.curve(*panel.curve, Tone::first);
  if (panel.second) chart.curve(*panel.second, Tone::second);
  std::vector<Line> out{panel_title(panel, width)};
  auto dots = chart.lines();
  for (int row = 0; row < rows; ++row) {
    std::string mark = row == 0 ? fixed(panel.top, panel.digits) : row == rows - 1 ? "0" : "";
    Line line;
    line.add(fit_right(mark, scale - 1) + "│", Tone::dim);
    out.push_back(line.add(dots[static_cast<std::size_t>(row)]));
  }
  Line axis;
  std::string last = whole(state.steps);
  axis.to(scale - 1).add("└", Tone::dim);
  std::string rule;
  for (int i = 0; i < width - scale - 2 - columns(last) - 1; ++i) rule += "─";
  out.push_back(axis.add(rule + " " + last, Tone::dim));
  return out;
}

}  // namespace

Line sparklines(const RunState& state, int width) {
  Line line;
  line.add(" ");
  for (const auto& panel : panels_of(state)) {
    std::vector<double> values;
    for (auto [x, y] : panel.curve->points()) values.push_back(y);
    Line part;
    if (line.width() > 1) part.add("   ");
    part.add(panel.name + " ").add(sparkline(values, 12), Tone::first).add(" " + panel.value);
    if (panel.second) part.add(" held-out ").add(panel.second_value, Tone::second);
    if (line.width() + part.width() > width && line.width() > 1) break;
    line.add(part);
  }
  return line;
}

std::vector<Line> panels(const RunState& state, PanelSize size, int width) {
  auto all = panels_of(state);
  auto shown = std::min<std::size_t>(all.size(), static_cast<std::size_t>(size.across));
  int each = width / static_cast<int>(std::max<std::size_t>(shown, 1));
  std::vector<Line> out(static_cast<std::size_t>(size.rows + panel_frame_rows));
  for (std::size_t i = 0; i < shown; ++i) {
    auto drawn = draw(all[i], state, each, size.rows);
    for (std::size_t row = 0; row < out.size(); ++row)
      out[row].to(static_cast<int>(i) * each).add(drawn[row]);
  }
  return out;
}

}  // namespace tramontane
