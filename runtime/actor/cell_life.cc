// The lives of a Cell's actor: how one begins, and how it ends.

#include "runtime/actor/cell.h"
#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"

#include <new>
#include <utility>

namespace tramontane {
namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return no_memory().text();
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
  } catch (const std::bad_alloc&) {
    return Errc::io;
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace

void Cell::build() {
  Time at = now();
  born_ = at;
  incarnation_.fetch_add(1, std::memory_order_relaxed);
  handled_here_ = 0;
  enter(ActorState::starting);
  window_start_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
  window_busy_.store(busy_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  try {
    actor_ = factory_();
    TRAM_CHECK(actor_ != nullptr, "the factory built nothing", label());
    actor_->cell_ = this;
    begin_task(detail::RunningTask(actor_->start()));
  } catch (...) {
    fail(std::current_exception());
  }
}

void Cell::fail(const std::exception_ptr& error) {
  end_life(ExitCause::failed, text_of(error), code_of(error));
}

std::string Cell::doing_text() const {
  std::string text;
  switch (state()) {
    case ActorState::starting:
      if (!task_) return "being built";
      text = "start()";
      break;
    case ActorState::handling:
      text = str("handling ", last_handler_.load(std::memory_order_relaxed));
      break;
    case ActorState::working:
      text = "a work step";
      break;
    case ActorState::stopping:
      text = "stop()";
      break;
    case ActorState::building:
    case ActorState::idle:
    case ActorState::ending:
    case ActorState::restarting:
    case ActorState::dead:
      return "";
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
  record.doing = cause == ExitCause::stopped ? "" : doing_text();
  record.wall = host_.clock().wall();
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
  enter(ActorState::ending);
  freeze();
  if (jobs() == 0) bury();
}

// Once no job of the actor runs any more: destroys it, sends its mail back, and tells.
void Cell::bury() {
  ExitRecord record = std::exchange(ending_, {});
  task_.reset();
  thaw();
  actor_.reset();
  timed_.clear();
  task_since_.store(0, std::memory_order_relaxed);
  bool failed = record.cause != ExitCause::stopped;
  if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
  std::optional<Duration> pause;
  if (failed && !stop_wanted_) pause = supervisor_.on_failure(record.code, now());
  record.restarts = pause.has_value();
  record.escalated = failed && !pause && !stop_wanted_;

  std::string why = str(
      label(), " ", tramontane::name(record.cause), record.text.empty() ? "" : ": " + record.text);
  if (current_) {
    bool done = current_->failure.has_value();
    if (!done) current_->failure = Failure{Errc::failed, why};
    answer(std::move(current_), now());
  }
  enter(pause ? ActorState::restarting : ActorState::dead);
  record.unread = bounce_all(failed ? Errc::undeliverable : Errc::closed, why);
  if (pause) {
    restarts_.fetch_add(1, std::memory_order_relaxed);
    restart_at_ = after(now(), *pause);
    arm(restart_at_);
  }
  last_lines_.clear();
  unhandled_names_.clear();
  {
    std::lock_guard lock(mutex_);
    notes_.clear();
  }
  tell_watchers(
      {record.actor, record.name, record.incarnation, record.cause, record.text, record.restarts});
  host_.exited(record);
  if (!pause) end_for_good();
}

// A stop between two lives, or before the first: the last life has its record already.
void Cell::retire() {
  restart_at_ = forever;
  enter(ActorState::dead);
  std::string why =
      incarnation() == 0 ? "stopped before it was built" : "stopped before its restart";
  bounce_all(Errc::closed, str(label(), " was ", why));
  tell_watchers({id(), label(), incarnation(), ExitCause::stopped, why, false});
  end_for_good();
}

void Cell::tell_watchers(const ActorExited& exited) {
  std::vector<ActorRef> watchers;
  {
    std::lock_guard lock(mutex_);
    watchers = watchers_;
  }
  for (const ActorRef& watcher : watchers) {
    auto notice = detail::make_envelope(watcher, Message(ActorExited(exited)));
    notice->source = id();
    notice->sent = now();
    notice->exempt = true;
    std::ignore = watcher.route()->deliver(notice, false);
  }
}

// Who is told, and what lives are built from, may hold references to whoever refers to this one.
void Cell::end_for_good() {
  disarm();
  std::vector<ActorRef> watchers;
  {
    std::lock_guard lock(mutex_);
    watchers.swap(watchers_);
  }
  factory_ = nullptr;
  for (const char* metric : {"actor_handler_seconds", "actor_mailbox_seconds"})
    host_.metrics().remove(metric, {{"actor", label()}});
  host_.metrics().remove("actor_unhandled_total", {{"actor", label()}});
  host_.gone(id());
}

}  // namespace tramontane
