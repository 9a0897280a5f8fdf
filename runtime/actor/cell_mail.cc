// The Cell's mail: delivery, answers, what comes back, what comes later; and its status.

#include "runtime/actor/cell.h"
#include "runtime/actor/simulation.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"

#include <algorithm>
#include <utility>

namespace tramontane {

const char* name(ActorState state) noexcept {
  switch (state) {
    case ActorState::building:
      return "building";
    case ActorState::starting:
      return "starting";
    case ActorState::idle:
      return "idle";
    case ActorState::handling:
      return "handling";
    case ActorState::working:
      return "working";
    case ActorState::stopping:
      return "stopping";
    case ActorState::ending:
      return "ending";
    case ActorState::restarting:
      return "restarting";
    case ActorState::dead:
      return "dead";
  }
  return "?";
}

Route::Delivery Cell::deliver(std::unique_ptr<Envelope>& envelope, bool may_park) {
  if (host_.simulation() != nullptr) return deliver_simulated(envelope, may_park);
  return accept(envelope, may_park);
}

Route::Delivery Cell::refuse(Envelope& envelope, Errc code, std::string text) {
  envelope.failure = Failure{code, std::move(text)};
  envelope.unread = true;
  return Delivery::not_delivered;
}

Route::Delivery Cell::accept(std::unique_ptr<Envelope>& envelope, bool may_park) {
  if (dead()) return refuse(*envelope, Errc::closed, str(name(), " has stopped"));
  Incarnation wanted = envelope->incarnation;
  if (wanted != 0 && wanted != incarnation()) {
    return refuse(*envelope, Errc::stale,
        str(name(), " is not incarnation ", wanted, " any more, but ", incarnation()));
  }
  if (envelope->exempt) {
    push(std::move(envelope));
    return Delivery::admitted;
  }
  switch (mailbox_.admit(envelope, may_park)) {
    case Mailbox::Admission::admitted: {
      if (oldest_.load(std::memory_order_relaxed) == 0) {
        oldest_.store(envelope->sent.time_since_epoch().count(), std::memory_order_relaxed);
      }
      if (envelope->announces) announce(*envelope);
      push(std::move(envelope));
      return Delivery::admitted;
    }
    case Mailbox::Admission::parked:
      // The actor may have ended between the check above and the parking.
      if (dead()) bounce_all_parked(str(name(), " has stopped"));
      return Delivery::parked;
    case Mailbox::Admission::full:
      return refuse(*envelope, Errc::full, "");
    case Mailbox::Admission::oversized:
      return refuse(*envelope, Errc::refused,
          str(envelope->body.name(), " has ", envelope->size, " bytes, the whole mailbox of ",
              name(), " takes ", mailbox_.limits().bytes, ": raise mailbox.bytes"));
  }
  return Delivery::not_delivered;
}

std::string Cell::fullness() const {
  const MailboxLimits& limits = mailbox_.limits();
  return str("the mailbox of ", name(), " is full: ", mailbox_.messages(), " of ", limits.messages,
      " messages, ", mailbox_.bytes(), " of ", limits.bytes, " bytes");
}

// A sender that waited for room hears that there was some; from then on the mail is one-way.
// Returns whom to tell, and what.
std::pair<std::shared_ptr<Inbox>, std::unique_ptr<Envelope>> Cell::announcement(
    Envelope& envelope) {
  auto notice = std::make_unique<Envelope>();
  notice->kind = Item::Kind::wake;
  notice->ticket = std::exchange(envelope.ticket, 0);
  envelope.announces = false;
  return {std::move(envelope.reply_to), std::move(notice)};
}

// On the sender's own strand, which goes on only afterwards.
void Cell::announce(Envelope& envelope) {
  auto [sender, notice] = announcement(envelope);
  sender->push(std::move(notice));
}

std::unique_ptr<Envelope> Cell::withdraw(const Inbox& sender, Ticket ticket) {
  return mailbox_.withdraw(sender, ticket);
}

void Cell::push_exempt(std::unique_ptr<Envelope> envelope) {
  envelope->exempt = true;
  push(std::move(envelope));
}

// What is admitted goes through the strand's queue, not straight into the box: what its sender
// pushed before may still be there. And its sender hears of it only then, for it sends on at once.
void Cell::admit_parked(Envelope& taken) {
  for (auto& envelope : mailbox_.release(taken)) {
    if (!envelope->announces) {
      push(std::move(envelope));
      continue;
    }
    auto [sender, notice] = announcement(*envelope);
    push(std::move(envelope));
    sender->push(std::move(notice));
  }
}

// ---- answers --------------------------------------------------------------------------------

namespace {

std::unique_ptr<Envelope> copy_of(const Envelope& envelope) {
  auto copy = std::make_unique<Envelope>();
  copy->kind = envelope.kind;
  copy->ticket = envelope.ticket;
  copy->source = envelope.source;
  copy->target = envelope.target;
  copy->incarnation = envelope.incarnation;
  copy->is_reply = envelope.is_reply;
  copy->unread = envelope.unread;
  copy->sent = envelope.sent;
  copy->deadline = envelope.deadline;
  copy->body = envelope.body.copy();
  copy->failure = envelope.failure;
  copy->reply_to = envelope.reply_to;
  return copy;
}

// As between processes: what arrives are bytes.
void encode(Envelope& envelope) {
  if (envelope.body.empty() || envelope.body.local()) return;
  const char* type = envelope.body.name();
  envelope.body =
      Message::from_bytes(envelope.body.id(), type, envelope.body.encode(), envelope.body.blobs());
}

// std::function wants a copyable call: the envelope travels in a shared box.
std::function<void()> later(
    std::unique_ptr<Envelope> envelope, std::function<void(std::unique_ptr<Envelope>)> act) {
  auto box = std::make_shared<std::unique_ptr<Envelope>>(std::move(envelope));
  return [box, act = std::move(act)] { act(std::move(*box)); };
}

}  // namespace

void Cell::answer(std::unique_ptr<Envelope> envelope, Time at) {
  if (!envelope->wants_reply()) return;
  envelope->sent = at;
  envelope->kind = Item::Kind::wake;
  envelope->is_reply = true;
  // Taken out: a reply that lies unread must not keep its own inbox alive.
  std::shared_ptr<Inbox> caller = std::move(envelope->reply_to);
  Simulation* simulation = host_.simulation();
  if (simulation == nullptr) {
    caller->push(std::move(envelope));
    return;
  }
  Fate fate = simulation->fate({name(), host_.name_of(envelope->source),
      envelope->failure ? "failure" : envelope->body.name(), true, now()});
  if (fate.kind == Fate::Kind::drop) return;
  if (simulation->encodes()) encode(*envelope);
  auto act = [caller, &clock = host_.clock()](std::unique_ptr<Envelope> reply) {
    reply->sent = clock.now();
    caller->push(std::move(reply));
  };
  if (fate.kind == Fate::Kind::duplicate) {
    caller->push(copy_of(*envelope));
  } else if (fate.delay <= Duration::zero()) {
    caller->push(std::move(envelope));
    return;
  }
  host_.clock().call_at(after(now(), fate.delay), later(std::move(envelope), act));
}

Route::Delivery Cell::deliver_simulated(std::unique_ptr<Envelope>& envelope, bool may_park) {
  Simulation& simulation = *host_.simulation();
  if (envelope->exempt) return accept(envelope, may_park);
  Fate fate = simulation.fate(
      {host_.name_of(envelope->source), name(), envelope->body.name(), false, now()});
  if (simulation.encodes()) encode(*envelope);
  if (fate.kind == Fate::Kind::deliver && fate.delay <= Duration::zero()) {
    return accept(envelope, may_park);
  }
  // What the network loses or keeps back looks delivered to its sender.
  auto late = std::move(envelope);
  if (late->announces) announce(*late);
  if (fate.kind == Fate::Kind::drop) return Delivery::admitted;
  auto self = std::static_pointer_cast<Cell>(shared_from_this());
  auto act = [self](std::unique_ptr<Envelope> arriving) {
    if (self->accept(arriving, true) == Delivery::not_delivered)
      self->answer(std::move(arriving), self->now());
  };
  if (fate.kind == Fate::Kind::duplicate) {
    act(copy_of(*late));
    if (fate.delay <= Duration::zero()) {
      act(std::move(late));
      return Delivery::admitted;
    }
  }
  host_.clock().call_at(after(now(), fate.delay), later(std::move(late), act));
  return Delivery::admitted;
}

void Cell::bounce(std::unique_ptr<Envelope> envelope, Errc code, const std::string& text) {
  if (!envelope->wants_reply()) return;
  envelope->failure = Failure{code, text};
  envelope->unread = true;
  answer(std::move(envelope), now());
}

void Cell::bounce_all_parked(const std::string& text) {
  for (auto& envelope : mailbox_.withdraw_all()) {
    bounce(std::move(envelope), Errc::closed, text);
  }
}

// Unread mail of the life that ended; returns how much of it was real mail. What was parked stays
// for the next life, if there is one.
std::uint32_t Cell::bounce_all(Errc code, const std::string& text) {
  std::uint32_t unread = 0;
  oldest_.store(0, std::memory_order_relaxed);
  for (std::size_t mail = box_.size(); dead() ? !box_.empty() : mail > 0; --mail) {
    std::unique_ptr<Envelope> envelope = std::move(box_.front());
    box_.pop_front();
    if (!envelope->exempt) ++unread;
    admit_parked(*envelope);
    bounce(std::move(envelope), code, text);
  }
  if (dead()) bounce_all_parked(text);
  return unread;
}

// ---- timed work -----------------------------------------------------------------------------

Time Cell::next_due() const {
  Time due = restart_at_;
  if (!timed_.empty()) due = std::min(due, timed_.begin()->first);
  return due;
}

Timer Cell::at(Time when, std::unique_ptr<Envelope> envelope) {
  envelope->ticket = ++last_timer_;
  timed_.emplace(when, std::move(envelope));
  arm(when);
  return last_timer_;
}

bool Cell::cancel(Timer timer) {
  auto waits = std::find_if(timed_.begin(), timed_.end(),
      [timer](const auto& entry) { return entry.second->ticket == timer; });
  if (waits != timed_.end()) {
    timed_.erase(waits);
    return true;
  }
  // It is due, but not taken yet. A timer's envelope is the only one with a ticket and no inbox.
  auto due = std::find_if(box_.begin(), box_.end(), [timer](const auto& envelope) {
    return envelope->ticket == timer && envelope->reply_to == nullptr;
  });
  if (due == box_.end()) return false;
  box_.erase(due);
  return true;
}

void Cell::on_due(Time now) {
  while (!timed_.empty() && timed_.begin()->first <= now) {
    timed_.begin()->second->sent = now;
    box_.push_back(std::move(timed_.begin()->second));
    timed_.erase(timed_.begin());
  }
  if (restart_at_ <= now) {
    restart_at_ = forever;
    enter(ActorState::building);
  }
}

// ---- seen from outside ----------------------------------------------------------------------

bool Cell::add_watcher(ActorRef watcher) {
  std::lock_guard lock(mutex_);
  if (dead()) return false;
  if (std::find(watchers_.begin(), watchers_.end(), watcher) == watchers_.end())
    watchers_.push_back(std::move(watcher));
  return true;
}

void Cell::note(std::string_view key, std::string value) {
  std::lock_guard lock(mutex_);
  notes_[std::string(key)] = std::move(value);
}

void Cell::keep_line(std::string line) {
  constexpr std::size_t lines_kept = 20;
  if (last_lines_.size() == lines_kept) last_lines_.pop_front();
  last_lines_.push_back(std::move(line));
}

ActorStatus Cell::status() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  Time at = now();
  ActorStatus status;
  status.id = id();
  status.name = name();
  status.kind = options_.kind;
  status.pool = options_.pool;
  status.state = state_.load(std::memory_order_acquire);
  status.incarnation = incarnation();
  status.restarts = restarts_.load(relaxed);
  status.mailbox_messages = mailbox_.messages();
  status.mailbox_limit = mailbox_.limits().messages;
  status.mailbox_bytes = mailbox_.bytes();
  status.mailbox_bytes_limit = mailbox_.limits().bytes;
  status.senders_waiting = mailbox_.parked();
  std::int64_t oldest = oldest_.load(relaxed);
  if (status.mailbox_messages > 0 && oldest != 0) {
    status.oldest_message = at - Time(Duration(oldest));
  }
  status.handled = handled_.load(relaxed);
  status.senders = senders_.counts();
  status.failed = failed_.load(relaxed);
  status.unhandled = unhandled_.load(relaxed);
  status.last_handler = last_handler_.load(relaxed);
  WaitStatus wait = Strand::status();
  std::int64_t task_since = task_since_.load(relaxed);
  std::int64_t busy = busy_.load(relaxed);
  bool computes = wait.kind == WaitKind::none || wait.kind == WaitKind::job;
  if (task_since != 0 && computes) busy += at.time_since_epoch().count() - task_since;
  status.busy = Duration(busy);
  auto window = static_cast<double>(at.time_since_epoch().count() - window_start_.load(relaxed));
  double full = 5e9;
  double share = window <= 0 ? 0 : static_cast<double>(busy - window_busy_.load(relaxed)) / window;
  double weight = std::min(1.0, window / full);
  bool first = window_share_.load(relaxed) < 0;
  status.busy_share = std::clamp(
      first ? share : weight * share + (1 - weight) * window_share_.load(relaxed), 0.0, 1.0);
  if (wait.kind != WaitKind::none) {
    status.waiting_for = wait.text();
    status.waiting_since = wait.since;
    status.deadline = wait.deadline;
  } else if (status.state == ActorState::idle) {
    status.waiting_for = "messages";
    status.waiting_since = Time(Duration(idle_since_.load(relaxed)));
  }
  std::lock_guard lock(mutex_);
  status.notes = notes_;
  return status;
}

Duration Cell::overdue(Time now) const {
  std::int64_t since = task_since_.load(std::memory_order_relaxed);
  std::int64_t oldest = oldest_.load(std::memory_order_relaxed);
  Duration longest{};
  if (since != 0) longest = now - Time(Duration(since));
  if (oldest != 0 && mailbox_.messages() > 0) {
    longest = std::max(longest, now - Time(Duration(oldest)));
  }
  return longest;
}

}  // namespace tramontane
