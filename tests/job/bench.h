#pragma once
// A folder of small data files, and job graphs that are read in it.
//
//   JobBench bench;
//   Job job = bench.load(graph);
//   CHECK(bench.refused(graph, {"seed=x"}) == …);      // every complaint, a line each

#include "actors/job/job.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "tests/support/temp_folder.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

// Every field has another value than its default.
constexpr const char* full_graph = R"(
name: full-1.a_b
seed: 11
model:
  preset: micro
  tokens: { special: [<pad>, <eos>, <think>, </think>], characters: "0123456789+=" }
  context: 40
data: { prompts: data.jsonl, heldout: held.jsonl }
stages:
  - warm_start:
      demonstrations: shown.jsonl
      limit: 2
      styles: { long: 3, short: 1 }
      steps: 5
      batch: 6
      optimizer: { learning_rate: 0.5, warmup_steps: 4, final_share: 0.25, weight_decay: 0.125,
        beta1: 0.75, beta2: 0.875, clip_norm: 2 }
  - reinforce:
      algorithm: { name: grpo, group: 4, batch: 12, clip_low: 0.3, clip_high: 0.4,
        importance_cap: 3 }
      steps: 7
      max_lag: 5
      overdue: drop
      batch_of: kept
      stop_at_correct: 0.5
      optimizer: { learning_rate: 0.25, warmup_steps: 2, final_share: 0.5, weight_decay: 0.0625 }
actors:
  generator: { count: 2, max_tokens: 20, temperature: 0.5, top_p: 0.75, slots: 300,
    cache_megabytes: 3, on_swap: isolate }
  verifier:
    count: 3
    rewards:
      format: { weight: 0.1, thinking: required, requires: code_block, deadline: 7, batch: 9 }
      math: { weight: 0.9, answer: number, boxes: all }
      length: 0.2
    length_max: 16
    length_cache: 3
  trainer: { microbatch_rows: 512, checkpoint_every: 6, keep_checkpoints: 4, non_finite_max: 9,
    audit_rollouts: 1 }
  broadcaster: { transport: local }
  evaluator: { every: 8, problems: 1, majority: 6 }
)";

class JobBench {
 public:
  JobBench() {
    put("data.jsonl",
        "{\"prompt\":\"1+1=\",\"answer\":\"2\"}\n{\"prompt\":\"2+2=\",\"answer\":\"4\"}\n"
        "{\"prompt\":\"3+3=\",\"answer\":\"6\"}\n");
    put("held.jsonl", "{\"prompt\":\"4+4=\",\"answer\":\"8\"}\n");
    put("shown.jsonl",
        "{\"prompt\":\"1+1=\",\"short\":\"2\",\"long\":\"<think>1</think>2\"}\n"
        "{\"prompt\":\"2+2=\",\"short\":\"4\",\"long\":\"<think>2</think>4\"}\n"
        "{\"prompt\":\"3+3=\",\"short\":\"6\",\"long\":\"<think>3</think>6\"}\n");
  }

  void put(const std::string& name, const std::string& text) {
    files_->write(folder_.path() + "/" + name, as_bytes(text));
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  Job load(const std::string& graph, const std::vector<std::string>& sets = {}) const {
    return parse_job("job.yaml", graph, folder_.path(), sets, {.rewards = built_in_rewards()});
  }

  // What is said of a graph that is not right.
  std::string refused(const std::string& graph, const std::vector<std::string>& sets = {}) const {
    try {
      (void)load(graph, sets);
      return "accepted";
    } catch (const Error& error) {
      return error.text();
    }
  }

 private:
  TempFolder folder_;
  std::unique_ptr<Files> files_ = system_files();
};

}  // namespace tramontane
