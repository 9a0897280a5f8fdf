#include "actors/commands/grading.h"

#include "actors/job/problems.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/shown_text.h"
#include "storage/decompress.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <thread>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::size_t batch_bytes = 1U << 20;  // of lines; one line may be more
constexpr std::uint64_t batches_ahead = 4;     // of each thread, that may wait to be written
constexpr std::size_t errors_shown = 10;
constexpr std::size_t reasons_shown = 12;
constexpr double rate_seconds_min = 0.1;  // in less, a rate is that of starting

// The reason of many lines, which differ in numbers only.
std::string without_numbers(const std::string& reason) {
  std::string out;
  for (char c : reason) {
    bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit)
      out += c;
    else if (!out.ends_with('#'))
      out += '#';
  }
  return out;
}

// Lines are graded as they come: whoever has them packed unpacks them on the way.
void check_start(const std::string& line, const std::string& name) {
  if (is_packed(as_bytes(line)))
    throw Error(
        Errc::bad_input, str(name, " is packed; `zcat` or `zstdcat` it into `tram grade -`"));
  refuse_foreign(as_bytes(line), name);
}

unsigned long long wide(std::uint64_t value) {
  return value;
}

}  // namespace

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

void GradeTotals::add(const Verdict& verdict, std::uint32_t line) {
  ++completions;
  if (!verdict.score) {
    Reason& reason = no_verdict[without_numbers(verdict.no_verdict)];
    if (reason.count++ == 0) {
      reason.example = verdict.no_verdict;
      reason.line = line;
    }
    return;
  }
  ++judged;
  correct += verdict.correct ? 1 : 0;
  score += *verdict.score;
  for (const auto& component : verdict.components) {
    Component& known = components[component.name];
    ++known.count;
    known.sum += component.value;
  }
}

void GradeTotals::add(const GradeTotals& later) {
  completions += later.completions;
  judged += later.judged;
  correct += later.correct;
  score += later.score;
  for (const auto& [name, component] : later.components) {
    components[name].count += component.count;
    components[name].sum += component.sum;
  }
  for (const auto& [key, reason] : later.no_verdict) {
    Reason& known = no_verdict[key];
    if (known.count == 0) known = {0, reason.example, reason.line};
    known.count += reason.count;
  }
}

void Grading::run(unsigned threads) {
  ahead_max_ = batches_ahead * threads;
  working_ = threads;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
  show_progress();
  for (auto& worker : workers) worker.join();
  if (failure_) std::rethrow_exception(failure_);
  if (!errors_.empty()) {
    std::string all;
    for (const auto& error : errors_) all += (all.empty() ? "" : "\n") + error;
    if (more_errors_ > 0) all += str("\n… and ", more_errors_, " more lines like these");
    throw Error(Errc::bad_input, all);
  }
  if (totals_.completions == 0)
    throw Error(Errc::bad_input,
        str(options_.name, ": no examples: expected one JSON object per line, with '",
            options_.fields.prompt_field, "', '", options_.fields.answer_field, "' and '",
            options_.fields.completion_field, "'"));
}

double Grading::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

void Grading::work() {
  try {
    RewardTable table = options_.rewards.table();
    for (Batch batch; take(table.batch(), batch); batch = {})
      give(batch.number, grade(table, batch));
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    written_more_.notify_all();
  }
  --working_;
}

bool Grading::take(std::uint32_t many, Batch& batch) {
  std::unique_lock lock(mutex_);
  written_more_.wait(lock, [this] { return failure_ || taken_ - written_ < ahead_max_; });
  if (failure_) return false;
  std::size_t bytes = 0;
  std::string line;
  while (batch.lines.size() < many && bytes < batch_bytes && std::getline(options_.lines, line)) {
    ++line_;
    bytes += line.size() + 1;
    if (line_ == 1) check_start(line, options_.name);
    if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a byte order mark
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    batch.lines.emplace_back(line_, std::move(line));
  }
  if (options_.lines.bad()) throw Error(Errc::io, options_.name + ": cannot be read");
  read_ += bytes;
  if (batch.lines.empty() && bytes == 0) return false;
  batch.number = taken_++;
  return true;
}

void Grading::check(const Example& example) const {
  try {
    check_answer(options_.rewards.kinds, options_.rewards.specs, example.answer);
  } catch (const Error& error) {
    throw Error(Errc::bad_input, str(options_.name, ":", example.line, ": ", error.text()));
  }
}

Grading::Graded Grading::grade(RewardTable& table, const Batch& batch) {
  Graded out;
  std::vector<Example> examples;
  examples.reserve(batch.lines.size());
  for (const auto& [number, text] : batch.lines) {
    try {
      examples.push_back(parse_example(text, number, options_.name, options_.fields));
      std::string& answer = examples.back().answer;
      answer = answer_behind(answer, options_.answer_after);
      check(examples.back());
    } catch (const Error& error) {
      out.errors.push_back(error.text());
    }
  }
  if (!out.errors.empty()) bad_lines_ = true;
  if (bad_lines_ || examples.empty()) return out;
  std::vector<Completion> completions;
  completions.reserve(examples.size());
  for (const auto& example : examples)
    completions.push_back({.prompt = example.prompt,
        .answer = example.answer,
        .text = example.completion,
        .id = example.line});
  auto verdicts = table.judge(completions);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    out.totals.add(verdicts[i], examples[i].line);
    if (options_.verdicts != nullptr) out.text += json_text(as_json(verdicts[i])) + "\n";
  }
  return out;
}

void Grading::give(std::uint64_t number, Graded graded) {
  std::lock_guard lock(mutex_);
  waiting_.emplace(number, std::move(graded));
  for (auto next = waiting_.begin(); next != waiting_.end() && next->first == written_;
       next = waiting_.erase(next), ++written_) {
    totals_.add(next->second.totals);
    for (auto& error : next->second.errors)
      if (errors_.size() < errors_shown)
        errors_.push_back(std::move(error));
      else
        ++more_errors_;
    if (options_.verdicts != nullptr) *options_.verdicts << next->second.text;
  }
  written_more_.notify_all();
}

void Grading::show_progress() {
  bool shown = ::isatty(STDERR_FILENO) != 0 && options_.bytes > 0;
  for (unsigned waited_ms = 0; working_ > 0; waited_ms += 5) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!shown || seconds() < 1 || waited_ms % 50 != 0) continue;
    double share = std::min(1.0, static_cast<double>(read_) / static_cast<double>(options_.bytes));
    double left = share > 0 ? seconds() * (1 - share) / share : 0;
    std::string bar(static_cast<std::size_t>(share * 40), '#');
    std::fprintf(stderr, "\r  [%-40s] %.0f %%, %.0f s left ", bar.c_str(), 100 * share, left);
  }
  if (shown && seconds() >= 1) std::fputs("\r\x1b[K", stderr);
}

void print_summary(const GradeTotals& totals, double seconds, const Rewards& rewards) {
  auto n = static_cast<double>(std::max<std::uint64_t>(totals.judged, 1));
  std::printf("completions   %llu\ncorrect       %llu (%.1f %% of those judged)\n",
      wide(totals.completions), wide(totals.correct),
      100 * static_cast<double>(totals.correct) / n);
  std::printf("mean score    %.4f\n", totals.score / n);
  for (const auto& [name, part] : totals.components) {
    double weight = 0;
    for (const auto& spec : rewards.specs)
      if (spec.name == name) weight = spec.weight;
    std::printf("  %-12s %.4f of %g on average, over %llu\n", name.c_str(),
        part.sum / static_cast<double>(part.count), weight, wide(part.count));
  }
  std::printf("no verdict    %llu\n", wide(totals.completions - totals.judged));
  std::vector<const GradeTotals::Reason*> reasons;
  for (const auto& [key, reason] : totals.no_verdict) reasons.push_back(&reason);
  std::stable_sort(reasons.begin(), reasons.end(),
      [](const auto* a, const auto* b) { return a->count > b->count; });
  for (std::size_t i = 0; i < std::min(reasons.size(), reasons_shown); ++i)
    std::printf("  %-6llu      %s (line %u%s)\n", wide(reasons[i]->count),
        one_line(reasons[i]->example).c_str(), reasons[i]->line,
        reasons[i]->count > 1 ? " is the first" : "");
  if (reasons.size() > reasons_shown)
    std::printf("  and %zu other reasons\n", reasons.size() - reasons_shown);
  if (seconds < rate_seconds_min)
    std::printf("in            %.0f ms\n", 1000 * seconds);
  else
    std::printf("in            %.1f s, %.0f verdicts/s\n", seconds,
        static_cast<double>(totals.completions) / seconds);
}

}  // namespace tramontane
