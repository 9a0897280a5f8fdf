#include "actors/ledger/actor.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json/object.hpp>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Lease expiry and grouped syncs; both are far longer than a message takes.
constexpr Duration tick_every = 100ms;

// What the asker got wrong is its failure, not the ledger's: it is told, and the ledger goes on.
Failure failure_of(const Error& error) {
  if (error.errc() != Errc::bad_input && error.errc() != Errc::not_found) throw error;
  return {error.errc(), error.text()};
}

std::uint8_t code_of(const Result<void>& result) {
  return result ? 0 : static_cast<std::uint8_t>(result.error().value());
}

}  // namespace

LedgerActor::LedgerActor(
    KvStore& store, PromptOf prompt_of, LedgerOptions options, ActorRef reporter)
    : store_(store),
      prompt_of_(std::move(prompt_of)),
      options_(options),
      reporter_(std::move(reporter)) {
  handle(&LedgerActor::lease_tasks);
  handle(&LedgerActor::append);
  handle(&LedgerActor::lease_finished);
  handle(&LedgerActor::judge);
  handle(&LedgerActor::take_batch);
  handle(&LedgerActor::trained);
  handle(&LedgerActor::restart_from);
  handle(&LedgerActor::checkpointed);
  handle(&LedgerActor::counts);
  handle(&LedgerActor::exited);
  handle(&LedgerActor::tick);
}

Task<void> LedgerActor::start() {
  ledger_ = std::make_unique<Ledger>(store_, prompt_of_, options_);
  told_ = 0;
  tell_damage();
  after(tick_every, Tick{});
  co_return;
}

Task<void> LedgerActor::stop() {
  tell_damage();
  ledger_->sync();
  co_return;
}

std::string LedgerActor::holding() const {
  if (!ledger_) return "a ledger that is not open yet";
  LedgerCounts counts = ledger_->counts();
  return str(counts.rollouts_leased, " rollouts being written, ", counts.rollouts_judging,
      " being judged");
}

Micros LedgerActor::time() const {
  return micros(now());
}

// The leases of an actor that dies go back at once, not when they expire.
std::string LedgerActor::holder() {
  ActorRef from = sender();
  std::string name(from.name());
  if (from && watched_.insert(name).second) watch(from);
  return name;
}

void LedgerActor::tell_damage() {
  auto damage = ledger_->quarantined();
  for (; told_ < damage.size(); ++told_) {
    std::string text = "in the ledger, " + damage[told_] +
                       ": it was set aside, and what it held is done anew or left out";
    log(Level::warning, text);
    if (!reporter_) continue;
    boost::json::object alarm{{"event", "alarm"}, {"text", text}};
    static_cast<void>(try_send(reporter_, Report{json_text(alarm)}));
  }
}

void LedgerActor::tell_written(const WrittenRollout& written) {
  boost::json::array parts;
  for (const WrittenPart& part : written.parts)
    parts.push_back({{"version", part.version}, {"tokens", part.tokens}, {"to_us", part.to}});
  boost::json::object event{{"event", "written"}, {"rollout", written.id},
      {"from_us", written.from}, {"parts", std::move(parts)}};
  static_cast<void>(try_send(reporter_, Report{json_text(event)}));  // a lost one is only not drawn
}

void LedgerActor::nudge(std::set<std::string>& waiting) {
  for (const auto& name : waiting)
    if (auto ref = system().find(name))
      static_cast<void>(try_send(*ref, Nudge{}));  // a lost nudge is only late
  waiting.clear();
}

TaskList LedgerActor::lease_tasks(LeaseTasks request) {
  std::string from = holder();
  TaskList list{ledger_->lease_tasks(from, request.count, time()), {}};
  for (RolloutTask& task : list.tasks) {
    task.prompt.answer.clear();  // nothing for a generator
    if (reporter_) times_.leased(task.rollout.id, system().clock().wall());
  }
  if (list.tasks.empty()) list.why_none = ledger_->why_no_tasks();
  if (list.tasks.size() < request.count) want_tasks_.insert(from);
  return list;
}

AppendResults LedgerActor::append(Append request) {
  AppendResults results;
  bool finished = false;
  for (const auto& segment : request.segments)
    finished = finished || segment.finish != Finish::running;
  for (const auto& result : ledger_->append(request.segments, time())) {
    const Segment& segment = request.segments[results.codes.size()];
    results.codes.push_back(code_of(result));
    if (!result) continue;
    if (auto written = times_.appended(segment, system().clock().wall())) tell_written(*written);
  }
  results.lost = ledger_->renew(request.held, time());
  if (finished) nudge(want_finished_);
  return results;
}

FinishedList LedgerActor::lease_finished(LeaseFinished request) {
  std::string from = holder();
  FinishedList list{ledger_->lease_finished(from, request.count, time())};
  for (LeasedRollout& leased : list.rollouts) {
    leased.prompt.tokens.clear();
    leased.rollout.log_probs.clear();
    leased.rollout.spans.clear();
  }
  if (list.rollouts.empty()) want_finished_.insert(from);
  return list;
}

AppendResults LedgerActor::judge(Judge request) {
  AppendResults results;
  for (const auto& judged : request.verdicts)
    results.codes.push_back(code_of(ledger_->judge(judged.lease, judged.verdict, time())));
  nudge(want_batch_);
  nudge(want_tasks_);  // with BatchOf::kept a dropped group makes room
  return results;
}

Answer<BatchAnswer> LedgerActor::take_batch(TakeBatch request) {
  BatchAnswer answer;
  try {
    answer.batch = ledger_->batch(request.step);
  } catch (const Error& error) {
    return failure_of(error);
  }
  if (!answer.batch) {
    answer.why_none = ledger_->why_no_batch(request.step, time());
    want_batch_.insert(std::string(sender().name()));
  }
  return answer;
}

Answer<TrainedAnswer> LedgerActor::trained(Trained request) {
  TrainedAnswer answer;
  if (auto done = ledger_->trained(request.step, request.fingerprint); !done) {
    if (done.error() != Errc::corrupt)
      return Failure{static_cast<Errc>(done.error().value()), ledger_->last_refusal()};
    answer.recorded = ledger_->recorded_fingerprint(request.step + 1).value_or(0);
  }
  nudge(want_tasks_);
  return answer;
}

Answer<TrainedAnswer> LedgerActor::restart_from(RestartFrom request) {
  try {
    ledger_->restart_from(request.version);
  } catch (const Error& error) {
    // That the ledger has lost its end, nothing that is done anew would mend.
    if (error.errc() == Errc::corrupt) return Failure{error.errc(), error.text()};
    return failure_of(error);
  }
  nudge(want_tasks_);
  return TrainedAnswer{ledger_->recorded_fingerprint(request.version).value_or(0)};
}

Answer<void> LedgerActor::checkpointed(Checkpointed request) {
  try {
    ledger_->checkpointed(request.version);
  } catch (const Error& error) {
    return failure_of(error);
  }
  return {};
}

LedgerCounts LedgerActor::counts(AskCounts) {
  return ledger_->counts();
}

void LedgerActor::exited(ActorExited exit) {
  if (!exit.restarts) watched_.erase(exit.name);
  std::uint32_t released = ledger_->release(exit.name);
  if (released > 0)
    log(Level::warning,
        str(exit.name, " ended (", exit.text, "): ", released, " leases went back"));
  nudge(want_tasks_);
  nudge(want_finished_);
}

void LedgerActor::tick(Tick) {
  if (ledger_->expire(time()) > 0) {
    nudge(want_tasks_);
    nudge(want_finished_);
  }
  tell_damage();
  ledger_->sync();
  LedgerCounts counts = ledger_->counts();
  note("waiting", std::to_string(counts.rollouts_waiting));
  note("leased", std::to_string(counts.rollouts_leased));
  note("finished", std::to_string(counts.rollouts_finished));
  note("judged", std::to_string(counts.rollouts_judged));
  after(tick_every, Tick{});
}

}  // namespace tramontane
