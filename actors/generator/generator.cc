#include "actors/generator/generator.h"

#include "actors/messages/codecs.h"
#include "runtime/base/check.h"
#include "runtime/base/metrics.h"

#include <algorithm>
#include <chrono>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration ledger_deadline = 10s;

}  // namespace

Generator::Generator(
    const ModelConfig& config, Options options, ActorRef ledger, const ReadyStore& ready)
    : options_(options), ledger_(std::move(ledger)), ready_(ready), batch_(config, options.batch) {
  handle(&Generator::swap);
  handle(&Generator::nudge);
  handle(&Generator::tick);
}

Task<void> Generator::start() {
  // A generator that is started again serves the newest weights there are from its first token.
  if (auto newest = ready_.newest()) batch_.swap(newest);
  after(options_.poll_every, Tick{});
  co_return;
}

Task<void> Generator::stop() {
  if (batch_.weights() == nullptr) co_return;
  Append request = gather(true);
  if (request.segments.empty() && request.held.empty()) co_return;
  sent_ = unsent_.size();
  auto answer =
      co_await ask(ledger_, give(request), ledger_deadline, "the ledger to take segments");
  end_flush(std::move(answer));
}

std::string Generator::holding() const {
  return str(batch_.running(), " sequences in flight, ", unsent_.size(),
      " segments not yet in the ledger");
}

std::uint32_t Generator::wanted() const {
  auto slots = options_.batch.slots;
  auto ahead = std::max(1U, static_cast<std::uint32_t>(options_.ahead * slots));
  std::uint32_t held = batch_.held();
  return held >= slots + ahead ? 0 : slots + ahead - held;
}

bool Generator::has_work() const {
  if (batch_.weights() == nullptr) return false;
  if (leasing_.ready() || appending_.ready()) return true;
  // A batch may be full of rollouts that wait for newer weights: then there is nothing to do.
  bool sends = !appending_ && (to_send() || renewal_due()) && now() >= send_after_;
  bool leases = !leasing_ && wanted() > 0 && now() >= ask_after_;
  return batch_.has_work() || sends || leases;
}

// What is held here, perhaps not begun yet, must not be taken for abandoned.
bool Generator::renewal_due() const {
  return now() >= flushed_unfinished_ + options_.flush_unfinished_every && batch_.held() > 0;
}

Task<void> Generator::work() {
  if (leasing_.ready()) take_tasks();
  if (appending_.ready()) end_flush(appending_.take());
  if (!leasing_ && wanted() > 0 && now() >= ask_after_) pull_tasks();
  if (batch_.has_work()) tokens_ += batch_.step();
  bool idle = !batch_.has_work();
  bool unfinished = renewal_due();
  bool due = batch_.finished_untaken() >= options_.flush_finished ||
             (batch_.finished_untaken() > 0 && (idle || now() >= flushed_ + options_.flush_every));
  if (!appending_ && (due || unfinished || !unsent_.empty()) && now() >= send_after_)
    begin_flush(unfinished);
  co_return;
}

void Generator::pull_tasks() {
  nudged_ = false;
  asked_ = wanted();
  LeaseTasks request{asked_};
  leasing_ = call(ledger_, give(request), ledger_deadline, "rollouts to write");
}

void Generator::take_tasks() {
  auto answer = leasing_.take();
  if (!answer) {
    log(Level::warning, "no tasks: " + answer.error().text);
    ask_after_ = now() + options_.poll_every;
    return;
  }
  // Less than asked for: nothing more is there until the ledger says so. What has ended meanwhile
  // is another matter.
  bool less = answer->tasks.size() < asked_;
  for (auto& task : answer->tasks) batch_.add(std::move(task));
  if (less && !nudged_) ask_after_ = now() + options_.poll_every;
  note("idle_because", answer->why_none);
}

Append Generator::gather(bool unfinished) {
  flushed_ = now();
  if (unfinished) flushed_unfinished_ = now();
  appending_.cancel();
  auto made = batch_.take_segments(unfinished);
  unsent_.insert(
      unsent_.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
  std::vector<LeaseId> held;
  if (unfinished) held = batch_.leases();
  return {unsent_, std::move(held)};
}

// Hands segments to the ledger, which may take its time. Without an answer they are kept and sent
// again: appending twice is harmless.
void Generator::begin_flush(bool unfinished) {
  Append request = gather(unfinished);
  if (request.segments.empty() && request.held.empty()) return;
  sent_ = unsent_.size();
  appending_ = call(ledger_, give(request), ledger_deadline, "the ledger to take segments");
}

// One segment that the ledger no longer wants (the lease went to another) ends its sequence here.
void Generator::end_flush(Answer<AppendResults> answer) {
  count();
  if (!answer) {
    log(Level::warning, "segments not taken, will send again: " + answer.error().text);
    send_after_ = now() + options_.poll_every;
    return;
  }
  for (std::size_t i = 0; i < sent_; ++i) {
    if (answer->codes.at(i) == 0) continue;
    log(Level::warning, str("rollout ", unsent_[i].rollout, " is no longer this generator's: ",
                            tramontane::name(static_cast<Errc>(answer->codes[i]))));
    batch_.drop(unsent_[i].lease);
  }
  for (LeaseId lease : answer->lost) batch_.drop(lease);
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_));
  sent_ = 0;
}

void Generator::count() {
  tokens_written_ += tokens_;
  note("tokens", std::to_string(tokens_written_));
  metrics().counter("tokens_generated").add(std::exchange(tokens_, 0));
  const auto& cache = batch_.cache_counts();
  metrics().counter("sequences_set_aside").add(cache.set_aside - counted_.set_aside);
  metrics().counter("rows_recomputed").add(cache.rows_recomputed - counted_.rows_recomputed);
  metrics().counter("prompt_rows_shared").add(cache.rows_shared - counted_.rows_shared);
  counted_ = cache;
}

Answer<SwapResult> Generator::swap(Swap request) {
  auto weights = ready_.get(request.version);
  if (!weights)
    return Failure{
        Errc::not_found, str("version ", request.version, " is not ready in this process")};
  if (weights->fingerprint() != request.fingerprint)
    return Failure{
        Errc::corrupt, str("version ", request.version, " has another fingerprint than announced")};
  auto begin = std::chrono::steady_clock::now();
  bool newer = batch_.weights() == nullptr || batch_.weights()->version() < request.version;
  if (newer) batch_.swap(std::move(weights));  // an offer that was overtaken changes nothing
  auto stall = std::chrono::steady_clock::now() - begin;
  note("version", std::to_string(batch_.weights()->version()));
  return SwapResult{batch_.weights()->version(), batch_.running(),
      static_cast<std::uint32_t>(std::chrono::nanoseconds(stall).count()), newer};
}

void Generator::nudge(Nudge) {
  nudged_ = true;
  ask_after_ = now();
}

// Only wakes the strand, so that has_work() is asked again.
void Generator::tick(Tick) {
  after(options_.poll_every, Tick{});
}

}  // namespace tramontane
