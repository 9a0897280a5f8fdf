#include "actors/job/alarms.h"

#include <filesystem>

namespace tramontane {

AlarmPlan alarm_plan(
    schema::Alarms::Builder alarms, const std::string& folder, const Files& files) {
  AlarmPlan plan;
  plan.bounds = {.stalled = alarms.getStalled(),
      .gap = alarms.getGap(),
      .no_verdict = alarms.getNoVerdict(),
      .reward_flat = alarms.getRewardFlat(),
      .entropy = alarms.getEntropy(),
      .length = alarms.getLength(),
      .lag = alarms.getLag(),
      .generator_idle = alarms.getGeneratorIdle(),
      .disk_megabytes = alarms.getDiskMegabytes(),
      .memory_megabytes = alarms.getMemoryMegabytes(),
      .restarts = alarms.getRestarts()};
  auto command = alarms.getCommand();
  for (unsigned i = 0; i < command.size(); ++i) {
    std::string word = command.asReader()[i];
    auto file = std::filesystem::weakly_canonical(std::filesystem::path(folder) / word).string();
    if (files.exists(file)) command.set(i, word = file);
    plan.command.push_back(word);
  }
  return plan;
}

}  // namespace tramontane
