#pragma once
// Which roles of a job live in processes of their own, where each may be killed alone; the others
// are threads of the process that the user started.
//
//   Apart apart = apart_of(job, true);      // --isolation process
//   if (apart.ledger) …                     // the store is a worker's to open

#include <optional>

namespace tramontane {

struct Job;

struct Apart {
  bool ledger = false;
  bool generator = false;  // each, with a weight receiver beside it
  bool verifier = false;   // each
  bool trainer = false;
  bool evaluator = false;

  bool any() const { return ledger || generator || verifier || trainer || evaluator; }

  // Whether weights go from one process to another.
  bool weights() const { return generator || trainer || evaluator; }
};

// What a job says of each role itself; nothing: as its run has it.
struct IsolationPlan {
  std::optional<bool> ledger;
  std::optional<bool> generator;
  std::optional<bool> verifier;
  std::optional<bool> trainer;
  std::optional<bool> evaluator;
};

// `otherwise`: of the roles of which the job says nothing.
Apart apart_of(const Job& job, bool otherwise);

}  // namespace tramontane
