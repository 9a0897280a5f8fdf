#include "actors/view/lines.h"

#include "actors/view/fields.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cmath>

namespace tramontane {

namespace {

constexpr int label_columns = 11;

Line labelled(std::string_view label, Tone tone) {
  Line line;
  line.add(fit(label, label_columns), tone);
  return line.add("  ");
}

// "  name value" if the event has it.
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

std::string of_steps(const RunEvent& event) {
  return fit_right(whole(number(event, "step")), 5) + "/" + fit(whole(number(event, "steps")), 5);
}

void reinforce_figures(Line& line, const RunEvent& event) {
  figure(line, "score", fixed(number(event, "score"), 3));
  figure(line, "correct", fixed(number(event, "correct"), 3), Tone::strong);
  figure(line, "average", fixed(number(event, "correct_average"), 3));
  figure(line, "tokens", fit_right(fixed(number(event, "tokens_mean"), 1), 5));
  figure(line, "think", fit_right(share(number(event, "thinking_share")), 5));
  figure(line, "entropy", fixed(number(event, "entropy"), 3));
  figure(line, "lag", whole(number(event, "lag_max")));
  double gap = number(event, "log_prob_gap_max");
  figure(line, "gap", scientific(gap), gap > 0 ? Tone::warn : Tone::plain);
  figure(line, "", fit_right(count(number(event, "tokens_per_second")), 5) + " tok/s");
  figure(line, "generator", fit_right(share(number(event, "generator_busy")), 5));
  figure(line, "trainer", fit_right(share(number(event, "trainer_busy")), 5));
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
  if (const auto* kinds = object(event, "by_kind")) {
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
      line.add(
          side == pair.before ? fit(shown, left) + "  " : shown, right ? Tone::good : Tone::bad);
    }
    out.push_back(std::move(line));
  }
}

// Null or NaN: not measured.
void add_gain(std::vector<Line>& out, const RunEvent& summary) {
  double before = number(summary, "heldout_before");
  double after = number(summary, "heldout_after");
  double forced = number(summary, "heldout_forced_thinking");
  if (std::isfinite(before) || std::isfinite(after)) {
    Line line;
    line.add("  held-out pass@1  ").add(fixed(before, 2), Tone::strong).add(" → ");
    out.push_back(line.add(fixed(after, 2), Tone::good));
  }
  if (std::isfinite(before) && std::isfinite(after) && std::isfinite(forced)) {
    Line line;
    line.add("  of which         ").add(fixed(forced - before, 2), Tone::strong);
    line.add(" is choosing to think: made to think, the policy was at " + fixed(forced, 2) +
             " before; ");
    out.push_back(line.add(fixed(after - forced, 2), Tone::strong).add(" is better working"));
  }
}

}  // namespace

std::string prose(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

Line step_line(const RunEvent& event) {
  std::string kind = text(event, "kind", "step");
  Line line = labelled(prose(kind), Tone::first);
  line.add(of_steps(event), Tone::strong);
  if (kind == "reinforce") {
    reinforce_figures(line, event);
  } else {
    figure(line, "loss", fixed(number(event, "loss"), 4), Tone::strong);
    figure(line, "gradient", fixed(number(event, "gradient_norm"), 2));
    figure(line, "rate", scientific(number(event, "learning_rate")));
    double per_second = number(event, "tokens") / number(event, "train_seconds");
    figure(line, "", fit_right(count(per_second), 5) + " tok/s");
  }
  if (flag(event, "skipped")) line.add("  SKIPPED", Tone::bad);
  double eta = number(event, "eta_seconds");
  if (std::isfinite(eta)) line.add("  " + duration(eta) + " left", Tone::dim);
  return line;
}

std::vector<Line> event_lines(const RunEvent& event) {
  std::string what = text(event, "event");
  if (what == "run") return run_lines(event);
  if (what == "evaluation") return {evaluation_line(event)};
  if (what == "exit") return exit_lines(event);
  if (what == "stage") {
    Line line = labelled("stage", Tone::strong);
    double index = number(event, "stage");
    if (std::isfinite(index)) line.add(whole(index + 1) + ": ");
    line.add(prose(text(event, "kind")) + ", " + whole(number(event, "steps")) + " steps");
    return {line};
  }
  if (what == "checkpoint") {
    Line line = labelled("checkpoint", Tone::dim);
    line.add("version " + whole(number(event, "version")));
    if (flag(event, "best")) line.add(" (best so far)", Tone::good);
    line.add("  " + text(event, "folder"), Tone::dim);
    line.add("  " + bytes_text(number(event, "bytes")), Tone::dim);
    line.add(" in " + duration(number(event, "took_seconds")), Tone::dim);
    return {line};
  }
  if (what == "alarm")
    return {labelled("ALARM", Tone::bad).add(text(event, "text", "without a text"), Tone::warn)};
  if (what == "swap_failed") {
    Line line = labelled("swap failed", Tone::bad);
    line.add(text(event, "generator", "a generator") + " keeps its weights; version " +
             whole(number(event, "version")) +
             " was not taken: " + text(event, "reason", "no reason given"));
    return {line};
  }
  return {};
}

std::vector<Line> closing_lines(const RunState& state, int width) {
  const RunEvent& summary = state.summary;
  if (summary.empty()) return {};
  std::vector<Line> out(1);
  std::string stopped = text(summary, "stopped", "finished");
  Line title;
  title.add(stopped == "finished" ? "What was learnt" : prose(stopped), Tone::strong);
  if (auto reason = text(summary, "reason"); !reason.empty()) title.add(": " + reason, Tone::warn);
  out.push_back(title);
  add_gain(out, summary);
  Line work;
  work.add("  in               " + duration(number(summary, "seconds")) + ", " +
           whole(number(summary, "steps")) + " steps, " + whole(number(summary, "rollouts")) +
           " rollouts");
  out.push_back(work);
  Line swaps;
  swaps.add("  swaps            " + whole(number(summary, "swaps")) + ", " +
            whole(number(summary, "swaps_while_writing")) + " of them in the middle of writing; " +
            whole(number(summary, "sequences_spanning_a_swap")) +
            " completions span several versions; stall p50 " +
            micros(number(summary, "swap_stall_us_p50")) + ", log-prob gap " +
            scientific(number(summary, "log_prob_gap_max")));
  out.push_back(swaps);
  add_examples(out, state, width);
  std::string run = text(summary, "run", state.folder);
  std::string report = text(summary, "report");
  out.emplace_back();
  if (!report.empty()) out.push_back(Line().add("  report   ", Tone::dim).add(report));
  if (!run.empty()) {
    if (stopped != "finished")
      out.push_back(Line().add("  go on    ", Tone::dim).add("tram resume " + run));
    out.push_back(Line().add("  look at  ", Tone::dim).add("tram rollouts " + run));
  }
  return out;
}

}  // namespace tramontane
