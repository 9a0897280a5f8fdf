#include "actors/commands/commands.h"
#include "actors/commands/replay.h"
#include "actors/dashboard/rollout_json.h"
#include "actors/job/job.h"
#include "actors/ledger/ledger.h"
#include "actors/trainer/step_event.h"
#include "actors/view/draw.h"
#include "actors/view/fields.h"
#include "actors/view/output.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/shell.h"
#include "runtime/base/shown_text.h"
#include "storage/file.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace tramontane {
namespace {

std::string score_text(const std::optional<double>& score, const std::string& no_verdict) {
  if (!no_verdict.empty()) return "no verdict";
  if (!score) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", *score);
  return text;
}

// A line of the page of one rollout, folded to the terminal.
void say(const std::string& text, int indent) {
  int width = terminal_size(STDOUT_FILENO).columns - 1;
  for (const auto& line : Line().add(text).folded(width, indent))
    std::printf("%s\n", line.str(1 << 20, false).c_str());
}

// Text of the data or the policy as it is, its lines four columns in; no control character of it
// reaches the terminal.
void show_text(std::string_view text) {
  for (std::size_t end = 0; end != text.npos; text.remove_prefix(std::min(text.size(), end + 1))) {
    end = text.find('\n');
    std::printf("    %s\n", one_line(text.substr(0, end)).c_str());
  }
}

void show_writing(const Rollout& rollout, const Tokenizer& tokenizer) {
  for (const Span& span : rollout.spans) {
    std::vector<Token> part(rollout.tokens.begin() + span.begin, rollout.tokens.begin() + span.end);
    double sum = 0;
    for (std::uint32_t i = span.begin; i < span.end; ++i) sum += rollout.log_probs[i];
    say(str("  tokens ", span.begin, "-", span.end - 1, "  version ", span.version,
            "  fingerprint ", hex(span.fingerprint), "  cache ",
            span.fresh_cache ? "fresh" : "kept", "  log-prob ", fixed(sum, 3)),
        4);
    show_text(tokenizer.decode(part));
  }
}

void show_verdict(const Verdict& verdict) {
  if (!verdict.no_verdict.empty()) {
    say("  no verdict: " + one_line(verdict.no_verdict), 4);
  } else if (verdict.score) {
    say(str("  score ", fixed(*verdict.score, 3), verdict.correct ? ", correct" : ""), 4);
    for (const auto& part : verdict.components)
      say(str("    ", fit(part.name, 10), part.value < 0 ? " " : " +", fixed(part.value, 3), "  ",
              one_line(part.evidence)),
          23);
  } else {
    say("  not judged yet", 4);
  }
}

void show_one(const LedgerReader& ledger, const std::string& run, RolloutId id) {
  auto judged = ledger.rollout(id);
  if (!judged) throw Error(Errc::not_found, str("there is no rollout ", id, " in ", run));
  const Rollout& rollout = judged->rollout;
  Job job = load_job(run + "/job.yaml", {});
  const char* finish = rollout.finish == Finish::stop     ? "ended by itself"
                       : rollout.finish == Finish::length ? "cut off at the length limit"
                                                          : "being written";
  say(str("rollout ", id, ": sample ", rollout.sample, " of group ", rollout.group, ", ",
          rollout.tokens.size(), " tokens, ", finish),
      2);
  Prompt prompt = job.prompt_of(rollout.group);
  std::printf("  prompt\n");
  show_text(prompt.text);
  std::string rendered = job.tokenizer->decode(prompt.tokens);
  if (rendered != prompt.text) {
    std::printf("  as the model sees it\n");
    show_text(rendered);
  }
  std::printf("  gold answer\n");
  show_text(prompt.answer);
  show_writing(rollout, *job.tokenizer);
  show_verdict(judged->verdict);
}

// One rollout as an object: what the list says, its tokens with the spans they were written in, and
// what its verdict is made of.
void print_json(const LedgerReader& ledger, const RolloutSummary& summary) {
  boost::json::object line = rollout_row(summary);
  add_rollout(line, ledger.rollout(summary.id).value_or(JudgedRollout{}));
  std::printf("%s\n", json_text(line).c_str());
}

int rollouts(const CliArguments& arguments) {
  const std::string& run = arguments.positional(0);
  if (!system_files()->exists(run + "/ledger"))
    throw Error(
        Errc::not_found, run + " has no ledger: it is no run, or has not begun to reinforce");
  LedgerReader ledger(run + "/ledger");
  if (arguments.positionals() > 1) {
    char* end = nullptr;
    RolloutId id = std::strtoull(arguments.positional(1).c_str(), &end, 10);
    if (*end != '\0') throw UsageError(str("'", arguments.positional(1), "' is no rollout number"));
    if (!arguments.has("json")) {
      show_one(ledger, run, id);
      return 0;
    }
    auto found = ledger.list(1, [&](const RolloutSummary& r) { return r.id == id; });
    if (found.empty()) throw Error(Errc::not_found, str("there is no rollout ", id, " in ", run));
    print_json(ledger, found.front());
    return 0;
  }
  bool of_step = arguments.has("step");
  auto step = arguments.whole("step", 0, ~std::uint64_t{0} >> 12);
  std::string state = arguments.text("state", "");
  double least = arguments.number("min-score", -1e300, -1e300, 1e300);
  double most = arguments.number("max-score", 1e300, -1e300, 1e300);
  auto keep = [&](const RolloutSummary& r) {
    if (of_step && (!r.step || *r.step != step)) return false;
    if (!state.empty() && !r.state.starts_with(state)) return false;
    if (arguments.has("spanning") && r.oldest == r.newest) return false;
    if (arguments.has("no-verdict") && r.no_verdict.empty()) return false;
    if ((least > -1e300 || most < 1e300) && (!r.score || *r.score < least || *r.score > most))
      return false;
    return true;
  };
  auto list = ledger.list(arguments.whole("limit", 50, 1'000'000), keep);
  if (arguments.has("json")) {
    for (const auto& r : list) print_json(ledger, r);
    return 0;
  }
  std::printf("%10s %8s  %-20s %6s %6s  %-11s %-10s\n", "rollout", "group", "state", "step",
      "tokens", "versions", "score");
  for (const auto& r : list) {
    std::string versions = r.tokens == 0          ? "-"
                           : r.oldest == r.newest ? std::to_string(r.oldest)
                                                  : str(r.oldest, "-", r.newest);
    std::printf("%10llu %8llu  %-20s %6s %6u  %-11s %-10s\n", static_cast<unsigned long long>(r.id),
        static_cast<unsigned long long>(r.group), r.state.c_str(),
        r.step ? std::to_string(*r.step).c_str() : "-", r.tokens, versions.c_str(),
        score_text(r.score, r.no_verdict).c_str());
  }
  std::printf("%zu shown", list.size());
  if (!list.empty())
    std::printf("; one of them whole:\n  %s",
        shell_command({program_as_called(), "rollouts", run, std::to_string(list.front().id)})
            .c_str());
  std::printf("\n");
  return 0;
}

}  // namespace

CliCommand rollouts_command() {
  return {.name = "rollouts",
      .summary = "list a run's rollouts, or show one with problem, versions and verdict",
      .details =
          "Reads the run's ledger, also while the run goes on.\n\n"
          "  tram rollouts RUN --spanning --step 12\n"
          "  tram rollouts RUN 4711",
      .positionals = {"RUN", "[NUMBER]"},
      .options = {{"step", "N", "only those of this step's batch"},
          {"state", "STATE",
              "waiting, leased, finished, judging, judged, sealed, trained, dropped"},
          {"spanning", "", "only those written under several versions"},
          {"no-verdict", "", "only those that could not be judged"}, {"min-score", "X", "at least"},
          {"max-score", "X", "at most"}, {"limit", "N", "rows at most (default 50)"},
          {"json", "", "one JSON object per rollout, with its tokens, spans and verdict"}},
      .run = rollouts};
}

CliCommand replay_command() {
  return {.name = "replay",
      .summary = "prove a run: write and train everything again, bit for bit",
      .details =
          "Goes through the run's recorded batches from version 0: every rollout is written again\n"
          "under the versions, swap points and random draws that it was recorded with, every step "
          "is\n"
          "trained again, and tokens, log-probabilities and fingerprints must all be equal.\n"
          "The last line tells how many of how many, and why the others were not compared: "
          "batches\n"
          "dropped them, or their step is yet to come. Exit status 7 names the first difference;\n"
          "3 says that there is nothing to replay, or that a record of it is damaged or gone.",
      .positionals = {"RUN"},
      .options = {{"steps", "N", "only the first so many"},
          {"train-only", "", "do not write the rollouts again"}},
      .run = [](const CliArguments& arguments) {
        return replay_run(arguments.positional(0),
            arguments.whole("steps", 0, ~std::uint64_t{0} >> 12), !arguments.has("train-only"));
      }};
}

}  // namespace tramontane
