#pragma once
// What a job will have in memory at its peak, part by part, and what this machine has for it.
//
//   MemoryPlan plan = plan_memory(job);
//   require_memory(job);  // throws where it is more than there is
//
// Counted is what the job's own process holds: weights, optimizer, activations, caches, versions.
// Graders and sandboxes are processes of their own, with limits of their own.

#include "actors/job/job.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct MemoryPart {
  std::string who;   // "trainer", "weights", …
  std::string what;  // "parameters, gradients, AdamW"
  std::uint64_t bytes = 0;
};

struct MemoryPlan {
  std::vector<MemoryPart> parts;

  std::uint64_t total() const;
};

// At the peak. A checkpoint is written from where its weights lie, and takes nothing. Those that
// live apart have the program's own memory each, and each process that decodes has packed weights
// of its own.
MemoryPlan plan_memory(const Job& job, const Apart& apart = {});

// What this process has and can still take; nothing where the system does not say.
std::optional<std::uint64_t> memory_for_job();

// "812 MB"
std::string size_text(std::uint64_t bytes);

// Error(bad_input) if the plan is more than there is, with its largest parts and what makes them
// smaller: before the job starts, as one that meets its limit hours later is killed without a word.
void require_memory(const Job& job, const Apart& apart = {});

}  // namespace tramontane
