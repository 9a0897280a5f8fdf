#include "runtime/actor/system.h"

#include "runtime/actor/cell.h"
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
#include <map>
#include <mutex>
#include <set>
#include <tuple>

namespace tramontane {
namespace {

// The inbox of a call from outside: somebody blocks on it.
class Outside final : public Inbox {
 public:
  void push(std::unique_ptr<Item> item) override {
    std::lock_guard lock(mutex_);
    if (answer_ == nullptr) answer_.reset(static_cast<Envelope*>(item.release()));
    arrived_.notify_all();
  }

  bool answered() const {
    std::lock_guard lock(mutex_);
    return answer_ != nullptr;
  }

  std::unique_ptr<Envelope> take() {
    std::lock_guard lock(mutex_);
    return std::move(answer_);
  }

  void wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::min<Duration>(timeout, std::chrono::hours(24 * 365)),
        [this] { return answer_ != nullptr; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::unique_ptr<Envelope> answer_;
};

constexpr int turns_between_others = 64;

}  // namespace

struct System::State {
  SystemOptions options;
  std::unique_ptr<RealClock> own_clock;
  std::unique_ptr<Log> own_log;
  std::unique_ptr<Metrics> own_metrics;
  Clock* clock = nullptr;
  Log* log = nullptr;
  Metrics* metrics = nullptr;
  std::map<std::string, std::unique_ptr<Pool>, std::less<>> pools;

  mutable std::mutex mutex;  // guards the rest
  std::condition_variable ended;
  std::map<ActorId, std::shared_ptr<Cell>> cells;  // ids grow: the order of spawn
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> names;
  std::deque<ExitRecord> records;
  std::set<ActorId> overdue;  // reported already
  ActorId next_id = 1;
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
  void end_pools();
  void watch_over();
  void report_overdue();
};

bool System::State::await_end(const Cell& cell, Time deadline) {
  if (options.simulation != nullptr) {
    while (!cell.dead() && clock->now() < deadline && options.simulation->step(deadline)) {
    }
    return cell.dead();
  }
  std::unique_lock lock(mutex);
  auto gone = [&] { return cells.find(cell.id()) == cells.end(); };
  Duration left = std::min<Duration>(deadline - clock->now(), std::chrono::hours(24 * 365));
  return ended.wait_for(lock, left, gone);
}

void System::State::end_pools() {
  if (options.simulation != nullptr) {
    options.simulation->end_turns();
    while (options.simulation->step(clock->now())) {
    }
  }
  for (auto& [name, pool] : pools) pool->join();
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
  watchdog = clock->call_at(clock->now() + options.overdue / 2, [this] {
    report_overdue();
    watch_over();
  });
}

void System::State::report_overdue() {
  Time now = clock->now();
  for (const auto& cell : all_cells()) {
    Duration longest = cell->overdue(now);
    bool late = longest > options.overdue;
    {
      std::lock_guard lock(mutex);
      if (!late) overdue.erase(cell->id());
      if (!late || !overdue.insert(cell->id()).second) continue;
    }
    ActorStatus status = cell->status();
    log->write(Level::warning, status.name, "no progress",
        {{"seconds", std::chrono::duration<double>(longest).count()}, {"state", name(status.state)},
            {"handler", status.last_handler}, {"waiting_for", status.waiting_for},
            {"unread", status.mailbox_messages}});
  }
}

System::System(SystemOptions options) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.options = std::move(options);
  if (s.options.clock == nullptr) s.own_clock = std::make_unique<RealClock>();
  s.clock = s.own_clock ? s.own_clock.get() : s.options.clock;
  if (s.options.log == nullptr) s.own_log = std::make_unique<Log>(*s.clock, LogOptions{});
  s.log = s.own_log ? s.own_log.get() : s.options.log;
  if (s.options.metrics == nullptr) s.own_metrics = std::make_unique<Metrics>();
  s.metrics = s.own_metrics ? s.own_metrics.get() : s.options.metrics;
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
  if (state_->stopped) return;
  if (std::uncaught_exceptions() > 0) {
    stop(std::chrono::seconds(1));
    return;
  }
  std::fputs("tramontane: a System was destroyed without stop()\n", stderr);
  std::terminate();
}

ActorRef System::spawn(ActorOptions options, Factory factory) {
  State& s = *state_;
  if (options.name.empty()) throw Error(Errc::bad_input, "an actor needs a name");
  if (options.kind.empty()) options.kind = options.name;
  Pool& pool_of_actor = pool(options.pool);
  std::shared_ptr<Cell> cell;
  {
    std::lock_guard lock(s.mutex);
    if (s.stopping) throw Error(Errc::closed, str("the system is stopping: no ", options.name));
    if (s.names.count(options.name) > 0) {
      throw Error(Errc::bad_input, str("there is an actor called ", options.name, " already"));
    }
    int turns = simulation() != nullptr ? 1 : turns_between_others;
    std::string name = options.name;
    cell = std::make_shared<Cell>(
        *this, s.next_id++, std::move(options), std::move(factory), pool_of_actor, turns);
    s.cells[cell->id()] = cell;
    s.names[name] = cell;
  }
  cell->control_start();
  return ActorRef(cell);
}

std::optional<ActorRef> System::find(std::string_view name) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->names.find(name);
  if (found == state_->names.end()) return std::nullopt;
  return ActorRef(found->second);
}

std::optional<ActorRef> System::find(ActorId id) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->cells.find(id);
  if (found == state_->cells.end()) return std::nullopt;
  return ActorRef(found->second);
}

std::unique_ptr<Envelope> System::stamped(std::unique_ptr<Envelope> envelope) const {
  envelope->sent = clock().now();
  return envelope;
}

std::unique_ptr<Envelope> System::call(
    std::unique_ptr<Envelope> envelope, const ActorRef& to, Duration timeout, bool wants_reply) {
  if (!to) {
    envelope->failure = Failure{Errc::undeliverable, "a message to nobody: the address is empty"};
    return envelope;
  }
  auto outside = std::make_shared<Outside>();
  Time deadline = after(clock().now(), timeout);
  std::string type = envelope->body.name();
  envelope = stamped(std::move(envelope));
  envelope->deadline = wants_reply ? deadline : forever;
  envelope->ticket = 1;
  envelope->announces = !wants_reply;
  envelope->reply_to = outside;
  if (to.route()->deliver(envelope, true) == Route::Delivery::not_delivered) return envelope;
  if (simulation() != nullptr) {
    while (!outside->answered() && clock().now() < deadline && simulation()->step(deadline)) {
    }
  } else {
    outside->wait(timeout);
  }
  if (auto withdrawn = outside->answered() ? nullptr : to.route()->withdraw(*outside, 1)) {
    withdrawn->failure =
        Failure{Errc::timeout, str(to.name(), " had no room for ", type, ": not delivered")};
    return withdrawn;
  }
  if (auto answer = outside->take()) return answer;
  auto late = std::make_unique<Envelope>();
  if (wants_reply) {
    late->failure = Failure{Errc::timeout,
        str("no reply from ", to.name(), " to ", type, ": whether it was done is unknown")};
  }
  return late;
}

void System::watch(const ActorRef& watcher, const ActorRef& actor) {
  auto cell = std::dynamic_pointer_cast<Cell>(actor.route());
  TRAM_CHECK(cell != nullptr, "only actors of this process can be watched", actor.name());
  if (cell->add_watcher(watcher) || !watcher) return;
  auto told = detail::make_envelope(
      watcher, Message(ActorExited{actor.id(), cell->label(), cell->incarnation(),
                   ExitCause::stopped, "it is not there any more", false}));
  told->exempt = true;
  told = stamped(std::move(told));
  std::ignore = watcher.route()->deliver(told, false);
}

bool System::stop(const ActorRef& actor, Duration timeout) {
  auto cell = state_->cell_of(actor);
  if (cell == nullptr) return true;
  cell->control_stop();
  return state_->await_end(*cell, after(clock().now(), timeout));
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
  s.clock->cancel(watchdog);
  Time deadline = after(clock().now(), timeout);
  bool graceful = true;
  auto cells = s.all_cells();
  for (auto cell = cells.rbegin(); cell != cells.rend(); ++cell) {
    (*cell)->control_stop();
    Time now = clock().now();
    if (s.await_end(**cell, after(now, (deadline - now) / 2))) continue;
    graceful = false;
    (*cell)->control_kill("it did not stop in time");
    ActorStatus status = (*cell)->status();
    log().write(Level::warning, status.name, "did not stop in time: killed",
        {{"state", name(status.state)}, {"handler", status.last_handler},
            {"waiting_for", status.waiting_for}});
    // What computes on a thread cannot be interrupted: the thread is waited for.
    s.await_end(**cell, forever);
  }
  cells.clear();
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

void System::exited(Cell& cell, ExitRecord record, bool for_good) {
  State& s = *state_;
  Level level = record.cause == ExitCause::stopped ? Level::debug : Level::error;
  s.log->write(level, record.name, name(record.cause),
      {{"text", record.text}, {"incarnation", record.incarnation}, {"doing", record.doing},
          {"holding", record.holding}, {"unread", record.unread}, {"restarts", record.restarts}});
  if (s.options.on_exit) s.options.on_exit(record);
  if (record.escalated && s.options.on_escalation) s.options.on_escalation(record);
  std::lock_guard lock(s.mutex);
  s.records.push_back(std::move(record));
  while (s.records.size() > s.options.exit_records) s.records.pop_front();
  if (!for_good) return;
  s.names.erase(cell.label());
  s.cells.erase(cell.id());
  s.overdue.erase(cell.id());
  s.ended.notify_all();
}

Clock& System::clock() const {
  return *state_->clock;
}

Log& System::log() const {
  return *state_->log;
}

Metrics& System::metrics() const {
  return *state_->metrics;
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
