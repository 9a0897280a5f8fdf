#include "actors/view/lines.h"

#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/shell.h"
#include "runtime/base/shown_text.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace tramontane {

namespace {

constexpr int label_columns = 11;
constexpr int text_column = label_columns + 2;
constexpr int closing_column = 19;

Line labelled(std::string_view label, Tone tone) {
  Line line;
  line.add(fit(label, label_columns), tone);
  return line.add("  ");
}

void append_folded(std::vector<Line>& out, const Line& line, int width, int indent) {
  for (auto& part : line.folded(width, indent)) out.push_back(std::move(part));
}

// "  name value".
void figure(Line& line, std::string_view name, const std::string& value, Tone tone = Tone::plain) {
  line.add("  ").add(name, Tone::dim).add(name.empty() ? "" : " ").add(value, tone);
}

std::string scientific(double value) {
  if (!std::isfinite(value)) return fixed(value, 1);
  if (value == 0) return "0";
  int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  std::string digits = fixed(value / std::pow(10.0, exponent), 1);
  return digits + "e" + std::to_string(exponent);
}

// A figure of a step, as wide at every step.
struct Figure {
  std::string name;
  std::string value;
  int columns = 0;  // of the value
  Tone tone = Tone::plain;
};

// Those that have room, in order; one that has none ends the line, so that lines stay aligned.
void add_figures(Line& line, const std::vector<Figure>& figures, int width) {
  for (const auto& f : figures) {
    int value = std::max(f.columns, columns(f.value));
    if (line.width() + columns(f.name) + value + 3 > width) return;
    figure(line, f.name, fit_right(f.value, value), f.tone);
  }
}

std::string tokens_text(double tokens) {
  return tokens < 99.95 ? fixed(tokens, 1) : count(tokens);
}

std::vector<Figure> reinforce_figures(const RunEvent& event) {
  double gap = number(event, "log_prob_gap_max");
  auto of = [&](const char* key, int digits) { return fixed(number(event, key), digits); };
  std::vector<Figure> out = {{"correct", of("correct", 3), 5, Tone::strong},
      {"tokens", tokens_text(number(event, "tokens_mean")), 4},
      {"think", share(number(event, "thinking_share")), 5},
      {"lag", whole(number(event, "lag_max")), 1}, {"left", "", 5},
      {"average", of("correct_average", 3), 5}};
  out[4].value = duration(number(event, "eta_seconds"));
  out[4].tone = Tone::dim;
  if (!(gap > 0)) out.push_back({"gap", scientific(gap), 1});
  out.push_back({"tok/s", count(number(event, "tokens_per_second")), 5});
  out.push_back({"generator busy", share(number(event, "generator_busy")), 5});
  out.push_back({"trainer busy", share(number(event, "trainer_busy")), 5});
  out.push_back({"score", of("score", 3), 5});
  out.push_back({"entropy", of("entropy", 3), 5});
  return out;
}

std::vector<Figure> warm_start_figures(const RunEvent& event) {
  double per_second = number(event, "tokens") / number(event, "train_seconds");
  return {{"loss", fixed(number(event, "loss"), 4), 6, Tone::strong},
      {"left", duration(number(event, "eta_seconds")), 5, Tone::dim},
      {"tok/s", count(per_second), 5}, {"gradient", fixed(number(event, "gradient_norm"), 2), 5},
      {"rate", scientific(number(event, "learning_rate")), 6}};
}

std::vector<Line> run_lines(const RunEvent& event) {
  std::string title = text(event, "name", "run");
  double parameters = number(event, "parameters");
  if (std::isfinite(parameters)) title += ": " + whole(parameters) + " parameters";
  double seed = number(event, "seed");
  if (std::isfinite(seed)) title += ", seed " + fixed(seed, 0);
  if (auto isa = text(event, "isa"); !isa.empty()) title += ", " + isa;
  double cores = number(event, "cores");
  if (std::isfinite(cores)) title += ", " + whole(cores) + (cores == 1 ? " core" : " cores");
  std::vector<Line> out{labelled("run", Tone::strong).add(title)};
  double resumed = number(event, "resumed_from");
  if (std::isfinite(resumed))
    out.push_back(labelled("resumed", Tone::strong).add("from version " + whole(resumed)));
  if (auto folder = text(event, "run"); !folder.empty())
    out.push_back(labelled("folder", Tone::strong).add(folder));
  return out;
}

Line evaluation_line(const RunEvent& event) {
  std::string label = text(event, "label");
  Line line = labelled("held-out", Tone::second);
  if (label == "during")
    line.add("step " + whole(number(event, "step")), Tone::strong);
  else
    line.add(prose(label), Tone::strong);
  figure(line, "sampled", fixed(number(event, "sampled"), 3), Tone::strong);
  figure(line, "greedy", fixed(number(event, "greedy"), 3));
  double majority = number(event, "majority");
  if (std::isfinite(majority))
    figure(line, "maj@" + whole(number(event, "majority_samples")), fixed(majority, 3));
  figure(line, "think", share(number(event, "thinking_share")));
  figure(line, "tokens", fixed(number(event, "tokens_mean"), 1));
  if (const auto* kinds = object(event, "by_kind"); kinds != nullptr && !kinds->empty()) {
    line.add("  by kind:", Tone::dim);
    std::size_t shown = 0;
    for (const auto& kind : *kinds)
      if (shown++ < 8)
        figure(line, one_line(std::string_view(kind.key())), fixed(number(kind.value()), 2));
  }
  return line;
}

std::vector<Line> exit_lines(const RunEvent& event) {
  Line line = labelled("exit", Tone::bad);
  line.add(text(event, "actor", "an actor"), Tone::strong);
  double incarnation = number(event, "incarnation");
  if (std::isfinite(incarnation)) line.add(" (incarnation " + whole(incarnation) + ")", Tone::dim);
  line.add(": " + prose(text(event, "cause", "no cause given")));
  if (auto why = text(event, "text"); !why.empty()) line.add(": " + why);
  if (auto holding = text(event, "holding"); !holding.empty()) line.add("; held " + holding);
  return {line};
}

Line checkpoint_line(const RunEvent& event) {
  Line line = labelled("checkpoint", Tone::dim);
  line.add("version " + whole(number(event, "version")));
  if (flag(event, "best")) line.add(" (best so far)", Tone::good);
  line.add("  " + bytes_text(number(event, "bytes")), Tone::dim);
  line.add(" in " + duration(number(event, "took_seconds")), Tone::dim);
  return line.add("  " + text(event, "folder"), Tone::dim);
}

// Each as long as it is.
std::vector<Line> lines_of(const RunEvent& event) {
  std::string what = text(event, "event");
  if (what == "run") return run_lines(event);
  if (what == "evaluation") return {evaluation_line(event)};
  if (what == "exit") return exit_lines(event);
  if (what == "checkpoint") return {checkpoint_line(event)};
  if (what == "stage") {
    Line line = labelled("stage", Tone::strong);
    double index = number(event, "stage");
    if (std::isfinite(index)) line.add(whole(index + 1) + ": ");
    line.add(prose(text(event, "kind")) + ", " + whole(number(event, "steps")) + " steps");
    return {line};
  }
  if (what == "alarm") {
    Line line = labelled("ALARM", Tone::bad);
    line.add(text(event, "text", "without a text"), Tone::warn);
    if (auto look = text(event, "look"); !look.empty()) line.add(".  Look at ").add(look);
    return {line};
  }
  if (what == "alarm_over")
    return {labelled("alarm over", Tone::good).add(text(event, "text", "without a text"))};
  if (what == "swap_failed") {
    Line line = labelled("swap failed", Tone::bad);
    line.add(text(event, "generator", "a generator") + " keeps its weights; version " +
             whole(number(event, "version")) +
             " was not taken: " + text(event, "reason", "no reason given"));
    return {line};
  }
  return {};
}

std::string printable(const RunEvent& example, std::string_view key) {
  std::string shown = text(example, key);
  return shown.empty() ? "–" : shown;
}

// The completions of the same problem before and after, those that became right first.
struct Pair {
  const RunEvent* before;
  const RunEvent* after;
};

std::vector<Pair> pairs(const RunEvent& before, const RunEvent& after) {
  std::vector<Pair> out;
  const auto* first = list(before, "examples");
  const auto* second = list(after, "examples");
  if (!first || !second) return out;
  for (const auto& a : *first)
    for (const auto& b : *second) {
      const auto* left = a.if_object();
      const auto* right = b.if_object();
      bool same = left && right && text(*left, "prompt") == text(*right, "prompt");
      if (same && out.size() < 64) out.push_back({left, right});
    }
  auto became_right = [](const Pair& pair) {
    return flag(*pair.after, "correct") && !flag(*pair.before, "correct");
  };
  std::stable_partition(out.begin(), out.end(), became_right);
  return out;
}

void add_examples(std::vector<Line>& out, const RunState& state, int width) {
  auto found = pairs(state.before, state.after);
  if (found.empty()) return;
  if (found.size() > 3) found.resize(3);
  int prompt = 8;
  int left = 8;
  for (const auto& pair : found) {
    prompt = std::max(prompt, columns(text(*pair.before, "prompt")));
    left = std::max(left, columns(printable(*pair.before, "completion")) + 2);
  }
  prompt = std::min(prompt, std::max(8, width / 4));
  left = std::min(left, std::max(8, (width - prompt - 6) / 2));
  out.emplace_back();
  Line head;
  head.add("  ").add(fit("problem", prompt + 2), Tone::dim).add(fit("before", left + 2), Tone::dim);
  out.push_back(head.add("after", Tone::dim));
  for (const auto& pair : found) {
    Line line;
    line.add("  ").add(fit(text(*pair.before, "prompt"), prompt + 2), Tone::strong);
    for (const auto* side : {pair.before, pair.after}) {
      bool right = flag(*side, "correct");
      std::string shown = std::string(right ? "✓ " : "✗ ") + printable(*side, "completion");
      shown = side == pair.before ? fit(shown, left) + "  " : cut(shown, width - line.width());
      line.add(shown, right ? Tone::good : Tone::bad);
    }
    out.push_back(std::move(line));
  }
}

// Null or NaN: not measured.
void add_gain(std::vector<Line>& out, const RunEvent& summary, int width) {
  double before = number(summary, "heldout_before");
  double after = number(summary, "heldout_after");
  double forced = number(summary, "heldout_forced_thinking");
  double step = number(summary, "heldout_after_step");
  bool both = std::isfinite(before) && std::isfinite(after);
  if (std::isfinite(before) || std::isfinite(after)) {
    Line line;
    line.add("  held-out pass@1  ");
    if (std::isfinite(before)) line.add(fixed(before, 2), Tone::strong);
    if (both) line.add(" → ");
    if (std::isfinite(after))
      line.add(fixed(after, 2), both && after < before ? Tone::bad : Tone::good);
    if (!std::isfinite(after)) line.add(" before; not evaluated since");
    if (std::isfinite(after) && std::isfinite(step))
      line.add(str(", as of step ", whole(step), ", the last evaluation there was"));
    append_folded(out, line, width, closing_column);
  }
  if (!both || !std::isfinite(forced)) return;
  auto rounded = [](double value) { return std::round(100 * value) / 100; };
  double choosing = rounded(forced - before);
  double working = rounded(after - forced);
  Line parts;
  if (choosing >= 0 && working >= 0) {
    parts.add("  of which         ").add(fixed(choosing, 2), Tone::strong);
    parts.add(" is choosing to think: made to think, the policy was at " + fixed(forced, 2));
    parts.add(" before;  ").add(fixed(working, 2), Tone::strong).add(" is better working");
  } else {  // the gain has no such parts
    parts.add("  made to think    ").add(fixed(forced, 2), Tone::strong).add(" before training: ");
    parts.add(choosing < 0 ? fixed(-choosing, 2) + " less than by itself"
                           : fixed(-working, 2) + " more than was reached");
  }
  append_folded(out, parts, width, closing_column);
}

Line closing_title(const RunState& state) {
  std::string stopped = text(state.summary, "stopped", "finished");
  std::string reason = text(state.summary, "reason");
  Line line;
  if (stopped == "finished") {
    line.add("What was learnt", Tone::strong);
  } else {
    std::string first = prose(stopped);
    first[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(first[0])));
    line.add(first, Tone::strong);
    if (std::isfinite(state.step) && std::isfinite(state.steps))
      line.add(str(" at step ", whole(state.step), " of ", whole(state.steps)));
  }
  // A reason that only says again how it stopped is none.
  return reason.empty() || reason == stopped ? line : line.add(": " + reason, Tone::warn);
}

void add_work(std::vector<Line>& out, const RunEvent& summary, int width) {
  auto told = [&](const char* key) { return number(summary, key) > 0; };
  Line work;
  work.add("  in               " + duration(number(summary, "seconds")));
  if (told("steps")) work.add(", " + whole(number(summary, "steps")) + " steps");
  if (told("rollouts")) work.add(", " + whole(number(summary, "rollouts")) + " rollouts");
  if (told("peak_memory_bytes"))
    work.add(", at most " + whole(number(summary, "peak_memory_bytes") / 1e6) + " MB");
  append_folded(out, work, width, closing_column);
  if (!told("swaps")) return;
  Line swaps;
  swaps.add("  swaps            " + whole(number(summary, "swaps")));
  if (told("swaps_while_writing"))
    swaps.add(", " + whole(number(summary, "swaps_while_writing")) + " in the middle of writing");
  swaps.add(";  " + whole(number(summary, "sequences_spanning_a_swap")) +
            " completions span several versions;  stall p50 " +
            micros(number(summary, "swap_stall_us_p50")) + ",  log-prob gap " +
            scientific(number(summary, "log_prob_gap_max")));
  append_folded(out, swaps, width, closing_column);
}

// A command or a path, to be copied: on the line of its label where it has room, else on its own.
void add_copied(
    std::vector<Line>& out, std::string_view label, const std::string& copied, int width) {
  Line line;
  line.add(str("  ", fit(label, 9)), Tone::dim);
  if (line.width() + columns(copied) > width) {
    out.push_back(std::move(line));
    line = Line().add("    ");
  }
  out.push_back(line.add(copied));
}

}  // namespace

std::string prose(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

Line step_line(const RunEvent& event, int width) {
  std::string kind = text(event, "kind", "step");
  Line line;
  line.add(fit(prose(kind), label_columns), Tone::first);
  std::string steps = whole(number(event, "steps"));
  line.add(
      " " + fit_right(whole(number(event, "step")), columns(steps)) + "/" + steps, Tone::strong);
  if (flag(event, "skipped")) line.add("  SKIPPED", Tone::bad);
  bool reinforce = kind == "reinforce";
  double gap = reinforce ? number(event, "log_prob_gap_max") : 0;
  if (gap > 0) figure(line, "GAP", scientific(gap), Tone::warn);
  add_figures(line, reinforce ? reinforce_figures(event) : warm_start_figures(event), width);
  return line;
}

std::vector<Line> event_lines(const RunEvent& event, int width) {
  std::vector<Line> out;
  for (const auto& line : lines_of(event)) append_folded(out, line, width, text_column);
  if (text(event, "event") == "dashboard") add_copied(out, "watch", text(event, "link"), width);
  return out;
}

std::vector<Line> closing_lines(const RunState& state, const std::string& program, int width) {
  const RunEvent& summary = state.summary;
  if (summary.empty()) return {};
  std::vector<Line> out(1);
  append_folded(out, closing_title(state), width, 2);
  add_gain(out, summary, width);
  add_work(out, summary, width);
  for (auto& line : alarm_lines(summary, width)) out.push_back(std::move(line));
  add_examples(out, state, width);
  std::string run = text(summary, "run", state.folder);
  std::string report = text(summary, "report");
  out.emplace_back();
  if (!report.empty()) add_copied(out, "report", shell_quoted(report), width);
  if (run.empty()) return out;
  if (text(summary, "stopped", "finished") != "finished")
    add_copied(out, "go on", shell_command({program, "resume", run}), width);
  add_copied(out, "look at", shell_command({program, "rollouts", run}), width);
  add_copied(out, "watch", shell_command({program, "dashboard", run}), width);
  return out;
}

}  // namespace tramontane
