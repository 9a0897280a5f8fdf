// Events. What comes of them together: head_seats.cc.

#include "actors/cluster/head_state.h"

#include "actors/cluster/head_words.h"
#include "runtime/base/check.h"
#include "runtime/cli/cli.h"

#include <algorithm>
#include <utility>

namespace tramontane {

HeadState::HeadState(HeadRules rules, std::vector<HeadJob> jobs, std::int64_t now,
    const std::set<std::string>& draining, std::uint64_t last_job)
    : rules_(std::move(rules)), last_job_(last_job), last_move_(static_cast<std::uint64_t>(now)) {
  for (const std::string& name : draining) {
    HeadNode& node = node_named(name, now);
    node.draining = node.expected = true;
  }
  for (HeadJob& job : jobs) {
    last_job_ = std::max(last_job_, job.id);
    for (const SeatOfWorker& seat : job.seats) node_named(seat.node, now).expected = true;
    if (!job.driver_node.empty() && !over(job.state))
      node_named(job.driver_node, now).expected = true;
    if (job.stop_wanted && !over(job.state)) patience_[job.id] = stop_patience;
    jobs_[job.id] = std::move(job);
  }
}

HeadNode& HeadState::node_named(const std::string& name, std::int64_t now) {
  auto [found, fresh] = nodes_.try_emplace(name);
  if (fresh) {
    found->second.id = ++last_node_;
    found->second.offer.name = name;
    found->second.since_ms = now;
  }
  return found->second;
}

HeadJob* HeadState::find(std::uint64_t job) {
  auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

HeadJob* HeadState::running(std::uint64_t job, std::uint32_t attempt) {
  HeadJob* found = find(job);
  if (found == nullptr || over(found->state) || found->state == JobState::queued) return nullptr;
  return found->attempt == attempt ? found : nullptr;
}

void HeadState::set(HeadJob& job, JobState state, const std::string& reason, std::int64_t now) {
  if (job.state == state && job.reason == reason) return;
  if (job.state != state) job.since_ms = now;
  job.state = state;
  job.reason = reason;
  if (over(state)) {
    job.seats.clear();
    job.pid = 0;
    moves_.erase(job.id);
    stuck_.erase(job.id);
  }
  changed_.insert(job.id);
}

// ---- jobs --------------------------------------------------------------------------------------

std::uint64_t HeadState::submit(HeadJob job, std::int64_t now) {
  check(job);
  job.id = ++last_job_;
  job.submitted_ms = job.since_ms = now;
  job.state = JobState::queued;
  job.reason = "it has not been looked at yet";
  job.run = str(rules_.home, "/runs/", job.id, "-", file_name_of(job.name));
  std::uint64_t id = job.id;
  jobs_[id] = std::move(job);
  changed_.insert(id);
  return id;
}

void HeadState::withdraw(std::uint64_t job) {
  jobs_.erase(job);
  changed_.erase(job);
}

const HeadJob& HeadState::removable(std::uint64_t id, bool keep_run) const {
  auto found = jobs_.find(id);
  if (found == jobs_.end())
    throw Error(Errc::not_found, str("there is no job ", id, ": tram jobs lists them"));
  const HeadJob& job = found->second;
  if (!over(job.state))
    throw Error(Errc::refused, str("job ", id, " (", job.name, ") is ", name(job.state),
                                   ": end it by tram stop ", id, ", then remove it"));
  auto node = nodes_.find(job.driver_node);
  bool heard = job.ended == job.attempt || (node != nodes_.end() && node->second.connected);
  if (!heard && !keep_run)
    throw Error(Errc::refused,
        str("job ", id, " is over, but its driver may still write its run directory: node ",
            job.driver_node,
            ", where it ran, is not there. Start that node, or leave the directory by --keep-run"));
  return job;
}

void HeadState::forget(std::uint64_t job) {
  jobs_.erase(job);
  changed_.erase(job);
  patience_.erase(job);
  stop_sent_.erase(job);
}

bool HeadState::stop(std::uint64_t id, Duration patience, std::int64_t now) {
  HeadJob* job = find(id);
  if (job == nullptr) return false;
  if (over(job->state)) return true;
  job->stop_wanted = true;
  changed_.insert(id);
  patience_[id] = patience;
  stop_sent_.erase(id);
  if (job->state == JobState::queued) set(*job, JobState::stopped, "before it began", now);
  if (job->state == JobState::waiting) {
    end_unheard(*job);
    set(*job, JobState::stopped, str("while it waited: ", job->reason), now);
  }
  return true;
}

void HeadState::driver_started(std::uint64_t id, std::uint32_t attempt, int pid, std::int64_t now) {
  HeadJob* job = running(id, attempt);
  // Its end may have been heard of before the answer to its start.
  if (job == nullptr || job->state != JobState::placing) return;
  runs(*job, pid, now);
}

void HeadState::runs(HeadJob& job, int pid, std::int64_t now) {
  job.pid = pid;
  changed_.insert(job.id);
  set(job, JobState::running, job.attempt > 1 ? str("start ", job.attempt, " of its driver") : "",
      now);
}

void HeadState::driver_not_started(
    std::uint64_t id, std::uint32_t attempt, const std::string& why, std::int64_t now) {
  HeadJob* job = running(id, attempt);
  if (job == nullptr || job->state != JobState::placing) return;
  if (job->stop_wanted) end_unheard(*job);
  driver_lost(
      *job, str("its driver could not be started on node ", job->driver_node, ": ", why), now);
}

void HeadState::files_missing(
    std::uint64_t id, std::uint32_t attempt, const std::string& what, std::int64_t now) {
  HeadJob* job = running(id, attempt);
  if (job == nullptr || job->state != JobState::placing) return;
  job->ended = attempt;  // it was not started
  job->exit_code = static_cast<int>(ExitStatus::bad_input);
  set(*job, job->stop_wanted ? JobState::stopped : JobState::failed, what, now);
}

// A driver of which nobody knows whether it lives: the answer to its start may be what was lost.
// One on a node that is away is told when that is back.
void HeadState::end_unheard(const HeadJob& job) {
  auto node = nodes_.find(job.driver_node);
  if (job.ended == job.attempt || node == nodes_.end() || !node->second.connected) return;
  orders_.push_back({.kind = Order::Kind::stop,
      .node = node->second.offer.process,
      .stop = {job.id, job.attempt, Duration::zero()}});
}

void HeadState::driver_ended(
    std::uint64_t id, std::uint32_t attempt, const ProcessEnd& end, std::int64_t now) {
  HeadJob* job = find(id);
  if (job == nullptr || job->attempt != attempt || job->ended == attempt) return;
  job->ended = attempt;
  changed_.insert(id);
  if (running(id, attempt) == nullptr) return;
  job->exit_code = end.end.exit_code;
  std::string last = last_words(end);
  if (end.end.signalled) {
    std::string how = str("its driver was ", end.end.text());
    if (job->stop_wanted) return set(*job, JobState::stopped, how, now);
    if (++job->deaths > rules_.deaths_most)
      return set(*job, JobState::failed, str(how, ", for the ", job->deaths, "th time"), now);
    return driver_lost(*job, how, now);
  }
  switch (static_cast<ExitStatus>(end.end.exit_code)) {
    case ExitStatus::ok:
      return set(*job, JobState::finished, "", now);
    case ExitStatus::interrupted:  // by tram stop, or with its node, which may come back
      if (job->stop_wanted) return set(*job, JobState::stopped, "as wanted", now);
      return driver_lost(*job, "its driver was interrupted", now);
    default:
      return set(*job, job->stop_wanted ? JobState::stopped : JobState::failed,
          last.empty() ? end.end.text() : last, now);
  }
}

// It goes on in a next attempt, on the same node.
void HeadState::driver_lost(HeadJob& job, const std::string& why, std::int64_t now) {
  job.pid = 0;
  if (job.stop_wanted) return set(job, JobState::stopped, why, now);
  set(job, JobState::waiting, why, now);
}

// ---- nodes -------------------------------------------------------------------------------------

bool HeadState::has_run_directories(const JoinCluster& offer) const {
  return offer.home == rules_.home && offer.host == rules_.host;
}

void HeadState::check_offer(const JoinCluster& offer) const {
  check(Cluster{{{.name = offer.name,
      .cpu_milli = offer.cpu_milli,
      .memory_bytes = offer.memory,
      .labels = offer.labels}}});
  if (offer.gpus > devices_max)
    throw Error(Errc::bad_input, str("a node of ", offer.gpus, " GPUs: ", devices_max, " at most"));
  auto known = nodes_.find(offer.name);
  if (known == nodes_.end()) {
    if (nodes_.size() < nodes_max) return;
    throw Error(Errc::refused, str("there are ", nodes_max, " nodes"));
  }
  const char* rename = ": give this one another name (--name)";
  if (known->second.connected && known->second.offer.process != offer.process)
    throw Error(Errc::refused, str("there is a node \"", offer.name, "\" already, at ",
                                   known->second.offer.address, rename));
  if (has_run_directories(offer)) return;
  // The one that has them may be alive, and its drivers write.
  for (const auto& [id, job] : jobs_)
    if (!over(job.state) && job.driver_node == offer.name)
      throw Error(Errc::refused, str("the driver of job ", id, " is on another node \"", offer.name,
                                     "\", which has its run directory", rename));
}

NodeId HeadState::joined(const JoinCluster& offer, std::int64_t now) {
  check_offer(offer);
  HeadNode& node = node_named(offer.name, now);
  bool fresh = node.offer.process != offer.process;
  node.offer = offer;
  node.connected = true;
  node.expected = node.leaving = false;
  node.since_ms = now;
  std::set<std::uint64_t> here;
  for (const DriverState& driver : offer.drivers) {
    HeadJob* job = running(driver.job, driver.attempt);
    if (job == nullptr) {
      // Of an attempt that was replaced, or a job that is over.
      if (!driver.ended)
        orders_.push_back({.kind = Order::Kind::stop,
            .node = offer.process,
            .stop = {driver.job, driver.attempt, Duration::zero()}});
      continue;
    }
    here.insert(driver.job);
    if (driver.ended)
      driver_ended(driver.job, driver.attempt, driver.end, now);
    else
      runs(*job, driver.pid, now);
    // Its seats may have been changed by a head that did not live to say so.
    if (!driver.ended) tell_seats(driver.job, "");
  }
  // A node process that began anew has none of its earlier life's drivers.
  if (fresh)
    for (auto& [id, job] : jobs_)
      if (!over(job.state) && job.state != JobState::queued && job.driver_node == offer.name &&
          here.count(id) == 0)
        driver_lost(job, str("its driver ended with node ", offer.name), now);
  for (std::uint64_t id : here) stop_sent_.erase(id);
  return node.id;
}

void HeadState::disconnected(ProcessId process, std::int64_t heard) {
  for (auto& [name, node] : nodes_) {
    if (!node.connected || node.offer.process != process) continue;
    node.connected = false;
    node.since_ms = heard;
  }
}

bool HeadState::drain(const std::string& name, bool draining) {
  auto node = nodes_.find(name);
  if (node == nodes_.end()) return false;
  node->second.draining = draining;
  return true;
}

void HeadState::leaves(ProcessId process) {
  for (auto& [name, node] : nodes_)
    if (node.connected && node.offer.process == process) node.leaving = true;
}

std::set<std::string> HeadState::draining() const {
  std::set<std::string> names;
  for (const auto& [name, node] : nodes_)
    if (node.draining) names.insert(name);
  return names;
}

bool HeadState::lost(const HeadNode& node, std::int64_t now) const {
  return !node.connected && (node.leaving || now - node.since_ms >= rules_.lease_ms);
}

// What began after now began now: a clock that is set back makes nobody wait longer.
void HeadState::follow_clock(std::int64_t now) {
  for (auto& [name, node] : nodes_) node.since_ms = std::min(node.since_ms, now);
  for (auto& [id, job] : jobs_) {
    if (over(job.state) || job.since_ms <= now) continue;
    job.since_ms = now;
    changed_.insert(id);
  }
}

std::vector<std::uint64_t> HeadState::changed() {
  std::vector<std::uint64_t> all(changed_.begin(), changed_.end());
  changed_.clear();
  return all;
}

}  // namespace tramontane
