#pragma once
// Grades the lines of a file by several threads, a table of rewards each. Of the file no more is in
// memory than a few batches for each thread; verdicts are written in the order of the lines.
//
//   Grading grading({.lines = file, .name = path, .rewards = rewards, .verdicts = &out});
//   grading.run(threads);
//   print_summary(grading.totals(), grading.seconds(), rewards);
//
// Lines that make no sense are gathered, and thrown together when the file has ended.

#include "actors/rewards/reward_table.h"
#include "storage/dataset.h"

#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <istream>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

namespace tramontane {

// What a table of rewards is made of.
struct Rewards {
  std::vector<RewardKind> kinds;
  std::vector<RewardSpec> specs;
  RewardOptions options;

  RewardTable table() const { return {kinds, specs, options}; }
};

boost::json::object as_json(const Verdict& verdict);

struct GradeTotals {
  struct Component {
    std::uint64_t count = 0;
    double sum = 0;  // of what it was worth, weight and all
  };

  struct Reason {
    std::uint64_t count = 0;
    std::string example;
    std::uint32_t line = 0;  // the first that has it
  };

  std::uint64_t completions = 0;
  std::uint64_t judged = 0;
  std::uint64_t correct = 0;
  double score = 0;
  std::map<std::string, Component> components;
  std::map<std::string, Reason> no_verdict;  // by the reason without its numbers

  void add(const Verdict& verdict, std::uint32_t line);
  void add(const GradeTotals& later);
};

struct GradeOptions {
  std::istream& lines;
  std::string name;         // in errors
  std::uint64_t bytes = 0;  // of the file; 0: not known, and no progress is shown
  DatasetOptions fields = {};
  std::string answer_after = {};  // see job.capnp
  const Rewards& rewards;
  std::ostream* verdicts = nullptr;
};

class Grading {
 public:
  explicit Grading(GradeOptions options) : options_(std::move(options)) {}

  // Throws Error(bad_input) that names the lines which make no sense, the first ten.
  void run(unsigned threads);

  const GradeTotals& totals() const { return totals_; }

  double seconds() const;

 private:
  struct Batch {
    std::uint64_t number = 0;
    std::vector<std::pair<std::uint32_t, std::string>> lines;  // by their numbers
  };

  struct Graded {
    GradeTotals totals;
    std::string text;
    std::vector<std::string> errors;
  };

  void work();
  bool take(std::uint32_t many, Batch& batch);
  void check(const Example& example) const;
  Graded grade(RewardTable& table, const Batch& batch);
  void give(std::uint64_t number, Graded graded);
  void show_progress();

  GradeOptions options_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> read_{0};  // bytes
  std::atomic<unsigned> working_{0};
  std::atomic<bool> bad_lines_{false};  // then the rest is read, and no more judged

  std::mutex mutex_;  // of all that follows
  std::condition_variable written_more_;
  std::uint32_t line_ = 0;
  std::uint64_t taken_ = 0;    // batches
  std::uint64_t written_ = 0;  // batches, those before which all are
  std::uint64_t ahead_max_ = 0;
  std::map<std::uint64_t, Graded> waiting_;
  GradeTotals totals_;
  std::vector<std::string> errors_;
  std::uint64_t more_errors_ = 0;
  std::exception_ptr failure_;
};

void print_summary(const GradeTotals& totals, double seconds, const Rewards& rewards);

}  // namespace tramontane
