#include "runtime/actor/cell.h"

#include "runtime/actor/simulation.h"
#include "runtime/actor/watch.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tramontane {
namespace {

constexpr Duration busy_window = std::chrono::seconds(5);

struct Control final : Item {
  enum class Order : std::uint8_t { start, stop, kill };

  Control(Order o, std::string r) : Item(Kind::control), order(o), reason(std::move(r)) {}

  Order order;
  std::string reason;
};

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::optional<Errc> code_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.errc();
  } catch (...) {
    return std::nullopt;
  }
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::int64_t count(Time time) {
  return time.time_since_epoch().count();
}

}  // namespace

Cell::Cell(System& system, ActorId id, ActorOptions options, Factory factory, Pool& pool, int turns)
    : Strand(options.name, id, system.clock(), pool, turns),
      Route(id, options.name),
      system_(system),
      options_(std::move(options)),
      factory_(std::move(factory)),
      mailbox_(options_.mailbox),
      supervisor_(options_.restart),
      random_(system.seed(), hash_of(options_.name)),
      handler_seconds_(
          system.metrics().histogram("actor_handler_seconds", {{"actor", options_.name}})),
      mailbox_seconds_(
          system.metrics().histogram("actor_mailbox_seconds", {{"actor", options_.name}})) {}

Cell::~Cell() = default;

void Cell::control_start() {
  push(std::make_unique<Control>(Control::Order::start, ""));
}

void Cell::control_stop() {
  push(std::make_unique<Control>(Control::Order::stop, ""));
}

void Cell::control_kill(std::string reason) {
  push(std::make_unique<Control>(Control::Order::kill, std::move(reason)));
}

// ---- one turn -------------------------------------------------------------------------------

bool Cell::turn() {
  if (ending_) {
    if (jobs() == 0) bury();
    return false;
  }
  if (doing_ != Doing::nothing) {
    if (!task_.done()) return false;
    end_task();
    return true;
  }
  if (build_wanted_) {
    build();
    return true;
  }
  if (actor_ == nullptr) return false;
  if (stop_wanted_) {
    set_state(ActorState::stopping);
    begin_task(Doing::stop, detail::RunningTask(actor_->stop()));
    return true;
  }
  if (!box_.empty()) {
    handle_next();
    return true;
  }
  bool has_work = false;
  try {
    has_work = actor_->has_work();
    if (has_work) begin_task(Doing::step, detail::RunningTask(actor_->work()));
  } catch (...) {
    fail(std::current_exception());
    return true;
  }
  return has_work;
}

void Cell::on_item(std::unique_ptr<Item> item) {
  if (item->kind == Item::Kind::mail) {
    std::unique_ptr<Envelope> envelope(static_cast<Envelope*>(item.release()));
    box_.push_back(std::move(envelope));
    if (dead()) bounce_all(Errc::closed, str(label(), " has stopped"));
    return;
  }
  auto& control = static_cast<Control&>(*item);
  if (dead() || ending_) return;
  switch (control.order) {
    case Control::Order::start:
      build_wanted_ = true;
      return;
    case Control::Order::stop:
      stop_wanted_ = true;
      if (doing_ == Doing::step || doing_ == Doing::start) cancel_waits();
      if (actor_ == nullptr) {
        build_wanted_ = false;
        end_life(ExitCause::stopped, "");
      }
      return;
    case Control::Order::kill:
      end_life(ExitCause::killed, std::move(control.reason));
      return;
  }
}

void Cell::build() {
  build_wanted_ = false;
  Time at = now();
  born_ = at;
  incarnation_.fetch_add(1, std::memory_order_relaxed);
  handled_here_ = 0;
  set_state(ActorState::starting);
  window_start_.store(count(at), std::memory_order_relaxed);
  window_busy_.store(busy_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  try {
    actor_ = factory_();
    TRAM_CHECK(actor_ != nullptr, "the factory built nothing", label());
    actor_->cell_ = this;
    begin_task(Doing::start, detail::RunningTask(actor_->start()));
  } catch (...) {
    fail(std::current_exception());
  }
}

void Cell::begin_task(Doing doing, detail::RunningTask task) {
  doing_ = doing;
  if (doing != Doing::message) {
    began_ = now();
    idle_before_ = idle_time();
    task_since_.store(count(began_), std::memory_order_relaxed);
    if (doing == Doing::step) set_state(ActorState::working);
  }
  task_ = std::move(task);
  task_.run_on(*this);
  start(task_.frame());
}

// True if the message is not to be handled any more; it has its answer then.
bool Cell::obsolete(std::unique_ptr<Envelope>& envelope) {
  if (envelope->incarnation != 0 && envelope->incarnation != incarnation()) {
    bounce(std::move(envelope), Errc::stale,
        str(label(), " is not incarnation ", envelope->incarnation, " any more"));
    return true;
  }
  if (envelope->ticket != 0 && !envelope->announces && envelope->deadline <= began_) {
    bounce(std::move(envelope), Errc::timeout,
        str("the deadline passed before ", label(), " could take it: not done"));
    return true;
  }
  return false;
}

void Cell::handle_next() {
  current_ = std::move(box_.front());
  box_.pop_front();
  admit_parked(*current_);
  began_ = now();
  oldest_.store(box_.empty() ? 0 : count(box_.front()->sent), std::memory_order_relaxed);
  if (obsolete(current_)) return;
  mailbox_seconds_.record_alone(seconds(began_ - current_->sent));
  idle_before_ = idle_time();
  task_since_.store(count(began_), std::memory_order_relaxed);
  last_handler_.store(current_->body.name(), std::memory_order_relaxed);
  set_state(ActorState::handling);
  std::uint64_t id = current_->body.id();
  auto known = std::find_if(actor_->handlers_.begin(), actor_->handlers_.end(),
      [id](const detail::Handler& handler) { return handler.id == id; });
  doing_ = Doing::message;
  if (known == actor_->handlers_.end()) {
    current_->failure = Failure{Errc::unsupported,
        str(label(), " (", options_.kind, ") has no handler for ", current_->body.name())};
    end_task();
    return;
  }
  try {
    detail::RunningTask task = known->call(*actor_, *current_);
    if (task) {
      begin_task(Doing::message, std::move(task));
    } else {
      end_task();
    }
  } catch (...) {
    fail(std::current_exception());
  }
}

void Cell::end_task() {
  Doing ended = doing_;
  try {
    if (task_) task_.collect(current_.get());
  } catch (...) {
    fail(std::current_exception());
    return;
  }
  task_.reset();
  doing_ = Doing::nothing;
  Time at = count_task(began_, ended == Doing::message);
  if (ended == Doing::message) {
    current_->sent = at;
    answer(std::move(current_));
  }
  if (ended == Doing::stop) {
    end_life(ExitCause::stopped, "");
    return;
  }
  set_state(ActorState::idle);
}

Time Cell::count_task(Time began, bool was_message) {
  Time ended = now();
  if (was_message) {
    ++handled_here_;
    handled_.store(handled_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    handler_seconds_.record_alone(seconds(ended - began));
  }
  Duration busy = (ended - began) - (idle_time() - idle_before_);
  std::int64_t all = busy_.load(std::memory_order_relaxed) + busy.count();
  busy_.store(all, std::memory_order_relaxed);
  task_since_.store(0, std::memory_order_relaxed);
  idle_since_.store(count(ended), std::memory_order_relaxed);
  std::int64_t window = count(ended) - window_start_.load(std::memory_order_relaxed);
  if (window < busy_window.count()) return ended;
  double share = static_cast<double>(all - window_busy_.load(std::memory_order_relaxed)) /
                 static_cast<double>(window);
  window_share_.store(share, std::memory_order_relaxed);
  window_busy_.store(all, std::memory_order_relaxed);
  window_start_.store(count(ended), std::memory_order_relaxed);
  return ended;
}

// ---- the end of a life ----------------------------------------------------------------------

void Cell::fail(const std::exception_ptr& error) {
  end_life(ExitCause::failed, text_of(error), code_of(error));
}

std::string Cell::doing_text() const {
  std::string text;
  switch (doing_) {
    case Doing::nothing:
      return state_.load(std::memory_order_relaxed) == ActorState::starting ? "being built" : "";
    case Doing::start:
      text = "start()";
      break;
    case Doing::message:
      text = str("handling ", last_handler_.load(std::memory_order_relaxed));
      break;
    case Doing::step:
      text = "a work step";
      break;
    case Doing::stop:
      text = "stop()";
      break;
  }
  std::string waiting = Strand::status().text();
  return waiting.empty() ? text : text + ", waiting for " + waiting;
}

void Cell::end_life(ExitCause cause, std::string text, std::optional<Errc> code) {
  ExitRecord record;
  record.actor = id();
  record.name = label();
  record.kind = options_.kind;
  record.incarnation = incarnation();
  record.cause = cause;
  record.text = std::move(text);
  record.code = code;
  record.doing = doing_text();
  record.wall = system_.clock().wall();
  record.lived = now() - born_;
  record.handled = handled_here_;
  record.last_lines.assign(last_lines_.begin(), last_lines_.end());
  if (actor_ != nullptr) {
    try {
      record.holding = actor_->holding();
    } catch (...) {
      record.holding = "holding() threw: " + text_of(std::current_exception());
    }
  }
  ending_ = std::move(record);
  freeze();
  if (jobs() == 0) bury();
}

// Once no job of the actor runs any more: destroys it, sends its mail back, and tells.
void Cell::bury() {
  ExitRecord record = std::move(*ending_);
  ending_.reset();
  task_.reset();
  doing_ = Doing::nothing;
  thaw();
  actor_.reset();
  timed_.clear();
  build_wanted_ = false;
  restart_at_ = forever;
  task_since_.store(0, std::memory_order_relaxed);
  bool failed = record.cause != ExitCause::stopped;
  if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
  std::optional<Duration> pause;
  if (failed && !stop_wanted_) pause = supervisor_.on_failure(now());
  record.restarts = pause.has_value();
  record.escalated = failed && !pause && !stop_wanted_;

  std::string why = str(
      label(), " ", tramontane::name(record.cause), record.text.empty() ? "" : ": " + record.text);
  if (current_) {
    bool done = current_->failure.has_value();
    if (!done) current_->failure = Failure{Errc::failed, why};
    answer(std::move(current_));
  }
  set_state(pause ? ActorState::restarting : ActorState::dead);
  record.unread = bounce_all(failed ? Errc::undeliverable : Errc::closed, why);
  if (pause) {
    restarts_.fetch_add(1, std::memory_order_relaxed);
    restart_at_ = after(now(), *pause);
    arm(restart_at_);
  } else {
    disarm();
  }
  std::vector<ActorRef> watchers;
  {
    std::lock_guard lock(mutex_);
    watchers = watchers_;
    notes_.clear();
  }
  for (const ActorRef& watcher : watchers) {
    auto told = detail::make_envelope(
        watcher, Message(ActorExited{record.actor, record.name, record.incarnation, record.cause,
                     record.text, record.restarts}));
    told->source = id();
    told->sent = now();
    told->exempt = true;
    std::ignore = watcher.route()->deliver(told, false);
  }
  last_lines_.clear();
  system_.exited(*this, std::move(record), !pause);
}

}  // namespace tramontane
