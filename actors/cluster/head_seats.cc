// What a head decides when everything that happened is known: who starts, where, and who waits.

#include "actors/cluster/head_state.h"
#include "actors/cluster/head_words.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

constexpr std::int64_t pause_ms = 500;  // before a driver is started again

}  // namespace

std::optional<NodeId> HeadState::run_node() const {
  std::optional<NodeId> found;
  for (const auto& [name, node] : nodes_)
    if (node.connected && !node.emptied() && has_run_directories(node.offer) &&
        (!found || node.id < *found))
      found = node.id;
  return found;
}

const HeadNode* HeadState::node_of(NodeId id) const {
  for (const auto& [name, node] : nodes_)
    if (node.id == id) return &node;
  return nullptr;
}

Cluster HeadState::cluster(std::int64_t now) const {
  Cluster cluster;
  for (const auto& [name, node] : nodes_) {
    Node out{.id = node.id,
        .name = name,
        .cpu_milli = node.offer.cpu_milli,
        .memory_bytes = node.offer.memory,
        .gpus_milli = std::vector<std::int32_t>(node.offer.gpus, whole_gpu_milli),
        .labels = node.offer.labels,
        .instruction_set =
            static_cast<InstructionSet>(std::min<std::uint8_t>(node.offer.instruction_set, 2))};
    if (node.emptied()) out.state = NodeState::draining;
    if (node.expected || lost(node, now)) out.state = NodeState::lost;
    // Slow: nothing new goes there, what is there stays.
    if (!node.connected && out.state == NodeState::ready) out.state = NodeState::draining;
    cluster.nodes.push_back(std::move(out));
  }
  for (const auto& [id, job] : jobs_) {
    if (over(job.state) || job.seats.empty()) continue;
    JobRequest request = request_of(job, NodeId{1});
    settle(cluster, request, placement_of(job, request));
  }
  // One that is not there yet, or has fewer than it had, has as many as are taken: nothing is free.
  for (Node& node : cluster.nodes)
    for (const Placed& placed : node.placed)
      for (const DeviceShare& share : placed.devices)
        if (share.device >= node.gpus_milli.size()) node.gpus_milli.resize(share.device + 1, 0);
  return cluster;
}

Placement HeadState::placement_of(const HeadJob& job, const JobRequest& request) const {
  Placement placement{.instruction_set = job.kernels};
  for (std::uint32_t group = 0; group < request.groups.size(); ++group) {
    std::uint32_t actor = 0;
    for (const JobWorker& worker : job.workers) {
      if (worker.group != request.groups[group].name) continue;
      for (const SeatOfWorker& seat : job.seats)
        if (seat.worker == worker.name)
          if (auto node = nodes_.find(seat.node); node != nodes_.end())
            placement.seats.push_back({group, actor, node->second.id, seat.devices});
      ++actor;
    }
  }
  return placement;
}

std::vector<SeatOfWorker> HeadState::seats_of(
    const HeadJob& job, const JobRequest& request, const Placement& placement) const {
  std::vector<SeatOfWorker> seats;
  for (const Seat& seat : placement.seats) {
    std::uint32_t actor = 0;
    for (const JobWorker& worker : job.workers) {
      if (worker.group != request.groups[seat.group].name) continue;
      if (actor++ != seat.actor) continue;
      seats.push_back({worker.name, node_of(seat.node)->offer.name, seat.devices});
    }
  }
  return seats;
}

void HeadState::take_seats(HeadJob& job, const JobRequest& request, const Placement& placement) {
  job.seats = seats_of(job, request, placement);
  job.kernels = placement.instruction_set;
  for (const SeatOfWorker& seat : job.seats)
    if (seat.worker == driver_of_job) job.driver_node = seat.node;
  changed_.insert(job.id);
}

HeadState::Plan HeadState::plan(HeadJob job, std::int64_t now) const {
  job.id = last_job_ + 1;
  check(job);
  auto run = run_node();
  if (!run) return {{}, {"there is no node where run directories are"}};
  JobRequest request = request_of(job, run);
  Placing placing = place(cluster(now), request);
  if (auto* obstacles = std::get_if<Obstacles>(&placing)) return {{}, obstacles->lines(50)};
  return {seats_of(job, request, std::get<Placement>(placing)), {}};
}

WorkerSeat HeadState::worker_seat(const SeatOfWorker& seat) const {
  WorkerSeat out{seat.worker, seat.node, nodes_.at(seat.node).offer.address, {}};
  for (const DeviceShare& share : seat.devices) out.devices.push_back(share.device);
  return out;
}

std::vector<WorkerSeat> HeadState::worker_seats(const HeadJob& job) const {
  std::vector<WorkerSeat> seats;
  for (const SeatOfWorker& seat : job.seats)
    if (seat.worker != driver_of_job) seats.push_back(worker_seat(seat));
  return seats;
}

std::vector<HeadState::FileChecks> HeadState::file_checks(std::uint64_t id) const {
  std::vector<FileChecks> checks;
  auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.files.empty()) return checks;
  const HeadJob& job = found->second;
  std::map<std::string, std::set<std::string>> groups;  // by node
  for (const SeatOfWorker& seat : job.seats)
    for (const JobWorker& worker : job.workers)
      if (worker.name == seat.worker) groups[seat.node].insert(worker.group);
  for (const auto& [node, there] : groups) {
    FileChecks check{.node = node, .process = nodes_.at(node).offer.process};
    for (const JobFile& file : job.files) {
      bool read = std::any_of(file.groups.begin(), file.groups.end(),
          [&at = there](const std::string& group) { return at.contains(group); });
      if (read || file.groups.empty()) check.files.files.push_back({file.path, file.bytes});
    }
    if (!check.files.files.empty()) checks.push_back(std::move(check));
  }
  return checks;
}

Order HeadState::start_order(const HeadJob& job) const {
  Order order{.node = nodes_.at(job.driver_node).offer.process};
  order.start = {.job = job.id,
      .attempt = job.attempt,
      .name = job.name,
      .folder = job.run,
      .graph = job.graph,
      .seats = worker_seats(job)};
  return order;
}

void HeadState::start_waiting_jobs(std::vector<Order>& orders, std::int64_t now) {
  auto run = run_node();
  std::vector<WaitingJob> waiting;
  for (auto& [id, job] : jobs_) {
    if (job.state != JobState::queued) continue;
    if (!run) {
      set(job, JobState::queued,
          "there is no node where run directories are: the head's own node is not there", now);
      continue;
    }
    waiting.push_back({request_of(job, run), job.priority, job.submitted_ms});
  }
  if (waiting.empty()) return;
  QueueTurn turn = next_jobs(cluster(now), waiting, now, rules_.queue);
  for (const Start& start : turn.starts) {
    const JobRequest& request = waiting[start.job].request;
    HeadJob& job = jobs_.at(request.id);
    take_seats(job, request, start.placement);
    ++job.attempt;
    set(job, JobState::placing, str("its driver is being started on node ", job.driver_node), now);
    orders.push_back(start_order(job));
  }
  for (const StillWaiting& wait : turn.waits)
    set(jobs_.at(waiting[wait.job].request.id), JobState::queued, first_lines(wait.obstacles), now);
}

void HeadState::start_again(HeadJob& job, std::vector<Order>& orders, std::int64_t now) {
  auto node = nodes_.find(job.driver_node);
  if (node == nodes_.end() || !node->second.connected) {
    set(job, JobState::waiting, str("for node ", job.driver_node, ", where its run directory is"),
        now);
    return;
  }
  ++job.attempt;
  set(job, JobState::placing, str("its driver is being started again on node ", job.driver_node),
      now);
  orders.push_back(start_order(job));
}

std::vector<Order> HeadState::decide(std::int64_t now) {
  follow_clock(now);
  std::vector<Order> orders = std::exchange(orders_, {});
  for (auto& [id, job] : jobs_) {
    if (over(job.state) || job.state == JobState::queued) continue;
    auto node = nodes_.find(job.driver_node);
    bool gone = node == nodes_.end() || lost(node->second, now);
    if (gone && (job.state == JobState::running || job.state == JobState::placing))
      driver_lost(job, str("node ", job.driver_node, " is lost, where its driver runs"), now);
    if (job.state == JobState::waiting && now - job.since_ms >= pause_ms)
      start_again(job, orders, now);
    bool reached = node != nodes_.end() && node->second.connected;
    if (job.state == JobState::running && reached && !job.stop_wanted)
      move_workers(job, orders, now);
    if (job.stop_wanted && job.state == JobState::running && reached &&
        stop_sent_.insert(id).second) {
      auto patience = patience_.find(id);
      orders.push_back({.kind = Order::Kind::stop,
          .node = node->second.offer.process,
          .stop = {
              id, job.attempt, patience == patience_.end() ? stop_patience : patience->second}});
    }
  }
  start_waiting_jobs(orders, now);
  return orders;
}

}  // namespace tramontane
