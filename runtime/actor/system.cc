#include "runtime/actor/system.h"

#include "runtime/actor/cell.h"
#include "runtime/actor/host.h"
#include "runtime/actor/simulation.h"
#include "runtime/actor/watch.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

namespace tramontane {
namespace {

constexpr int turns_between_others = 64;
constexpr Duration destructor_patience = std::chrono::seconds(5);

}  // namespace

class System::State final : public Host {
 public:
  explicit State(System& s) : system_(s) {}

  System& system() override { return system_; }

  Clock& clock() override { return *clock_; }

  Log& log() override { return *log_; }

  Metrics& metrics() override { return *metrics_; }

  std::uint64_t seed() const override { return options.seed; }

  Simulation* simulation() override { return options.simulation; }

  std::string name_of(ActorId actor) const override;
  void exited(const ExitRecord& record) override;
  void gone(ActorId actor) override;

  SystemOptions options;
  std::unique_ptr<RealClock> own_clock;
  std::unique_ptr<Log> own_log;
  std::unique_ptr<Metrics> own_metrics;
  System& system_;
  Clock* clock_ = nullptr;
  Log* log_ = nullptr;
  Metrics* metrics_ = nullptr;
  std::map<std::string, std::unique_ptr<Pool>, std::less<>> pools;

  mutable std::mutex mutex;  // guards the rest
  std::condition_variable ended;
  std::map<ActorId, std::shared_ptr<Cell>> cells;  // ids grow: the order of spawn
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> names;
  std::deque<ExitRecord> records;
  std::set<ActorId> overdue;  // reported already
  ActorId next_id = 1;
  std::shared_ptr<Directory> directory;
  TimerId watchdog;
  bool stopping = false;
  bool stopped = false;

  std::shared_ptr<Cell> cell_of(const ActorRef& actor) const {
    std::lock_guard lock(mutex);
    auto found = cells.find(actor.id());
    return found == cells.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<Cell>> all_cells() const {
    std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Cell>> all;
    all.reserve(cells.size());
    for (const auto& [id, cell] : cells) all.push_back(cell);
    return all;
  }

  // Blocks until the cell has ended, or `deadline`.
  bool await_end(const Cell& cell, Time deadline);
  // Blocks until a cell that was killed has ended: what computes on a thread cannot be interrupted.
  void await_thread(const Cell& cell);
  void end_pools();
  void let_clock_pass();
  void watch_over();
  void report_overdue();
};

bool System::State::await_end(const Cell& cell, Time deadline) {
  if (options.simulation != nullptr) {
    while (!cell.dead() && clock_->now() < deadline && options.simulation->step(deadline)) {
    }
    return cell.dead();
  }
  std::unique_lock lock(mutex);
  auto gone = [&] { return cells.find(cell.id()) == cells.end(); };
  Duration left = std::min<Duration>(deadline - clock_->now(), std::chrono::hours(24 * 365));
  return ended.wait_for(lock, left, gone);
}

void System::State::await_thread(const Cell& cell) {
  while (!await_end(cell, after(clock_->now(), std::chrono::seconds(5)))) {
    ActorStatus status = cell.status();
    log_->write(Level::warning, status.name, "still computes: its thread is waited for",
        {{"handler", status.last_handler}, {"waiting_for", status.waiting_for}});
  }
}

std::string System::State::name_of(ActorId actor) const {
  std::lock_guard lock(mutex);
  auto found = cells.find(actor);
  return found == cells.end() ? "outside" : found->second->name();
}

void System::State::exited(const ExitRecord& record) {
  Level level = record.cause == ExitCause::stopped ? Level::debug : Level::error;
  log_->write(level, record.name, name(record.cause),
      {{"reason", record.text}, {"incarnation", record.incarnation}, {"doing", record.doing},
          {"holding", record.holding}, {"unread", record.unread}, {"restarts", record.restarts}});
  if (options.on_exit) options.on_exit(record);
  if (record.escalated && options.on_escalation) options.on_escalation(record);
  std::lock_guard lock(mutex);
  records.push_back(record);
  while (records.size() > options.exit_records) records.pop_front();
}

void System::State::gone(ActorId actor) {
  std::lock_guard lock(mutex);
  auto found = cells.find(actor);
  names.erase(found->second->label());
  cells.erase(found);
  overdue.erase(actor);
  ended.notify_all();
}

// The clock's thread may still be in the call that woke an actor which has ended since.
void System::State::let_clock_pass() {
  if (dynamic_cast<RealClock*>(clock_) == nullptr) return;
  auto passed = std::make_shared<std::promise<void>>();
  auto waits = passed->get_future();
  clock_->call_at(clock_->now(), [passed] { passed->set_value(); });
  waits.wait();
}

void System::State::end_pools() {
  if (options.simulation != nullptr) {
    for (auto& [name, pool] : pools) pool->end_turns();
    while (options.simulation->step(clock_->now())) {
    }
  }
  for (auto& [name, pool] : pools) pool->join();
  let_clock_pass();
  bool ran = true;
  while (ran) {
    ran = false;
    for (auto& [name, pool] : pools) ran = pool->run_leftovers() || ran;
  }
  pools.clear();
}

// Looks now and then for actors that are stuck, and says so once for each.
void System::State::watch_over() {
  if (options.overdue <= Duration::zero()) return;
  std::lock_guard lock(mutex);
  if (stopping) return;
  watchdog = clock_->call_at(clock_->now() + options.overdue / 2, [this] {
    report_overdue();
    watch_over();
  });
}

void System::State::report_overdue() {
  Time now = clock_->now();
  for (const auto& cell : all_cells()) {
    Duration longest = cell->overdue(now);
    bool late = longest > options.overdue;
    {
      std::lock_guard lock(mutex);
      if (!late) overdue.erase(cell->id());
      if (!late || !overdue.insert(cell->id()).second) continue;
    }
    ActorStatus status = cell->status();
    log_->write(Level::warning, status.name, "no progress",
        {{"seconds", std::chrono::duration<double>(longest).count()}, {"state", name(status.state)},
            {"handler", status.last_handler}, {"waiting_for", status.waiting_for},
            {"unread", status.mailbox_messages}});
  }
}

System::System(SystemOptions options) : state_(std::make_unique<State>(*this)) {
  State& s = *state_;
  s.options = std::move(options);
  s.next_id = s.options.first_id;
  if (s.options.clock == nullptr) s.own_clock = std::make_unique<RealClock>();
  s.clock_ = s.own_clock ? s.own_clock.get() : s.options.clock;
  if (s.options.log == nullptr) s.own_log = std::make_unique<Log>(*s.clock_, LogOptions{});
  s.log_ = s.own_log ? s.own_log.get() : s.options.log;
  if (s.options.metrics == nullptr) s.own_metrics = std::make_unique<Metrics>();
  s.metrics_ = s.own_metrics ? s.own_metrics.get() : s.options.metrics;
  for (const PoolOptions& pool : s.options.pools) {
    bool taken = s.pools.count(pool.name) > 0;
    if (taken) throw Error(Errc::bad_input, str("two pools are called ", pool.name));
    if (simulation() != nullptr) {
      s.pools[pool.name] = simulation()->make_pool(pool);
    } else {
      s.pools[pool.name] = std::make_unique<ThreadPool>(pool);
    }
  }
  s.watch_over();
}

System::~System() {
  stop(destructor_patience);
}

ActorRef System::spawn(ActorOptions options, Factory factory) {
  State& s = *state_;
  if (options.name.empty()) throw Error(Errc::bad_input, "an actor needs a name");
  if (options.kind.empty()) options.kind = options.name;
  Pool& pool_of_actor = pool(options.pool);
  bool held = options.held;
  std::shared_ptr<Cell> cell;
  {
    std::lock_guard lock(s.mutex);
    if (s.stopping) throw Error(Errc::closed, str("the system is stopping: no ", options.name));
    if (s.names.count(options.name) > 0) {
      throw Error(Errc::bad_input, str("there is an actor called ", options.name, " already"));
    }
    if (s.cells.count(options.id) > 0)
      throw Error(Errc::bad_input, str("there is an actor of id ", options.id, " already"));
    int turns = simulation() != nullptr ? 1 : turns_between_others;
    std::string name = options.name;
    ActorId id = options.id != 0 ? options.id : s.next_id++;
    cell =
        std::make_shared<Cell>(s, id, std::move(options), std::move(factory), pool_of_actor, turns);
    s.cells[cell->id()] = cell;
    s.names[name] = cell;
  }
  if (!held) cell->control_start();
  return ActorRef(cell);
}

void System::start(const ActorRef& actor) {
  if (auto cell = state_->cell_of(actor)) cell->control_start();
}

std::optional<ActorRef> System::find(std::string_view name) const {
  std::unique_lock lock(state_->mutex);
  auto found = state_->names.find(name);
  if (found != state_->names.end()) return ActorRef(found->second);
  auto directory = state_->directory;
  lock.unlock();
  return directory ? directory->find(name) : std::nullopt;
}

std::optional<ActorRef> System::find(ActorId id) const {
  if (auto here = find_here(id)) return here;
  std::unique_lock lock(state_->mutex);
  auto directory = state_->directory;
  lock.unlock();
  return directory ? directory->find(id) : std::nullopt;
}

std::optional<ActorRef> System::find_here(ActorId id) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->cells.find(id);
  if (found == state_->cells.end()) return std::nullopt;
  return ActorRef(found->second);
}

void System::attach(std::shared_ptr<Directory> directory) {
  std::lock_guard lock(state_->mutex);
  state_->directory = std::move(directory);
}

void System::watch(const ActorRef& watcher, const ActorRef& actor) {
  TRAM_CHECK(actor.route() != nullptr, "nobody is to be watched");
  if (actor.route()->add_watcher(watcher) || !watcher) return;
  auto notice = detail::make_envelope(
      watcher, Message(ActorExited{actor.id(), actor.route()->name(), actor.route()->incarnation(),
                   ExitCause::stopped, "it is not there any more", false}));
  notice->exempt = true;
  notice = stamped(std::move(notice));
  std::ignore = watcher.route()->deliver(notice, false);
}

bool System::stop(const ActorRef& actor, Duration timeout) {
  auto cell = state_->cell_of(actor);
  if (cell == nullptr) return true;
  cell->control_stop();
  return state_->await_end(*cell, after(clock().now(), timeout));
}

void System::begin_stop(const ActorRef& actor) {
  if (auto cell = state_->cell_of(actor)) cell->control_stop();
}

void System::kill(const ActorRef& actor, std::string reason) {
  if (auto cell = state_->cell_of(actor)) cell->control_kill(std::move(reason));
}

bool System::stop(Duration timeout) {
  State& s = *state_;
  TimerId watchdog;
  {
    std::lock_guard lock(s.mutex);
    if (s.stopped) return true;
    s.stopping = true;
    watchdog = s.watchdog;
  }
  s.clock_->cancel(watchdog);
  Time deadline = after(clock().now(), timeout);
  std::vector<std::shared_ptr<Cell>> killed;
  auto cells = s.all_cells();
  for (auto cell = cells.rbegin(); cell != cells.rend(); ++cell) {
    (*cell)->control_stop();
    Time now = clock().now();
    if (s.await_end(**cell, after(now, (deadline - now) / 2))) continue;
    ActorStatus status = (*cell)->status();
    log().write(Level::warning, status.name, "did not stop in time: killed",
        {{"state", name(status.state)}, {"handler", status.last_handler},
            {"waiting_for", status.waiting_for}});
    (*cell)->control_kill("it did not stop in time");
    killed.push_back(*cell);
  }
  for (const auto& cell : killed) s.await_thread(*cell);
  bool graceful = killed.empty();
  cells.clear();
  killed.clear();
  if (s.directory) s.directory->end("this process stops");
  s.end_pools();
  s.stopped = true;
  return graceful;
}

std::vector<ActorStatus> System::actors() const {
  std::vector<ActorStatus> all;
  for (const auto& cell : state_->all_cells()) all.push_back(cell->status());
  return all;
}

std::optional<ActorStatus> System::status(const ActorRef& actor) const {
  auto cell = std::dynamic_pointer_cast<Cell>(actor.route());
  if (cell == nullptr) return std::nullopt;
  return cell->status();
}

std::vector<ExitRecord> System::exit_records() const {
  std::lock_guard lock(state_->mutex);
  return {state_->records.begin(), state_->records.end()};
}

Clock& System::clock() const {
  return *state_->clock_;
}

Log& System::log() const {
  return *state_->log_;
}

Metrics& System::metrics() const {
  return *state_->metrics_;
}

std::uint64_t System::seed() const {
  return state_->options.seed;
}

Simulation* System::simulation() const {
  return state_->options.simulation;
}

Pool& System::pool(std::string_view name) const {
  auto found = state_->pools.find(name);
  if (found != state_->pools.end()) return *found->second;
  std::string known;
  for (const auto& [known_name, pool] : state_->pools) known += " " + known_name;
  throw Error(Errc::not_found, str("no pool is called ", name, "; there are:", known));
}

}  // namespace tramontane
