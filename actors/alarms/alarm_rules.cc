#include "actors/alarms/alarm_rules.h"

#include "actors/view/draw.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace tramontane {
namespace {

using Readings = std::vector<AlarmReading>;

constexpr double stalled_seconds_least = 60;
constexpr double lag_seconds_least = 60;
constexpr double restart_seconds = 600;
constexpr std::size_t few_steps = 5;
constexpr std::size_t some_steps = 10;
constexpr std::size_t many_steps = 20;
constexpr double idle_steps = 3;
constexpr double nearly_all = 0.95;
constexpr double learnt = 0.9;  // of the answers are right: little is left to explore
constexpr double infinite = std::numeric_limits<double>::infinity();

// How often `part` is contained in `whole`, where none of it is worse than any.
double ratio(double whole, double part) {
  if (part > 0) return whole / part;
  return whole > 0 ? infinite : 0;
}

std::string percent(double share) {
  return fixed(100 * share, share < 0.1 ? 1 : 0) + " %";
}

std::string megabytes(double bytes) {
  return fixed(bytes / 1e6, 0) + " MB";
}

// The last `count` steps, or nothing if there are not so many.
std::span<const AlarmStep> last_steps(
    std::vector<AlarmStep>& keep, const AlarmFacts& facts, std::size_t count) {
  if (facts.recent.size() < count) return {};
  keep.assign(facts.recent.end() - static_cast<std::ptrdiff_t>(count), facts.recent.end());
  return keep;
}

// The mean over steps that say it; NaN if none does.
double mean(std::span<const AlarmStep> steps, double AlarmStep::*field) {
  double sum = 0;
  double count = 0;
  for (const AlarmStep& step : steps) {
    if (!std::isfinite(step.*field)) continue;
    sum += step.*field;
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

double sum(std::span<const AlarmStep> steps, double AlarmStep::*field) {
  double all = 0;
  for (const AlarmStep& step : steps)
    if (std::isfinite(step.*field)) all += step.*field;
  return all;
}

Readings stalled(const AlarmFacts& facts, double bound) {
  if (!facts.under_way()) return {};
  double median = facts.median_step();
  double since = facts.now - facts.moved;
  std::string text = str("no step for ", duration(since), ", where one takes ", duration(median));
  if (const AlarmActor* trainer = facts.actor("trainer"))
    text +=
        trainer->waiting_for.empty() ? ": it computes" : ": it waits for " + trainer->waiting_for;
  for (const AlarmActor& actor : facts.actors)
    if (actor.state == "restarting" || actor.state == "dead" || actor.state == "building")
      text += str("; ", actor.name, " is ", actor.state);
  return {{facts.one_of("trainer"), since / std::max(stalled_seconds_least, bound * median), text}};
}

Readings gap(const AlarmFacts& facts, double bound) {
  double most = 0;
  std::size_t seen = 0;
  for (auto step = facts.recent.rbegin(); step != facts.recent.rend() && seen < few_steps;
       ++step, ++seen)
    if (step->gap > most) most = step->gap;
  return {{facts.one_of("trainer"), most / bound,
      str("log-probabilities that generators recorded and the audit's differ by ", most, " nats")}};
}

Readings no_verdict(const AlarmFacts& facts, double bound) {
  std::vector<AlarmStep> keep;
  auto steps = last_steps(keep, facts, some_steps);
  double all = sum(steps, &AlarmStep::rollouts);
  if (!(all > 0)) return {};
  double share = sum(steps, &AlarmStep::no_verdict) / all;
  return {{facts.one_of("verifier"), share / bound,
      str(percent(share), " of the completions of the last ", some_steps,
          " steps could not be judged: nothing is learnt from them")}};
}

Readings reward_flat(const AlarmFacts& facts, double bound) {
  std::vector<AlarmStep> keep;
  auto steps = last_steps(keep, facts, many_steps);
  double correct = mean(steps, &AlarmStep::correct);
  if (!std::isfinite(correct)) return {};
  bool all = correct > 0.5;
  return {{facts.one_of("verifier"), ratio(bound, all ? 1 - correct : correct),
      str(percent(correct), " of the answers of the last ", many_steps, " steps are right: ",
          all ? "there is nothing left to learn" : "no completion is better than another")}};
}

Readings entropy(const AlarmFacts& facts, double bound) {
  std::vector<AlarmStep> keep;
  auto steps = last_steps(keep, facts, some_steps);
  double left = mean(steps, &AlarmStep::entropy);
  double correct = mean(steps, &AlarmStep::correct);
  if (!std::isfinite(left) || !(correct < learnt)) return {};
  return {{facts.one_of("trainer"), ratio(bound, left),
      str("the policy has ", fixed(left, 5), " nats of entropy left where ", percent(correct),
          " of its answers are right: it tries nothing new")}};
}

Readings length(const AlarmFacts& facts, double bound) {
  std::vector<AlarmStep> keep;
  auto steps = last_steps(keep, facts, some_steps);
  double cut = mean(steps, &AlarmStep::truncated);
  double first = 0;
  for (double share : facts.truncated_first)
    first += share / static_cast<double>(facts.truncated_first.size());
  if (!std::isfinite(cut)) return {};
  return {{facts.one_of("generator"), std::min(cut / bound, ratio(cut, 2 * first)),
      str("max_tokens cuts off ", percent(cut), " of the completions, at first ", percent(first))}};
}

Readings lag(const AlarmFacts& facts, double bound) {
  std::vector<AlarmStep> keep;
  if (facts.max_lag == 0) return {};
  std::size_t count = many_steps;
  while (count < facts.recent.size() &&
         facts.recent.back().seconds - facts.recent[facts.recent.size() - count].seconds <
             lag_seconds_least)
    ++count;
  auto steps = last_steps(keep, facts, count);
  if (steps.empty() || steps.back().seconds - steps.front().seconds < lag_seconds_least) return {};
  double dropped = ratio(sum(steps, &AlarmStep::stale), sum(steps, &AlarmStep::rollouts));
  double oldest = mean(steps, &AlarmStep::oldest_share);
  double idle = oldest >= nearly_all ? 1 - mean(steps, &AlarmStep::generator_busy) : 0;
  if (dropped > idle)
    return {{facts.one_of("trainer"), dropped / bound,
        str(percent(dropped),
            " of the completions were dropped: older than max_lag = ", facts.max_lag, " allows")}};
  return {{facts.one_of("trainer"), idle / bound,
      str("nearly all tokens are as old as max_lag = ", facts.max_lag,
          " allows, and generators wait ", percent(idle), " of the time")}};
}

Readings generator_idle(const AlarmFacts& facts, double bound) {
  Readings readings;
  for (const AlarmActor& actor : facts.actors) {
    auto wrote = facts.wrote.find(actor.name);
    if (wrote == facts.wrote.end()) continue;
    double idle = facts.now - wrote->second;
    std::string text = str("it has written nothing for ", duration(idle));
    if (!actor.waiting_for.empty()) text += ": " + actor.waiting_for;
    readings.push_back(
        {actor.name, idle / std::max(bound, idle_steps * facts.median_step()), text});
  }
  return readings;
}

Readings disk_megabytes(const AlarmFacts& facts, double bound) {
  if (!facts.disk_bytes) return {};
  double wanted = std::max(bound * 1e6, 2 * facts.checkpoint_bytes);
  return {{facts.one_of("ledger"), ratio(wanted, *facts.disk_bytes),
      str(megabytes(*facts.disk_bytes), " are left where the run's directory is")}};
}

Readings memory_megabytes(const AlarmFacts& facts, double bound) {
  if (!facts.memory_bytes) return {};
  return {{"run", ratio(bound * 1e6, *facts.memory_bytes),
      str(megabytes(*facts.memory_bytes), " of memory are left: whoever wants more is killed")}};
}

Readings restarts(const AlarmFacts& facts, double bound) {
  Readings readings;
  for (const auto& [name, ends] : facts.failed) {
    double count = 0;
    for (double at : ends) count += at > facts.now - restart_seconds ? 1 : 0;
    readings.push_back(
        {name, count / bound, str(fixed(count, 0), " of its lives failed within ten minutes")});
  }
  return readings;
}

constexpr std::array<AlarmRule, 11> rules = {{
    {"stalled", &AlarmBounds::stalled,
        "the time since the last step, against the median of the last 64; evaluations do not count",
        "what each actor waits for, and its log (page: Actors)", stalled},
    {"gap", &AlarmBounds::gap, "log_prob_gap_max of the last 5 steps",
        "whether all processes run on the same instruction set, and the audited rollouts "
        "(page: Rollouts)",
        gap},
    {"no_verdict", &AlarmBounds::no_verdict,
        "rollouts_no_verdict over rollouts, of the last 10 steps",
        "the reasons: `tram rollouts RUN --no-verdict` (page: Rollouts)", no_verdict},
    {"reward_flat", &AlarmBounds::reward_flat, "the mean of correct over the last 20 steps",
        "some completions with their verdicts (page: Rollouts), the rewards, the difficulty of the "
        "problems",
        reward_flat},
    {"entropy", &AlarmBounds::entropy,
        "the mean of entropy over the last 10 steps, unless 0.9 of the answers are right",
        "whether completions of one prompt differ (page: Rollouts); clip_high, learning_rate and "
        "temperature",
        entropy},
    {"length", &AlarmBounds::length,
        "the mean of truncated_share over the last 10 steps, and over the first 10",
        "how cut completions end (page: Rollouts); max_tokens, a reward of length, overlong",
        length},
    {"lag", &AlarmBounds::lag,
        "over the last 20 steps, or a minute if that is more: rollouts_stale over rollouts; the "
        "generators' idle time where 95 "
        "% "
        "of the tokens are max_lag old",
        "train_seconds against step_seconds (page: Metrics): the trainer is too slow for its "
        "generators",
        lag},
    {"generator_idle", &AlarmBounds::generator_idle,
        "since when a generator has not computed, evaluations left out",
        "its wait reason and its log (page: Actors)", generator_idle},
    {"disk_megabytes", &AlarmBounds::disk_megabytes, "what the file system of the run has left",
        "the size of RUN/ledger and RUN/checkpoints; keep_checkpoints", disk_megabytes},
    {"memory_megabytes", &AlarmBounds::memory_megabytes,
        "what the machine or the control group has left",
        "`tram plan`: who needs how much; "
        "cache_megabytes, microbatch_rows",
        memory_megabytes},
    {"restarts", &AlarmBounds::restarts, "failed lives of an actor in the last ten minutes",
        "its exit records (page: Actors; RUN/exits.jsonl)", restarts},
}};

}  // namespace

std::span<const AlarmRule> alarm_rules() {
  return rules;
}

}  // namespace tramontane
