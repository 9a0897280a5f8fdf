#pragma once
// The RunLedger is a run's ledger as a reader sees it, opened anew as its writer goes on, with the
// texts of tokens and the prompts that belong to it.
//
//   if (const LedgerReader* ledger = run.ledger().reader()) …     // else run.ledger().problem()
//
// Thread rule: one at a time.

#include "runtime/base/clock.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class LedgerReader;

class RunLedger {
 public:
  // The clock outlives it.
  RunLedger(std::string run_folder, const Clock& clock);
  ~RunLedger();

  // Whether somebody writes it now: then it is read anew every two seconds.
  void live(bool live);

  // As of now, or up to two seconds ago; null if it cannot be read, which problem() explains. Lives
  // until the next call.
  const LedgerReader* reader();

  const std::string& problem() const { return problem_; }

  // Nothing in it if no tokenizer is left.
  std::vector<std::string> texts(const std::vector<std::int32_t>& tokens);
  std::string text(const std::vector<std::int32_t>& tokens);

  struct Problem {
    bool known = false;
    std::string prompt;
    std::string answer;
  };

  // From the ledger, else from the data that the job names, if they are still there.
  Problem problem_of(std::uint64_t group);

 private:
  struct Texts;

  bool find_texts();

  const std::string folder_;
  const Clock& clock_;
  bool live_ = true;
  Time opened_{};
  std::unique_ptr<LedgerReader> reader_;
  std::string problem_;
  std::unique_ptr<Texts> texts_;
};

}  // namespace tramontane
