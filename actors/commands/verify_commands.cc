// The verifier by itself: one answer, or a file of completions.
#include "actors/commands/commands.h"
#include "actors/commands/grading.h"
#include "actors/job/job.capnp.h"
#include "actors/job/job.h"
#include "actors/job/rewards.h"
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/shown_text.h"
#include "runtime/config/load.h"
#include "storage/dataset.h"
#include "storage/file.h"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace tramontane {
namespace {

// Exit statuses of verify-answer, beside those of all commands; 0 is right.
constexpr int wrong = 10;
constexpr int undecided = 11;

// A YAML map as the job graph has it: "{format: 0.1, math: {weight: 0.9, answer: boxed}}"; or a
// file of what stands under `verifier` there.
Rewards parse_rewards(const std::vector<RewardKind>& kinds, const std::string& words) {
  bool is_file = words.ends_with(".yaml");
  std::string text = "rewards: " + words;
  if (is_file) text = as_text(system_files()->read(words));
  LoadedConfig config =
      load_config(is_file ? words : "--rewards", text, capnp::Schema::from<schema::Verifier>(), {});
  config.finish();
  auto verifier = config.get<schema::Verifier>();
  return {kinds, reward_specs(verifier, 0), reward_options(verifier)};
}

std::string read_text(const std::string& word) {
  if (word != "-") return word;
  std::ostringstream out;
  char block[4096];
  for (ssize_t got = 0; (got = ::read(STDIN_FILENO, block, sizeof block)) > 0;)
    out.write(block, got);
  return out.str();
}

int verify_answer(const std::vector<RewardKind>& kinds, const CliArguments& arguments) {
  std::string kind = arguments.text("kind", "math");
  std::string options = arguments.text("options", "");
  Rewards rewards = parse_rewards(
      kinds, "{" + kind + ": {weight: 1" + (options.empty() ? "" : ", " + options) + "}}");
  RewardTable table = rewards.table();
  std::string gold = read_text(arguments.positional(0));
  check_answer(kinds, rewards.specs, gold);
  std::string answer = read_text(arguments.positional(1));
  std::string prompt = arguments.text("prompt", "");
  Verdict verdict = table.judge({.prompt = prompt, .answer = gold, .text = answer});
  int status = !verdict.score ? undecided : *verdict.score >= 1 ? 0 : wrong;
  if (arguments.has("json")) {
    std::printf("%s\n", json_text(as_json(verdict)).c_str());
    return status;
  }
  if (!verdict.score)
    std::printf("no verdict   %s\n", one_line(verdict.no_verdict).c_str());
  else
    std::printf("%-12s %s\n",
        *verdict.score >= 1   ? "right"
        : *verdict.score <= 0 ? "wrong"
                              : str(*verdict.score).c_str(),
        one_line(verdict.components.at(0).evidence).c_str());
  return status;
}

// What grade works by: the rewards, what the fields are called, and what answers stand behind.
struct GradeBy {
  Rewards rewards;
  DatasetOptions fields = {.needs_completion = true, .empty_texts = true};
  std::string answer_after = {};
};

GradeBy grade_by(const std::vector<RewardKind>& kinds, const CliArguments& arguments) {
  if (!arguments.has("job"))
    return {parse_rewards(kinds, arguments.text("rewards", "{format: 0.1, math: 0.9}"))};
  Job job = load_job(arguments.text("job", ""), {}, {.rewards = kinds});
  GradeBy out{{kinds, job.rewards, job.reward_options}};
  out.fields.prompt_field = job.form.prompt_field;
  out.fields.answer_field = job.form.answer_field;
  out.answer_after = job.form.answer_after;
  return out;
}

GradeOptions open_lines(const std::string& path, std::ifstream& file, const GradeBy& by) {
  bool standard_input = path == "-";
  std::error_code code;
  if (!standard_input && std::filesystem::is_directory(path, code))
    throw Error(Errc::io, path + ": is a folder");
  file.open(standard_input ? "/dev/stdin" : path, std::ios::binary);
  if (!file) throw Error(Errc::not_found, path + ": cannot be read");
  std::uint64_t bytes = standard_input ? 0 : std::filesystem::file_size(path, code);
  return {.lines = file,
      .name = standard_input ? "standard input" : path,
      .bytes = code ? 0 : bytes,
      .fields = by.fields,
      .answer_after = by.answer_after,
      .rewards = by.rewards};
}

int grade(const std::vector<RewardKind>& kinds, const CliArguments& arguments) {
  GradeBy by = grade_by(kinds, arguments);
  static_cast<void>(by.rewards.table());  // errors first
  std::ifstream file;
  GradeOptions options = open_lines(arguments.positional(0), file, by);
  std::string path = arguments.text("out", "");
  std::ofstream out;
  if (!path.empty()) {
    out.open(path, std::ios::binary);
    options.verdicts = &out;
  }
  auto threads = static_cast<unsigned>(
      arguments.whole("threads", std::max(1U, std::thread::hardware_concurrency()), 256));
  Grading grading(std::move(options));
  try {
    grading.run(std::max(1U, threads));
  } catch (const Error&) {
    std::error_code code;
    out.close();
    if (!path.empty() && std::filesystem::is_regular_file(path, code))
      std::filesystem::remove(path, code);  // not half of the verdicts
    throw;
  }
  double seconds = grading.seconds();
  if (!path.empty() && !out.flush()) throw Error(Errc::io, path + ": cannot be written");
  const GradeTotals& totals = grading.totals();
  if (!arguments.has("json")) {
    print_summary(totals, seconds, by.rewards);
    return 0;
  }
  boost::json::object event{{"completions", totals.completions}, {"correct", totals.correct},
      {"judged", totals.judged}, {"no_verdict", totals.completions - totals.judged},
      {"score", totals.score / static_cast<double>(std::max<std::uint64_t>(totals.judged, 1))},
      {"seconds", seconds}};
  std::printf("%s\n", json_text(event).c_str());
  return 0;
}

}  // namespace

CliCommand verify_answer_command(std::vector<RewardKind> rewards) {
  std::string kinds;
  for (const auto& name : names_of(rewards)) kinds += (kinds.empty() ? "" : ", ") + name;
  return {.name = "verify-answer",
      .summary = "the verdict on one answer, with its evidence",
      .details =
          "Compares an answer with the gold answer as a reward of a job would. A word - is read "
          "from\n"
          "standard input. `tram job` lists the kinds and their options. The exit status is 0 if\n"
          "the answer is right, 10 if it is wrong, even in part, and 11 if there is no verdict.\n\n"
          "  tram verify-answer \"\\frac{1}{2}\" \"0.5\" --options \"answer: whole\"\n"
          "  tram verify-answer --kind code \"$(cat tests.json)\" - < completion.txt",
      .positionals = {"GOLD", "ANSWER"},
      .options = {{"kind", "KIND", kinds + " (default math)"},
          {"options", "OPTIONS", "of the reward, as in a job graph: \"answer: boxed\""},
          {"prompt", "TEXT", "the question"}, {"json", "", "as one JSON object"}},
      .run = [rewards = std::move(rewards)](
                 const CliArguments& arguments) { return verify_answer(rewards, arguments); }};
}

CliCommand grade_command(std::vector<RewardKind> rewards) {
  return {.name = "grade",
      .summary = "grade a file of completions",
      .details =
          "Each line of the file, or of standard input for -, is {\"prompt\", \"answer\",\n"
          "\"completion\"}; with --job, fields are called as the job's data has them. Prints how\n"
          "many were correct, as the reward of the largest weight says, the mean of each reward,\n"
          "and why any has no verdict. A file of any size is graded in little memory.\n\n" +
          known_languages() +
          "\n\n"
          "  tram grade examples/rewards/completions.jsonl --rewards \"{format: 0.1, math: "
          "{weight: 0.9, answer: "
          "boxed}}\"",
      .positionals = {"FILE.jsonl"},
      .options = {{"rewards", "REWARDS",
                      "as in a job graph, or a .yaml file (default {format: 0.1, math: 0.9})"},
          {"job", "JOB.yaml", "the rewards of this job instead"},
          {"out", "FILE", "write each line's verdict and evidence there, as JSON lines"},
          {"threads", "N", "at work at the same time (default: one per core)"},
          {"json", "", "the summary as one JSON object"}},
      .run = [rewards = std::move(rewards)](
                 const CliArguments& arguments) { return grade(rewards, arguments); }};
}

}  // namespace tramontane
