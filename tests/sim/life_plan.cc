#include "tests/sim/life_plan.h"

#include "actors/run/pipeline.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tramontane {

Duration share_of(Random& random, Duration most) {
  return Duration(static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 1)))));
}

namespace {

using namespace std::chrono_literals;

// Early more often than late: most of a run is over in a second or two.
Duration some_time(Random& random) {
  return share_of(random, random.below(3) == 0 ? Duration(20s) : Duration(1500ms));
}

// Now and then for longer than an agent waits.
Duration stall_time(Random& random) {
  return random.below(5) == 0 ? 55s + share_of(random, 40s) : share_of(random, 3s);
}

void draw_network(Random& random, LifePlan& plan) {
  if (random.below(2) == 0) return;
  plan.faulty_for = 200ms + share_of(random, 8s);
  if (random.below(2) == 0) plan.lost = 0.03 * static_cast<double>(random.uniform());
  if (random.below(2) == 0) plan.duplicated = 0.1 * static_cast<double>(random.uniform());
  plan.late = 0.3 * static_cast<double>(random.uniform());
  plan.late_max = random.below(4) == 0 ? Duration(40s) : Duration(100ms);
  if (random.below(2) == 0) plan.bad_transfer = 0.3;
}

void draw_pace(Random& random, const Job& job, LifePlan& plan) {
  for (const PoolOptions& pool : Pipeline::pools(job)) {
    Duration most = 2ms;
    if (pool.name == "train") most = 20ms;
    if (pool.name.starts_with("decode/")) most = 5ms;  // longer than a message takes
    if (random.below(8) == 0) most *= 50;              // a slow one
    plan.turn_max[pool.name] = most;
  }
}

std::vector<std::string> with_many(const Job& job, std::vector<std::string> actors) {
  for (std::uint32_t i = 0; i < job.generators; ++i) actors.push_back(str("generator/", i));
  for (std::uint32_t i = 0; i < job.verifiers; ++i) actors.push_back(str("verifier/", i));
  return actors;
}

void draw_kills(Random& random, const Job& job, LifePlan& plan) {
  std::vector<std::string> actors =
      with_many(job, {"evaluator", "ledger", "weight_receiver", "weight_broadcaster", "reporter"});
  std::map<std::string, int> times;
  std::uint64_t count = random.below(2) == 0 ? 0 : 1 + random.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string& actor = actors[random.below(actors.size())];
    if (++times[actor] > 3) continue;  // within what its restart policy bears
    plan.kills.push_back({some_time(random), actor});
  }
  std::sort(plan.kills.begin(), plan.kills.end(),
      [](const auto& a, const auto& b) { return a.at < b.at; });
}

void draw_death(Random& random, LifePlan& plan) {
  switch (random.below(7)) {
    case 0:
      plan.dies = some_time(random);
      break;
    case 1:
      plan.disk.crash_at = 1 + random.below(60);
      plan.disk.crash_keeps = random.below(2) == 0;
      break;
    case 2:
      plan.files.at = 1 + random.below(60);
      plan.files.fault = random.below(2) == 0 ? Fault::crash : Fault::torn_crash;
      break;
    case 3:
      plan.kills.push_back({some_time(random), "trainer"});
      std::sort(plan.kills.begin(), plan.kills.end(),
          [](const auto& a, const auto& b) { return a.at < b.at; });
      break;
    case 4:
      plan.finish = some_time(random);
      break;
    default:
      break;
  }
  plan.power_cut = random.below(2) == 0;
  if (random.below(6) == 0) plan.disk.refuse_at = 1 + random.below(60);
  if (random.below(16) == 0 && plan.files.fault == Fault::none)
    plan.files = {.at = 1 + random.below(60), .fault = Fault::refuse};
}

std::vector<std::string> names_of_workers(const Job& job, const Apart& apart) {
  std::vector<std::string> names;
  if (apart.ledger) names.emplace_back("ledger");
  if (apart.trainer) names.emplace_back("trainer");
  if (apart.evaluator) names.emplace_back("evaluator");
  for (std::uint32_t i = 0; apart.generator && i < job.generators; ++i)
    names.push_back(str("generator/", i));
  for (std::uint32_t i = 0; apart.verifier && i < job.verifiers; ++i)
    names.push_back(str("verifier/", i));
  return names;
}

// A worker that is killed is started again whatever the times, if it had done anything.
void draw_worker_faults(Random& random, const Job& job, const Apart& apart, LifePlan& plan) {
  std::vector<std::string> actors = with_many(job,
      {"trainer", "trainer", "evaluator", "ledger", "ledger", "weight_broadcaster", "reporter"});
  auto any = [&] { return actors[random.below(actors.size())]; };
  std::map<std::string, int> times;
  std::uint64_t count = random.below(4) == 0 ? 0 : 1 + random.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string actor = any();
    if (++times[actor] <= 3) plan.kills.push_back({some_time(random), actor});
  }
  std::sort(plan.kills.begin(), plan.kills.end(),
      [](const auto& a, const auto& b) { return a.at < b.at; });
  std::vector<std::string> workers = names_of_workers(job, apart);
  count = random.below(3) == 0 ? 1 + random.below(3) : 0;
  for (std::uint64_t i = 0; i < count; ++i)
    plan.troubles.push_back({static_cast<LifePlan::Trouble::Kind>(random.below(3)),
        some_time(random), stall_time(random), workers[random.below(workers.size())]});
  std::sort(plan.troubles.begin(), plan.troubles.end(),
      [](const auto& a, const auto& b) { return a.at < b.at; });
}

void draw_lines(Random& random, LifePlan& plan) {
  plan.line_delay = share_of(random, random.below(4) == 0 ? Duration(3ms) : Duration(100us));
  if (random.below(2) == 0) plan.line_pieces = 1 + random.below(2000);
  plan.between_hosts = random.below(2) == 0;
  if (random.below(3) != 0) return;
  plan.faulty_for = 200ms + share_of(random, 5s);
  plan.bad_transfer = 0.3;
}

LifePlan draw_apart(Random& random, const Job& job, const Apart& apart, std::uint32_t life) {
  LifePlan plan;
  draw_pace(random, job, plan);
  if (life >= 4) return plan;
  draw_lines(random, plan);
  draw_worker_faults(random, job, apart, plan);
  if (random.below(6) == 0) plan.dies = some_time(random);
  if (random.below(8) == 0) plan.finish = some_time(random);
  plan.power_cut = random.below(2) == 0;
  if (random.below(6) == 0) plan.disk.refuse_at = 1 + random.below(60);
  return plan;
}

}  // namespace

LifePlan draw_life(Random& random, const Job& job, std::uint32_t life, const Apart& apart) {
  if (apart.any()) return draw_apart(random, job, apart, life);
  LifePlan plan;
  draw_pace(random, job, plan);
  if (life >= 4) return plan;  // at last nothing goes wrong
  draw_network(random, plan);
  draw_kills(random, job, plan);
  draw_death(random, plan);
  return plan;
}

std::string describe(const LifePlan& plan) {
  std::string text = str("network faulty for ", seconds(plan.faulty_for), " s (lost ", plan.lost,
      ", duplicated ", plan.duplicated, ", late ", plan.late, " up to ", seconds(plan.late_max),
      " s, bad transfers ", plan.bad_transfer, ")");
  for (const auto& kill : plan.kills) text += str(", kill ", kill.actor, " at ", seconds(kill.at));
  constexpr const char* kinds[] = {", stall ", ", cut ", ", move "};
  for (const auto& trouble : plan.troubles)
    text += str(kinds[static_cast<std::size_t>(trouble.kind)], trouble.worker, " at ",
        seconds(trouble.at), " for ", seconds(trouble.lasts));
  if (plan.dies) text += str(", dies at ", seconds(*plan.dies));
  if (plan.disk.crash_at > 0) text += str(", dies at ledger write ", plan.disk.crash_at);
  if (plan.disk.refuse_at > 0) text += str(", ledger write ", plan.disk.refuse_at, " is refused");
  if (plan.files.fault != Fault::none)
    text +=
        str(", checkpoint change ", plan.files.at, ": fault ", static_cast<int>(plan.files.fault));
  if (plan.power_cut) text += ", a death is a power cut";
  if (plan.finish) text += str(", asked to finish at ", seconds(*plan.finish));
  return text;
}

}  // namespace tramontane
