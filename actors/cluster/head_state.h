#pragma once
// The HeadState is what a cluster's head decides: which jobs start where, what the loss of a node
// or a driver means, when something is over. Events go in, orders come out; it has no clock, no
// store and no network, so that a test can play any history.
//
//   HeadState state({.home = home}, {});
//   std::uint64_t job = state.submit(…, now);
//   state.joined(offer, now);
//   for (Order& order : state.decide(now)) carry_out(order);   // after state.changed() was stored
//
// Rules:
// - A job's driver runs where run directories are: on a node that shares the head's home and host.
//   It is started again on that node and no other, so that there are never two writers; while that
//   node is gone the job waits and says so.
// - A node whose connection is lost is slow, until nothing was heard of it for `lease`; then it is
//   lost, and workers that were there may be placed elsewhere: those of one node when one of them
//   is asked for, as what is on others may well run. One that said that it ends is lost at once.
//   After its own start a head counts from that moment.
// - A driver that was killed is started again, `deaths_most` times; one that was lost with its node
//   always is. One that ends by itself has ended the job.
// - Workers leave a node that is drained, or says that it is about to end, for seats that there are
//   elsewhere; those beside the driver stay while it runs, and what has no other seat says why.
// - A job that is to stop is over as soon as its driver has ended, or nobody knows whether it
// lives:
//   then it is told to end wherever it is heard of.
//
// Time is milliseconds, of the wall, which may be set. Thread rule: one at a time.

#include "actors/cluster/head_job.h"
#include "scheduler/job_queue.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

struct HeadNode {
  NodeId id = 0;
  JoinCluster offer;
  bool connected = false;
  std::int64_t since_ms = 0;  // connected, or not
  bool draining = false;      // somebody wants it empty
  bool leaving = false;       // it is about to end itself
  bool expected = false;      // never seen by this head: a job of the store has seats there

  // What is there is to go elsewhere.
  bool emptied() const { return draining || leaving; }
};

struct Order {
  enum class Kind : std::uint8_t { start, stop, seat };

  Kind kind = Kind::start;
  ProcessId node = 0;
  StartDriver start;
  StopDriver stop;
  SeatWorkers seat;
};

struct HeadRules {
  std::string home;  // of run directories, with `host`
  std::string host;
  std::int64_t lease_ms = 8'000;
  std::uint32_t deaths_most = 10;
  QueueRules queue = {};
};

class HeadState {
 public:
  // The jobs of an earlier life, the nodes that were drained in it, and the last number that it
  // gave a job, which may have been removed since.
  HeadState(HeadRules rules, std::vector<HeadJob> jobs, std::int64_t now,
      const std::set<std::string>& draining = {}, std::uint64_t last_job = 0);

  // Error(bad_input).
  std::uint64_t submit(HeadJob job, std::int64_t now);
  // One that was just submitted, and is not taken after all.
  void withdraw(std::uint64_t job);

  std::uint64_t last_job() const { return last_job_; }

  // One that is to be forgotten, and its files removed: the run directory too, unless `keep_run`.
  // Error(not_found); Error(refused): it is not over, or may still have a driver that writes there.
  const HeadJob& removable(std::uint64_t job, bool keep_run) const;
  // One that was removable.
  void forget(std::uint64_t job);

  // False if there is no such job. One that is over stays as it is.
  bool stop(std::uint64_t job, Duration patience, std::int64_t now);

  // The order found no room: it will be given again.
  void stop_not_sent(std::uint64_t job) { stop_sent_.erase(job); }

  // The node's number. Error(refused): another node of that name is connected, or has drivers of
  // jobs; Error(bad_input): it offers what no node has.
  NodeId joined(const JoinCluster& offer, std::int64_t now);
  // `heard`: when it said anything last.
  void disconnected(ProcessId node, std::int64_t heard);
  // False if there is no such node.
  bool drain(const std::string& node, bool draining);
  void leaves(ProcessId node);
  std::set<std::string> draining() const;

  // Whether workers were ordered away from a node, and are not known to have gone.
  bool moving(const std::string& node) const;

  // The driver has done what that order to seat its workers said. It is repeated until then.
  void seated(const WorkersSeated& notice);

  void driver_started(std::uint64_t job, std::uint32_t attempt, int pid, std::int64_t now);
  void driver_not_started(
      std::uint64_t job, std::uint32_t attempt, const std::string& why, std::int64_t now);
  void driver_ended(
      std::uint64_t job, std::uint32_t attempt, const ProcessEnd& end, std::int64_t now);
  // For a worker whose node is lost.
  FoundSeat find_seat(const FindSeat& request, std::int64_t now);

  // What nodes are asked before the job's driver is started: whether they have the files that it
  // names by path, as far as their workers read them.
  struct FileChecks {
    std::string node;
    ProcessId process = 0;
    CheckFiles files;
  };

  std::vector<FileChecks> file_checks(std::uint64_t job) const;
  // A node has not. That ends the job.
  void files_missing(
      std::uint64_t job, std::uint32_t attempt, const std::string& what, std::int64_t now);

  // What is to be done now.
  std::vector<Order> decide(std::int64_t now);

  // Jobs that changed since the last call.
  std::vector<std::uint64_t> changed();

  const std::map<std::uint64_t, HeadJob>& jobs() const { return jobs_; }

  const std::map<std::string, HeadNode>& nodes() const { return nodes_; }

  bool lost(const HeadNode& node, std::int64_t now) const;
  // With everything that has a seat.
  Cluster cluster(std::int64_t now) const;

  struct Plan {
    std::vector<SeatOfWorker> seats;
    std::vector<std::string> obstacles;  // why there are none
  };

  // Where a job's workers would go now. Error(bad_input).
  Plan plan(HeadJob job, std::int64_t now) const;

 private:
  HeadJob* running(std::uint64_t job, std::uint32_t attempt);
  HeadJob* find(std::uint64_t job);
  void set(HeadJob& job, JobState state, const std::string& reason, std::int64_t now);
  void runs(HeadJob& job, int pid, std::int64_t now);
  void driver_lost(HeadJob& job, const std::string& why, std::int64_t now);
  void end_unheard(const HeadJob& job);
  void move_workers(HeadJob& job, std::vector<Order>& orders, std::int64_t now);
  void tell_seats(std::uint64_t job, const std::string& from);
  std::string reseat(HeadJob& job, const std::string& node, std::int64_t now);
  void empty_nodes(HeadJob& job, std::int64_t now);
  WorkerSeat worker_seat(const SeatOfWorker& seat) const;
  std::vector<WorkerSeat> worker_seats(const HeadJob& job) const;
  void start_waiting_jobs(std::vector<Order>& orders, std::int64_t now);
  void start_again(HeadJob& job, std::vector<Order>& orders, std::int64_t now);
  std::vector<SeatOfWorker> seats_of(
      const HeadJob& job, const JobRequest& request, const Placement& placement) const;
  void take_seats(HeadJob& job, const JobRequest& request, const Placement& placement);
  Order start_order(const HeadJob& job) const;
  std::optional<NodeId> run_node() const;
  const HeadNode* node_of(NodeId id) const;
  Placement placement_of(const HeadJob& job, const JobRequest& request) const;
  Cluster cluster_without(const HeadJob& job, const std::string& node, std::int64_t now) const;
  bool has_run_directories(const JoinCluster& offer) const;
  void check_offer(const JoinCluster& offer) const;
  void follow_clock(std::int64_t now);
  HeadNode& node_named(const std::string& name, std::int64_t now);

  const HeadRules rules_;
  std::map<std::uint64_t, HeadJob> jobs_;
  std::map<std::string, HeadNode> nodes_;
  std::map<std::uint64_t, Duration> patience_;  // of jobs that are to stop
  std::set<std::uint64_t> stop_sent_;

  // Of a job whose driver is to be told the seats of its workers.
  struct Move {
    std::uint64_t number = 0;
    std::optional<std::int64_t> told_ms;
    std::set<std::string> from;  // nodes that workers leave by it
  };

  std::map<std::uint64_t, Move> moves_;
  std::map<std::uint64_t, std::int64_t> stuck_;  // jobs that cannot leave a node: looked at when
  std::set<std::uint64_t> changed_;
  std::vector<Order> orders_;  // that come of events
  std::uint64_t last_job_ = 0;
  NodeId last_node_ = 0;
  std::uint64_t last_move_ = 0;
};

}  // namespace tramontane
