#include "actors/job/reference.h"

#include "actors/job/job.capnp.h"
#include "actors/job/rewards.h"
#include "actors/model/algorithms.h"
#include "actors/model/model_config.h"
#include "actors/rewards/reward_table.h"
#include "runtime/base/check.h"
#include "runtime/config/load.h"

#include <algorithm>

namespace tramontane {
namespace {

constexpr const char* heading =
    "# Every key of a job graph, with its default or an example, and what it means. Names of "
    "files\n"
    "# are relative to the job graph's folder; here they are those of examples/. Of a model, give\n"
    "# either preset or path. Rewards in comments want something of their own first.\n";

// What has no default that would be of use.
constexpr const char* example = R"(
name: reference
model:
  preset: nano
  tokens: { special: [<pad>, <eos>, <think>, </think>], characters: "0123456789+-*/=,r" }
data: { prompts: gate/train.jsonl, heldout: gate/heldout.jsonl }
stages:
  - warm_start: { demonstrations: gate/demonstrations.jsonl, styles: { worked: 0.8, short: 0.2 } }
  - reinforce: {}
)";

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// One of each kind; the answer itself counts most.
std::string example_rewards(const std::vector<RewardKind>& rewards) {
  std::string out = "actors:\n  verifier:\n    rewards:\n";
  for (const auto& kind : rewards)
    out += str("      ", kind.name, ": ", kind.name == "math" ? "0.9" : "0.1", "\n");
  return out;
}

bool can_be_made(const std::vector<RewardKind>& kinds, const RewardSpec& spec) {
  try {
    RewardTable alone(kinds, {spec}, {});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string job_reference(const std::vector<RewardKind>& rewards) {
  LoadedConfig config =
      load_config<schema::Job>("reference.yaml", example + example_rewards(rewards), {});
  config.finish();
  auto verifier = config.get<schema::Job>().getActors().getVerifier();
  std::vector<std::string> aside;
  std::size_t index = 0;
  for (const auto& spec : reward_specs(verifier, 0)) {
    if (!can_be_made(rewards, spec)) aside.push_back(str("actors.verifier.rewards.", index));
    ++index;
  }
  return heading + config.described({{"rewards", listed(names_of(rewards))},
                                        {"algorithms", listed(algorithm_names())},
                                        {"presets", listed(preset_names())}},
                       [&](const std::string& path) {
                         return std::find(aside.begin(), aside.end(), path) != aside.end();
                       });
}

}  // namespace tramontane
