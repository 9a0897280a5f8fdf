#include "actors/cluster/head_actor.h"

#include "actors/cluster/head_answers.h"
#include "actors/cluster/job_files.h"
#include "runtime/actor/pool.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/link/socket_link.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration looks_every = 100ms;
constexpr Duration start_patience = 10s;
constexpr Duration silence_most = 5s;        // of a node, which says every second that it is alive
constexpr Duration store_opened_every = 1s;  // where it has failed
constexpr Duration store_told_every = 60s;   // that it takes nothing
constexpr const char* job_prefix = "job/";
constexpr const char* drain_prefix = "draining/";
constexpr const char* last_job_key = "last_job";  // of those that were removed

std::string key_of(std::uint64_t job) {
  char key[32];
  std::snprintf(key, sizeof key, "%s%016llx", job_prefix, static_cast<unsigned long long>(job));
  return key;
}

// What is refused is the asker's failure, not the head's.
template <class Work>
auto declined(Work work) -> Answer<decltype(work())> {
  try {
    return work();
  } catch (const Error& error) {
    return Failure{error.errc(), error.text()};
  }
}

}  // namespace

// First its nodes are asked for files, then the driver is started.
struct HeadActor::Starting {
  struct Check {
    std::string node;
    Pending<CheckFiles> call;
  };

  StartDriver start;
  ActorRef to;
  std::vector<Check> checks;
  bool checked = false;
  Pending<StartDriver> call;
};

HeadActor::HeadActor(HeadRules rules, std::unique_ptr<KvStore> store, OpenStore open,
    std::shared_ptr<RemoteActors> remote, ThreadPool& links)
    : rules_(std::move(rules)),
      store_(std::move(store)),
      open_store_(std::move(open)),
      remote_(std::move(remote)),
      links_(links),
      shipments_(rules_.home + "/runs/.shipments") {  // on the disk of where they go
  handle(&HeadActor::join);
  handle(&HeadActor::driver_ended);
  handle(&HeadActor::find_seat);
  handle(&HeadActor::node_leaves);
  handle(&HeadActor::workers_seated);
  handle(&HeadActor::answer);
  handle(&HeadActor::visit);
  handle(&HeadActor::lost);
  handle(&HeadActor::tick);
}

HeadActor::~HeadActor() = default;

Task<void> HeadActor::start() {
  std::vector<HeadJob> jobs;
  store_->scan(job_prefix, [&](std::string_view, std::string_view record) {
    jobs.push_back(parse_job_record(std::string(record)));
    return true;
  });
  if (!jobs.empty()) log(Level::info, "jobs are known", {{"jobs", jobs.size()}});
  store_->scan(drain_prefix, [&](std::string_view key, std::string_view) {
    stored_draining_.emplace(key.substr(std::string_view(drain_prefix).size()));
    return true;
  });
  auto last = store_->get(last_job_key);
  state_ = std::make_unique<HeadState>(
      rules_, std::move(jobs), wall_ms(), stored_draining_, last ? std::stoull(*last) : 0);
  after(looks_every, HeadTick{});
  co_return;
}

std::int64_t HeadActor::wall_ms() const {
  return system().clock().wall() / 1000;
}

ActorRef HeadActor::node(ProcessId process) const {
  return remote_->find(speaker_of(process)).value_or(ActorRef());
}

// ---- nodes -------------------------------------------------------------------------------------

Answer<Welcomed> HeadActor::join(JoinCluster offer) {
  if (numbered_by(sender().id()) != offer.process)
    return Failure{Errc::refused, "a node joins for itself"};
  auto id = declined([&] { return state_->joined(offer, wall_ms()); });
  if (!id) return id.error();
  log(Level::info, str("node ", offer.name, " joined"),
      {{"address", offer.address}, {"cpu", offer.cpu_milli / 1000}, {"memory", offer.memory},
          {"drivers", offer.drivers.size()}});
  act();
  return Welcomed{*id};
}

void HeadActor::driver_ended(DriverEnded notice) {
  log(Level::info, str("the driver of job ", notice.job, " ", notice.end.end.text()),
      {{"attempt", notice.attempt}});
  state_->driver_ended(notice.job, notice.attempt, notice.end, wall_ms());
  act();
}

Answer<FoundSeat> HeadActor::find_seat(FindSeat request) {
  auto found = declined([&] { return state_->find_seat(request, wall_ms()); });
  store();
  return found;
}

void HeadActor::node_leaves(NodeLeaves) {
  state_->leaves(numbered_by(sender().id()));
  act();
}

void HeadActor::workers_seated(WorkersSeated notice) {
  state_->seated(notice);
}

void HeadActor::visit(Visit visit) {
  const Greeting& peer = visit.peer;
  bool known = peer.role == "node" || peer.role == "client";
  if (!known || peer.process == 0 || peer.actor != speaker_of(peer.process))
    return log(Level::warning, "a visitor who wants nothing that a head has",
        {{"role", peer.role}, {"name", peer.name}});
  remote_->add({peer.actor, str(peer.role, "/", peer.process), peer.process, 1});
  SessionOptions options;
  options.beat = 1s;
  remote_->connect(peer.process, peer.name, socket_link(links_, std::move(*visit.socket)), options);
}

void HeadActor::lost(SessionLost notice) {
  remote_->gone(speaker_of(notice.process), notice.why);
  for (const auto& [name, node] : state_->nodes())
    if (node.connected && node.offer.process == notice.process)
      log(Level::warning, str("node ", name, " is not reached"), {{"reason", notice.why}});
  auto heard = heard_.find(notice.process);
  state_->disconnected(notice.process, heard == heard_.end() ? wall_ms() : heard->second);
  if (heard != heard_.end()) heard_.erase(heard);
  act();
}

// ---- acting ------------------------------------------------------------------------------------

void HeadActor::tick(HeadTick) {
  after(looks_every, HeadTick{});
  shipments_.drop_idle(wall_ms());
  hear_answers();
  listen();
  act();
}

void HeadActor::hear_answers() {
  for (auto each = starting_.begin(); each != starting_.end();) {
    bool goes_on = each->checked || hear_checks(*each);
    if (goes_on && !each->call.ready()) {
      ++each;
      continue;
    }
    if (goes_on) {
      auto started = each->call.take();
      const StartDriver& start = each->start;
      if (started)
        state_->driver_started(start.job, start.attempt, started->pid, wall_ms());
      else
        state_->driver_not_started(start.job, start.attempt, started.error().text, wall_ms());
    }
    each = starting_.erase(each);
  }
}

// Once all nodes have answered, has the driver started. False: it is not to be.
bool HeadActor::hear_checks(Starting& starting) {
  for (const Starting::Check& check : starting.checks)
    if (!check.call.ready()) return true;
  const StartDriver& start = starting.start;
  std::string missing;
  std::string unknown;
  for (Starting::Check& check : starting.checks) {
    auto checked = check.call.take();
    if (!checked) unknown = str("node ", check.node, " is asked for files: ", checked.error().text);
    if (!checked) continue;
    for (const std::string& problem : checked->problems)
      missing += str(missing.empty() ? "" : "\n", "node ", check.node, ": ", problem);
  }
  if (!missing.empty()) {
    state_->files_missing(start.job, start.attempt,
        missing +
            "\nNodes must have these under the same name: copy them there, or put them where "
            "all of them see",
        wall_ms());
    return false;
  }
  if (!unknown.empty()) {
    state_->driver_not_started(start.job, start.attempt, unknown, wall_ms());
    return false;
  }
  starting.checked = true;
  StartDriver order = start;
  starting.call = call(starting.to, give(order), start_patience, "a driver to be started");
  return true;
}

// A node that was stopped, or whose machine was, keeps its connection and says nothing.
void HeadActor::listen() {
  std::vector<ProcessId> silent;
  for (const auto& [name, node] : state_->nodes()) {
    auto silence = node.connected ? remote_->silence(node.offer.process) : std::nullopt;
    if (!silence) continue;
    heard_[node.offer.process] =
        wall_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(*silence).count();
    if (*silence > silence_most) silent.push_back(node.offer.process);
  }
  for (ProcessId process : silent) remote_->disconnect(process, "nothing was heard of it");
}

// Nothing is done that is not stored.
void HeadActor::act() {
  if (!store()) return;
  for (Order& order : state_->decide(wall_ms())) held_.push_back(std::move(order));
  if (!store()) return;
  for (const Order& order : std::exchange(held_, {})) carry_out(order);
}

// RocksDB does not get over every failure of its log (it ends the program at a later write), so
// that a store that has failed is opened anew. What was not written is written again.
void HeadActor::write(const WriteBatch& batch) {
  if (!store_) {
    if (now() < open_again_) throw Error(Errc::io, store_problem_);
    open_again_ = tramontane::after(now(), store_opened_every);
    store_ = open_store_();
  }
  try {
    store_->write(batch);
    store_->sync();
  } catch (const Error& error) {
    store_problem_ = error.text();
    store_.reset();
    throw;
  }
}

// False where it could not be: to be tried again.
bool HeadActor::store() {
  for (std::uint64_t id : state_->changed()) {
    unstored_.insert(id);
    const HeadJob& job = state_->jobs().at(id);
    log(Level::info, str("job ", id, " (", job.name, ") is ", tramontane::name(job.state)),
        {{"reason", job.reason}});
  }
  std::set<std::string> draining = state_->draining();
  if (unstored_.empty() && draining == stored_draining_) return true;
  WriteBatch batch;
  for (const std::string& node : draining)
    if (!stored_draining_.contains(node)) batch.put(drain_prefix + node, "");
  for (const std::string& node : stored_draining_)
    if (!draining.contains(node)) batch.remove(drain_prefix + node);
  for (std::uint64_t id : unstored_) {
    const HeadJob& job = state_->jobs().at(id);
    batch.put(key_of(id), job_record(job));
  }
  try {
    write(batch);
  } catch (const Error& error) {
    store_problem_ = error.text();
    if (now() < store_told_) return false;
    log(Level::error, "what was decided cannot be stored: jobs that run go on, others wait",
        {{"reason", store_problem_}});
    store_told_ = tramontane::after(now(), store_told_every);
    return false;
  }
  unstored_.clear();
  stored_draining_ = std::move(draining);
  return true;
}

void HeadActor::carry_out(const Order& order) {
  ActorRef to = node(order.node);
  if (!to) return;
  if (order.kind == Order::Kind::stop) {
    if (!try_send(to, order.stop)) state_->stop_not_sent(order.stop.job);
    return;
  }
  if (order.kind == Order::Kind::seat) {
    std::ignore = try_send(to, order.seat);
    return;
  }
  start_driver(order);
}

void HeadActor::start_driver(const Order& order) {
  Starting starting{.start = order.start, .to = node(order.node)};
  for (HeadState::FileChecks& check : state_->file_checks(order.start.job))
    if (ActorRef to = node(check.process))
      starting.checks.push_back({check.node,
          call(to, give(check.files), start_patience, "a node to look for a job's files")});
  if (hear_checks(starting)) starting_.push_back(std::move(starting));
}

// Its files first: a head that is killed meanwhile still knows the job, and it is removed again.
HeadAnswer HeadActor::remove(const AskHead& request) {
  auto [id, keep_run] = parse_removal(request.request);
  HeadJob job = state_->removable(id, keep_run);
  std::vector<std::string> problems = remove_files(rules_.home, job, keep_run);
  if (problems.empty()) {
    WriteBatch batch;
    batch.remove(key_of(id));
    batch.put(last_job_key, std::to_string(state_->last_job()));
    write(batch);
    unstored_.erase(id);
    state_->forget(id);
    log(Level::info, str("job ", id, " (", job.name, ") is removed"), {{"run kept", keep_run}});
  }
  return removal_answer(job, problems);
}

// A job that cannot be kept with its files is not taken, and nothing of it stays.
HeadAnswer HeadActor::submit(const AskHead& request) {
  ShippedFiles shipped = parse_shipped(request.request);
  HeadAnswer answer = answer_of_head(*state_, rules_.home, request, wall_ms());
  HeadJob job = state_->jobs().at(state_->last_job());
  std::optional<Error> problem;
  try {
    if (!shipped.ticket.empty()) shipments_.take(shipped.ticket, shipped.files, job.run + "/files");
    if (store()) return answer;
    problem.emplace(Errc::io, str("the head cannot keep a job: ", store_problem_));
  } catch (const Error& error) {
    problem = error;
  }
  unstored_.erase(job.id);
  state_->withdraw(job.id);
  if (!shipped.ticket.empty()) std::ignore = remove_files(rules_.home, job, false);
  throw Error(*problem);
}

Answer<HeadAnswer> HeadActor::answer(AskHead request) {
  auto answer = declined([&]() -> HeadAnswer {
    if (request.what == "remove") return remove(request);
    if (request.what == "submit") return submit(request);
    if (request.what != "ship") return answer_of_head(*state_, rules_.home, request, wall_ms());
    shipments_.add(parse_piece(request.request), request.data, wall_ms());
    return {"{}", {}};
  });
  act();
  return answer;
}

}  // namespace tramontane
