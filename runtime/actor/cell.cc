#include "runtime/actor/cell.h"

#include "runtime/actor/pool.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"

#include <algorithm>
#include <utility>

namespace tramontane {
namespace {

constexpr Duration busy_window = std::chrono::seconds(5);

constexpr unsigned bit(ActorState state) {
  return 1U << static_cast<unsigned>(state);
}

// Which states may follow this one.
constexpr unsigned followers(ActorState state) {
  using enum ActorState;
  switch (state) {
    case building:
      return bit(starting) | bit(dead);
    case starting:
    case handling:
    case working:
      return bit(idle) | bit(ending);
    case idle:
      return bit(handling) | bit(working) | bit(stopping) | bit(ending);
    case stopping:
      return bit(ending);
    case ending:
      return bit(restarting) | bit(dead);
    case restarting:
      return bit(building) | bit(dead);
    case dead:
      return 0;
  }
  return 0;
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::int64_t count(Time time) {
  return time.time_since_epoch().count();
}

}  // namespace

struct Cell::Control final : Item {
  Control(Order o, std::string r) : Item(Kind::control), order(o), reason(std::move(r)) {}

  Order order;
  std::string reason;
};

// A call that was given up. Its envelope keeps the inbox alive, so that the address is no other's.
struct Cell::Abandonment final : Item {
  Abandonment(const Inbox& s, Ticket t) : Item(Kind::control), sender(&s), call(t) {}

  bool is(const Envelope& envelope) const {
    return envelope.reply_to.get() == sender && envelope.ticket == call;
  }

  const Inbox* sender;
  Ticket call;
};

Cell::Cell(Host& host, ActorId id, ActorOptions options, Factory factory, Pool& pool, int turns)
    : Strand(options.name, id, host.clock(), pool, turns),
      Route(id, options.name),
      host_(host),
      options_(std::move(options)),
      factory_(std::move(factory)),
      mailbox_(options_.mailbox),
      supervisor_(options_.restart),
      random_(host.seed(), hash_of(options_.name)),
      handler_seconds_(
          host.metrics().histogram("actor_handler_seconds", {{"actor", options_.name}})),
      mailbox_seconds_(
          host.metrics().histogram("actor_mailbox_seconds", {{"actor", options_.name}})),
      held_(options_.held),
      incarnation_(options_.lives_before) {}

Cell::~Cell() = default;

void Cell::control_start() {
  push(std::make_unique<Control>(Order::start, ""));
}

void Cell::control_stop() {
  push(std::make_unique<Control>(Order::stop, ""));
}

void Cell::control_kill(std::string reason) {
  push(std::make_unique<Control>(Order::kill, std::move(reason)));
}

void Cell::enter(ActorState next) {
  TRAM_CHECK((followers(state()) & bit(next)) != 0, "an actor's state cannot follow the other",
      label(), tramontane::name(state()), tramontane::name(next));
  state_.store(next, std::memory_order_release);
}

// In a life that goes on.
bool Cell::alive() const {
  constexpr unsigned lives = bit(ActorState::starting) | bit(ActorState::idle) |
                             bit(ActorState::handling) | bit(ActorState::working) |
                             bit(ActorState::stopping);
  return (lives & bit(state())) != 0;
}

// ---- one turn -------------------------------------------------------------------------------

bool Cell::turn() {
  switch (state()) {
    case ActorState::building:
      if (held_) return false;
      build();
      return true;
    case ActorState::starting:
    case ActorState::handling:
    case ActorState::working:
    case ActorState::stopping:
      if (!task_.done()) return false;
      end_task();
      return true;
    case ActorState::idle:
      return next_thing();
    case ActorState::ending:
      if (jobs() == 0) bury();
      return false;
    case ActorState::restarting:
    case ActorState::dead:
      return false;
  }
  return false;
}

bool Cell::next_thing() {
  if (stop_wanted_) {
    enter(ActorState::stopping);
    begin_task(detail::RunningTask(actor_->stop()));
    return true;
  }
  if (!box_.empty()) {
    handle_next();
    return true;
  }
  try {
    if (!actor_->has_work()) return false;
    enter(ActorState::working);
    begin_task(detail::RunningTask(actor_->work()));
  } catch (...) {
    fail(std::current_exception());
  }
  return true;
}

void Cell::on_item(std::unique_ptr<Item> item) {
  if (item->kind == Item::Kind::mail) {
    box_.emplace_back(static_cast<Envelope*>(item.release()));
    if (dead()) bounce_all(Errc::closed, str(label(), " has stopped"));
    return;
  }
  if (auto* call = dynamic_cast<Abandonment*>(item.get())) return take_abandonment(*call);
  auto& control = static_cast<Control&>(*item);
  take_order(control.order, std::move(control.reason));
}

void Cell::abandon(const Inbox& sender, Ticket ticket) {
  push(std::make_unique<Abandonment>(sender, ticket));
}

// Unread mail is answered, for the answer gives credit back.
void Cell::take_abandonment(const Abandonment& call) {
  if (current_ && call.is(*current_)) {
    abandoned_ = true;
    return;
  }
  auto unread = std::find_if(
      box_.begin(), box_.end(), [&](const auto& envelope) { return call.is(*envelope); });
  if (unread == box_.end()) return;
  std::unique_ptr<Envelope> envelope = std::move(*unread);
  box_.erase(unread);
  if (box_.empty()) oldest_.store(0, std::memory_order_relaxed);
  admit_parked(*envelope);
  bounce(std::move(envelope), Errc::cancelled,
      str("given up before ", label(), " could take it: not done"));
}

void Cell::take_order(Order order, std::string reason) {
  switch (order) {
    case Order::start:  // it has woken the strand: the turn builds
      held_ = false;
      return;
    case Order::stop:
      stop_wanted_ = true;
      if (state() == ActorState::working || state() == ActorState::starting) cancel_waits();
      if (state() == ActorState::building || state() == ActorState::restarting) retire();
      return;
    case Order::kill:
      if (state() == ActorState::building) build();
      if (alive()) end_life(ExitCause::killed, std::move(reason));
      return;
  }
}

// A message's task has begun when the message was taken.
void Cell::begin_task(detail::RunningTask task) {
  if (state() != ActorState::handling) {
    began_ = now();
    idle_before_ = idle_time();
    task_since_.store(count(began_), std::memory_order_relaxed);
  }
  task_ = std::move(task);
  task_.run_on(*this);
  start(task_.frame());
}

// True if the message is not to be handled any more; it has its answer then.
bool Cell::obsolete(std::unique_ptr<Envelope>& envelope) {
  if (envelope->incarnation != 0 && envelope->incarnation != incarnation()) {
    std::string text = str(label(), " is not incarnation ", envelope->incarnation, " any more");
    bounce(std::move(envelope), Errc::stale, text);
    return true;
  }
  if (envelope->wants_reply() && !envelope->announces && envelope->deadline <= began_) {
    bounce(std::move(envelope), Errc::timeout,
        str("the deadline passed before ", label(), " could take it: not done"));
    return true;
  }
  return false;
}

// Whoever asks is told. Of mail that wants no reply nobody would ever hear.
void Cell::handled_by_nobody() {
  std::string text =
      str(label(), " (", options_.kind, ") has no handler for ", current_->body.name());
  if (current_->wants_reply()) {
    current_->failure = Failure{Errc::unsupported, std::move(text)};
    return;
  }
  unhandled_.fetch_add(1, std::memory_order_relaxed);
  host_.metrics().counter("actor_unhandled_total", {{"actor", label()}}).add();
  if (!unhandled_names_.insert(current_->body.name()).second) return;
  keep_line(text);
  host_.log().write(Level::warning, label(), text, {{"sender", host_.name_of(current_->source)}});
}

void Cell::handle_next() {
  current_ = std::move(box_.front());
  abandoned_ = false;
  box_.pop_front();
  admit_parked(*current_);
  began_ = recent();
  oldest_.store(box_.empty() ? 0 : count(box_.front()->sent), std::memory_order_relaxed);
  if (obsolete(current_)) return;
  mailbox_seconds_.record_alone(seconds(began_ - current_->sent));
  idle_before_ = idle_time();
  task_since_.store(count(began_), std::memory_order_relaxed);
  enter(ActorState::handling);
  std::uint64_t id = current_->body.id();
  auto known = std::find_if(actor_->handlers_.begin(), actor_->handlers_.end(),
      [id](const detail::Handler& handler) { return handler.id == id; });
  bool handled = known != actor_->handlers_.end();
  // A message from another process does not know its name.
  last_handler_.store(handled ? known->name : current_->body.name(), std::memory_order_relaxed);
  if (!handled) {
    handled_by_nobody();
    finish_message();
    return;
  }
  try {
    detail::RunningTask task = known->call(*actor_, *current_);
    if (task) {
      begin_task(std::move(task));
    } else {
      finish_message();
    }
  } catch (...) {
    fail(std::current_exception());
  }
}

void Cell::finish_message() {
  Time ended = now();
  note_time(ended);
  ++handled_here_;
  senders_.add(current_->source);
  handled_.store(handled_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  handler_seconds_.record_alone(seconds(ended - began_));
  count_task(ended);
  enter(ActorState::idle);
  answer(std::move(current_), ended);
}

void Cell::end_task() {
  try {
    task_.collect(current_.get());
  } catch (...) {
    fail(std::current_exception());
    return;
  }
  task_.reset();
  if (state() == ActorState::handling) return finish_message();
  count_task(now());
  if (state() == ActorState::stopping) return end_life(ExitCause::stopped, "");
  enter(ActorState::idle);
}

void Cell::count_task(Time ended) {
  Duration busy = (ended - began_) - (idle_time() - idle_before_);
  std::int64_t all = busy_.load(std::memory_order_relaxed) + busy.count();
  busy_.store(all, std::memory_order_relaxed);
  task_since_.store(0, std::memory_order_relaxed);
  idle_since_.store(count(ended), std::memory_order_relaxed);
  std::int64_t window = count(ended) - window_start_.load(std::memory_order_relaxed);
  if (window < busy_window.count()) return;
  double share = static_cast<double>(all - window_busy_.load(std::memory_order_relaxed)) /
                 static_cast<double>(window);
  window_share_.store(share, std::memory_order_relaxed);
  window_busy_.store(all, std::memory_order_relaxed);
  window_start_.store(count(ended), std::memory_order_relaxed);
}

}  // namespace tramontane
