#pragma once
// A Cell is the box around one actor: its address, strand, mailbox and successive lives. It is the
// only place that catches what an actor throws.
//
// A life: build (factory) → start() → messages and steps → stop(). It ends by a stop, a failure or
// a kill; then the record is made, unread mail goes back, and perhaps the next life begins. Where
// the cell is in this is one ActorState; enter() lets it change only along the table in cell.cc.
// What was ordered (a stop) is kept beside it, as it holds for whatever state comes next.
//
// Threads: Route's methods, the control_* methods and status() from any; all else on the strand.

#include "runtime/actor/actor.h"
#include "runtime/actor/actor_options.h"
#include "runtime/actor/actor_ref.h"
#include "runtime/actor/actor_status.h"
#include "runtime/actor/exit_record.h"
#include "runtime/actor/host.h"
#include "runtime/actor/mailbox.h"
#include "runtime/actor/sender_counts.h"
#include "runtime/actor/supervisor.h"
#include "runtime/actor/watch.h"
#include "runtime/base/metrics.h"
#include "runtime/base/random.h"
#include "runtime/base/strand.h"

#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class Pool;

class Cell final : public Strand, public Route {
 public:
  Cell(Host& host, ActorId id, ActorOptions options, Factory factory, Pool& pool, int turns);
  ~Cell() override;

  Delivery deliver(std::unique_ptr<Envelope>& envelope, bool may_park) override;
  std::unique_ptr<Envelope> withdraw(const Inbox& sender, Ticket ticket) override;
  void abandon(const Inbox& sender, Ticket ticket) override;

  std::string fullness() const override;

  Incarnation incarnation() const override { return incarnation_.load(std::memory_order_relaxed); }

  // Orders. A stop ends it for good, also one that waits to be started again; a kill ends a life as
  // a crash would, and means nothing to an actor between two lives.
  void control_start();
  void control_stop();
  void control_kill(std::string reason);
  bool add_watcher(ActorRef watcher) override;

  bool dead() const { return state_.load(std::memory_order_acquire) == ActorState::dead; }

  ActorStatus status() const;
  // How long one message or step has been running, or the oldest been unread.
  Duration overdue(Time now) const;

  // Mail that takes no credit: supervision, timers.
  void push_exempt(std::unique_ptr<Envelope> envelope);
  // The reply (or failure) of a call goes back, made at `at`; one-way mail just ends.
  void answer(std::unique_ptr<Envelope> envelope, Time at);

  const ActorOptions& options() const { return options_; }

  Host& host() const { return host_; }

  // For Actor.
  ActorId sender() const { return current_ ? current_->source : 0; }

  bool abandoned() const {
    return current_ && (abandoned_ || (current_->wants_reply() && current_->deadline <= now()));
  }

  Random& random() { return random_; }

  void keep_line(std::string line);
  void note(std::string_view key, std::string value);
  // Puts the envelope into its own box at that time, unless cancelled before it is taken.
  Timer at(Time when, std::unique_ptr<Envelope> envelope);
  bool cancel(Timer timer);

  void finish() { stop_wanted_ = true; }

  bool stop_wanted() const { return stop_wanted_; }

 private:
  enum class Order : std::uint8_t { start, stop, kill };

  struct Control;
  struct Abandonment;

  bool turn() override;
  void on_item(std::unique_ptr<Item> item) override;
  void on_due(Time now) override;
  Time next_due() const override;

  // Delivery.
  Delivery accept(std::unique_ptr<Envelope>& envelope, bool may_park);
  Delivery deliver_simulated(std::unique_ptr<Envelope>& envelope, bool may_park);
  Delivery refuse(Envelope& envelope, Errc code, std::string text);
  static std::pair<std::shared_ptr<Inbox>, std::unique_ptr<Envelope>> announcement(
      Envelope& envelope);
  static void announce(Envelope& envelope);
  void bounce(std::unique_ptr<Envelope> envelope, Errc code, const std::string& text);
  void bounce_all_parked(const std::string& text);
  std::uint32_t bounce_all(Errc code, const std::string& text);
  void admit_parked(Envelope& taken);

  // A life.
  ActorState state() const { return state_.load(std::memory_order_relaxed); }

  void enter(ActorState next);
  bool alive() const;
  void take_order(Order order, std::string reason);
  void build();
  bool next_thing();
  void handle_next();
  bool obsolete(std::unique_ptr<Envelope>& envelope);
  void take_abandonment(const Abandonment& call);
  void handled_by_nobody();
  void begin_task(detail::RunningTask task);
  void end_task();
  void finish_message();
  void count_task(Time ended);
  void fail(const std::exception_ptr& error);
  void end_life(ExitCause cause, std::string text, std::optional<Errc> code = std::nullopt);
  void bury();
  void retire();
  void tell_watchers(const ActorExited& exited);
  void end_for_good();
  std::string doing_text() const;

  Host& host_;
  const ActorOptions options_;
  Factory factory_;
  Mailbox mailbox_;
  Supervisor supervisor_;
  Random random_;
  Histogram& handler_seconds_;
  Histogram& mailbox_seconds_;

  bool stop_wanted_ = false;
  bool held_;  // no life before System::start()

  // The present life.
  std::unique_ptr<Actor> actor_;
  detail::RunningTask task_;
  std::unique_ptr<Envelope> current_;
  bool abandoned_ = false;  // nobody waits for its answer
  Time began_{};            // the task
  Duration idle_before_{};
  std::deque<std::unique_ptr<Envelope>> box_;
  std::multimap<Time, std::unique_ptr<Envelope>> timed_;  // a timer's number is its ticket
  Timer last_timer_ = 0;
  Time born_{};
  std::uint64_t handled_here_ = 0;
  std::deque<std::string> last_lines_;
  std::set<std::string> unhandled_names_;  // that were logged
  ExitRecord ending_;                      // of the life that is ending
  Time restart_at_ = forever;              // while restarting

  // Seen from outside.
  std::atomic<ActorState> state_{ActorState::building};
  std::atomic<Incarnation> incarnation_{0};
  std::atomic<std::uint64_t> handled_{0};
  SenderCounts senders_;
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> unhandled_{0};
  std::atomic<std::uint32_t> restarts_{0};
  std::atomic<const char*> last_handler_{""};
  std::atomic<std::int64_t> oldest_{0};      // when the oldest unread message was sent
  std::atomic<std::int64_t> task_since_{0};  // when the present task began
  std::atomic<std::int64_t> idle_since_{0};
  std::atomic<std::int64_t> busy_{0};
  std::atomic<std::int64_t> window_start_{0};  // of the busy share
  std::atomic<std::int64_t> window_busy_{0};   // busy_ then
  std::atomic<double> window_share_{-1};       // of the window before; negative: none yet

  mutable std::mutex mutex_;  // guards these two
  std::map<std::string, std::string> notes_;
  std::vector<ActorRef> watchers_;
};

}  // namespace tramontane
