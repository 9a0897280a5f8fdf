#include "actors/job/job_rules.h"

#include "actors/job/device.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <set>

namespace tramontane {
namespace {

void check_names(const Job& job, std::vector<BrokenRule>& broken) {
  std::set<std::string> names;
  for (const auto& reward : job.rewards)
    if (!names.insert(reward.name).second)
      broken.push_back({"actors.verifier.rewards." + reward.name,
          "this reward is named twice; give the second another name, and its kind"});
}

// An object is the tests of a code problem, which no answer can be.
void check_answers(const Job& job, std::vector<BrokenRule>& broken) {
  bool maths = std::any_of(job.rewards.begin(), job.rewards.end(),
      [](const RewardSpec& spec) { return spec.kind_or_name() == "math"; });
  if (!maths) return;
  for (const auto* problems : {&job.prompts, &job.heldout})
    for (const Problem& problem : *problems)
      if (problem.prompt.answer.starts_with("{\"")) {
        broken.push_back({problems == &job.prompts ? "data.prompts" : "data.heldout",
            str("the answer of problem ", problem.prompt.index + 1,
                " is an object, which the reward math never understands: ",
                problem.prompt.answer.substr(0, 60))});
        break;
      }
}

// The whole cache must hold one sequence as long as it may become.
void check_cache(const Job& job, std::vector<BrokenRule>& broken) {
  std::size_t longest = 0;
  for (const auto* problems : {&job.prompts, &job.heldout})
    for (const Problem& problem : *problems)
      longest = std::max(longest, problem.prompt.tokens.size());
  std::int64_t tokens = std::max(job.generator.max_tokens, job.evaluator.max_tokens);
  std::int64_t positions = std::min(static_cast<std::int64_t>(longest) + tokens, job.model.context);
  std::int64_t blocks = Decoder::blocks_for(positions);
  std::int64_t needed =
      Decoder::cache_bytes(job.model, {.kv_blocks = blocks, .rows_max = job.generator.rows_max});
  if (needed <= job.generator.cache_bytes) return;
  constexpr std::int64_t megabyte = 1 << 20;
  broken.push_back({"actors.generator.cache_megabytes",
      str("one sequence may have ", positions, " positions (the longest prompt's ", longest,
          " tokens and max_tokens), whose keys and values take ",
          (needed + megabyte - 1) / megabyte, " MB; the cache has ",
          job.generator.cache_bytes / megabyte)});
}

void check_devices(const Job& job, std::vector<BrokenRule>& broken) {
  auto check = [&](const char* key, const std::string& name) {
    if (auto problem = device_problem(name); !problem.empty()) broken.push_back({key, problem});
  };
  check("actors.generator.device", job.generator_device);
  check("actors.trainer.device", job.trainer.device);
}

}  // namespace

std::vector<BrokenRule> broken_rules(const Job& job) {
  std::vector<BrokenRule> broken;
  check_names(job, broken);
  check_answers(job, broken);
  check_cache(job, broken);
  check_devices(job, broken);
  return broken;
}

}  // namespace tramontane
