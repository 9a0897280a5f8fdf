// The verifier by itself: one answer, or a file of completions.
#include "actors/commands/commands.h"
#include "actors/job/job.capnp.h"
#include "actors/job/job.h"
#include "actors/job/rewards.h"
#include "actors/rewards/reward_table.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/config/load.h"
#include "storage/dataset.h"
#include "storage/file.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace tramontane {
namespace {

struct Rewards {
  std::vector<RewardKind> kinds;
  std::vector<RewardSpec> specs;
  RewardOptions options;

  RewardTable table() const { return {kinds, specs, options}; }
};

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

Rewards rewards_of(const std::vector<RewardKind>& kinds, const CliArguments& arguments) {
  if (arguments.has("job")) {
    Job job = load_job(arguments.text("job", ""), {}, {.rewards = kinds});
    return {kinds, job.rewards, job.reward_options};
  }
  return parse_rewards(kinds, arguments.text("rewards", "{format: 0.1, math: 0.9}"));
}

boost::json::object as_json(const Verdict& verdict) {
  boost::json::array components;
  for (const auto& component : verdict.components)
    components.push_back(
        {{"name", component.name}, {"value", component.value}, {"evidence", component.evidence}});
  boost::json::object out{{"score", nullptr}, {"correct", verdict.correct}};
  if (verdict.score)
    out["score"] = *verdict.score;
  else
    out["no_verdict"] = verdict.no_verdict;
  out["components"] = std::move(components);
  return out;
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
  RewardTable table = parse_rewards(
      kinds, "{" + kind + ": {weight: 1" + (options.empty() ? "" : ", " + options) + "}}")
                          .table();
  std::string gold = read_text(arguments.positional(0));
  std::string answer = read_text(arguments.positional(1));
  std::string prompt = arguments.text("prompt", "");
  Verdict verdict = table.judge({.prompt = prompt, .answer = gold, .text = answer});
  if (arguments.has("json")) {
    std::printf("%s\n", json_text(as_json(verdict)).c_str());
    return 0;
  }
  if (!verdict.score)
    std::printf("no verdict   %s\n", one_line(verdict.no_verdict).c_str());
  else
    std::printf("%-12s %s\n",
        *verdict.score >= 1   ? "right"
        : *verdict.score <= 0 ? "wrong"
                              : str(*verdict.score).c_str(),
        one_line(verdict.components.at(0).evidence).c_str());
  return 0;
}

// The lines of a file, graded by several threads with a table each.
class Grading {
 public:
  Grading(const Dataset& data, const Rewards& rewards) : data_(data), rewards_(rewards) {
    verdicts_.resize(data.size());
  }

  void run(unsigned threads) {
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    show_progress();
    for (auto& worker : workers) worker.join();
    if (failure_) std::rethrow_exception(failure_);
  }

  const std::vector<Verdict>& verdicts() const { return verdicts_; }

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  void work() {
    try {
      RewardTable table = rewards_.table();
      std::uint64_t many = table.batch();
      for (std::uint64_t at = 0; (at = next_.fetch_add(many)) < data_.size();) {
        std::vector<Completion> completions;
        for (std::uint64_t i = at; i < std::min(at + many, data_.size()); ++i)
          completions.push_back({.prompt = data_[i].prompt,
              .answer = data_[i].answer,
              .text = data_[i].completion,
              .id = i});
        auto verdicts = table.judge(completions);
        for (std::size_t i = 0; i < verdicts.size(); ++i)
          verdicts_[at + i] = std::move(verdicts[i]);
        done_ += verdicts.size();
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      done_ = data_.size();
      next_ = data_.size();
    }
  }

  void show_progress() {
    bool terminal = ::isatty(STDERR_FILENO) != 0;
    while (done_ < data_.size()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!terminal || seconds() < 1) continue;
      double share = static_cast<double>(done_) / static_cast<double>(data_.size());
      double left = share > 0 ? seconds() * (1 - share) / share : 0;
      std::string bar(static_cast<std::size_t>(share * 40), '#');
      std::fprintf(stderr, "\r  [%-40s] %llu of %llu, %.0f s left ", bar.c_str(),
          static_cast<unsigned long long>(done_), static_cast<unsigned long long>(data_.size()),
          left);
    }
    if (terminal && seconds() >= 1) std::fputs("\r\x1b[K", stderr);
  }

  const Dataset& data_;
  const Rewards& rewards_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::vector<Verdict> verdicts_;  // each written by one thread
  std::mutex mutex_;
  std::exception_ptr failure_;
};

struct Totals {
  std::uint64_t judged = 0;
  std::uint64_t correct = 0;
  double score = 0;
  std::map<std::string, std::pair<std::uint64_t, double>> components;  // count, sum
  std::map<std::string, std::uint64_t> no_verdict;                     // by reason
};

Totals totals_of(const std::vector<Verdict>& verdicts) {
  Totals totals;
  for (const auto& verdict : verdicts) {
    if (!verdict.score) {
      ++totals.no_verdict[verdict.no_verdict.substr(0, 60)];
      continue;
    }
    ++totals.judged;
    totals.correct += verdict.correct ? 1 : 0;
    totals.score += *verdict.score;
    for (const auto& component : verdict.components) {
      auto& [count, sum] = totals.components[component.name];
      ++count;
      sum += component.value;
    }
  }
  return totals;
}

void print_summary(const Totals& totals, std::uint64_t lines, double seconds) {
  auto n = static_cast<double>(std::max<std::uint64_t>(totals.judged, 1));
  std::printf("completions   %llu\ncorrect       %llu (%.1f %%)\nmean score    %.4f\n",
      static_cast<unsigned long long>(lines), static_cast<unsigned long long>(totals.correct),
      100 * static_cast<double>(totals.correct) / n, totals.score / n);
  for (const auto& [name, part] : totals.components)
    std::printf("  %-12s mean %.4f over %llu\n", name.c_str(),
        part.second / static_cast<double>(part.first), static_cast<unsigned long long>(part.first));
  std::printf("no verdict    %llu\n", static_cast<unsigned long long>(lines - totals.judged));
  for (const auto& [reason, count] : totals.no_verdict)
    std::printf(
        "  %-6llu      %s\n", static_cast<unsigned long long>(count), one_line(reason).c_str());
  std::printf("in            %.1f s, %.0f verdicts/s\n", seconds,
      static_cast<double>(lines) / std::max(seconds, 1e-9));
}

int grade(const std::vector<RewardKind>& kinds, const CliArguments& arguments) {
  Rewards rewards = rewards_of(kinds, arguments);
  static_cast<void>(rewards.table());  // errors first
  Dataset data = read_dataset(*system_files(), arguments.positional(0), {.needs_completion = true});
  auto threads = static_cast<unsigned>(
      arguments.whole("threads", std::max(1U, std::thread::hardware_concurrency()), 256));
  Grading grading(data, rewards);
  grading.run(std::max(1U, threads));
  double seconds = grading.seconds();
  if (arguments.has("out")) {
    std::string path = arguments.text("out", "");
    std::ofstream out(path);
    for (const auto& verdict : grading.verdicts()) out << json_text(as_json(verdict)) << "\n";
    if (!out.flush()) throw Error(Errc::io, path + ": cannot be written");
  }
  Totals totals = totals_of(grading.verdicts());
  if (!arguments.has("json")) {
    print_summary(totals, data.size(), seconds);
    return 0;
  }
  boost::json::object event{{"completions", data.size()}, {"correct", totals.correct},
      {"judged", totals.judged}, {"no_verdict", data.size() - totals.judged},
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
          "standard input. `tram job` lists the kinds and their options.\n\n"
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
          "Each line of the file is {\"prompt\", \"answer\", \"completion\"}. Prints how many "
          "were\n"
          "correct, the mean of each reward, and why any has no verdict.\n\n"
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
