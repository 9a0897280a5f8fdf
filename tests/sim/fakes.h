#pragma once
// Stand-ins for the neighbours of an actor under test: they say what the test told them to, and
// remember what they were told. Read them while nothing runs.

#include "actors/messages/codecs.h"
#include "actors/messages/run_event.h"
#include "runtime/actor/actor.h"
#include "runtime/actor/sim_system.h"

#include <boost/json/parse.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

// What a ledger gave out and was given. Shared with the test.
struct LedgerBook {
  std::deque<std::vector<RolloutTask>> tasks;       // one answer each, then none
  std::vector<std::uint32_t> wanted;                // how many, with each request
  std::deque<std::vector<LeasedRollout>> finished;  // likewise
  std::set<RolloutId> lost;                         // whose segments are refused as stale
  std::vector<std::vector<Segment>> appended;       // by message
  std::vector<std::vector<LeaseId>> held;           // with each of them
  std::set<LeaseId> taken;                          // leases that went to others
  std::vector<std::vector<Judged>> judged;
};

class FakeLedger final : public Actor {
 public:
  explicit FakeLedger(std::shared_ptr<LedgerBook> book) : book_(std::move(book)) {
    handle(&FakeLedger::lease_tasks);
    handle(&FakeLedger::append);
    handle(&FakeLedger::lease_finished);
    handle(&FakeLedger::judge);
  }

 private:
  template <class T>
  static std::vector<T> next(std::deque<std::vector<T>>& answers) {
    if (answers.empty()) return {};
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  TaskList lease_tasks(LeaseTasks request) {
    book_->wanted.push_back(request.count);
    return {next(book_->tasks), "the book is empty"};
  }

  AppendResults append(Append request) {
    AppendResults results;
    for (const auto& segment : request.segments)
      results.codes.push_back(
          book_->lost.contains(segment.rollout) ? static_cast<std::uint8_t>(Errc::stale) : 0);
    for (LeaseId lease : request.held)
      if (book_->taken.contains(lease)) results.lost.push_back(lease);
    book_->appended.push_back(std::move(request.segments));
    book_->held.push_back(std::move(request.held));
    return results;
  }

  FinishedList lease_finished(LeaseFinished) { return {next(book_->finished)}; }

  AppendResults judge(Judge request) {
    book_->judged.push_back(request.verdicts);
    return {std::vector<std::uint8_t>(request.verdicts.size(), 0)};
  }

  std::shared_ptr<LedgerBook> book_;
};

// Keeps the events that it is told.
class FakeReporter final : public Actor {
 public:
  explicit FakeReporter(std::shared_ptr<std::vector<RunEvent>> events)
      : events_(std::move(events)) {
    handle(&FakeReporter::report);
  }

 private:
  void report(Report report) { events_->push_back(boost::json::parse(report.event).as_object()); }

  std::shared_ptr<std::vector<RunEvent>> events_;
};

// Takes offers of weights: each takes it `time`, and fails while `failures` are left.
struct ReceiverBook {
  Duration time{};
  int failures = 0;
  std::vector<Version> offered;
};

class FakeReceiver final : public Actor {
 public:
  explicit FakeReceiver(std::shared_ptr<ReceiverBook> book) : book_(std::move(book)) {
    handle(&FakeReceiver::offer);
  }

 private:
  Task<void> offer(Offer request) {
    ActorRef from = sender();
    book_->offered.push_back(request.version);
    if (book_->time > Duration::zero()) co_await sleep(book_->time, "the transfer");
    OfferResult result{request.version, true, 1, ""};
    if (book_->failures > 0) {
      --book_->failures;
      result = {request.version, false, 0, "the link is down"};
    }
    static_cast<void>(try_send(from, std::move(result)));
  }

  std::shared_ptr<ReceiverBook> book_;
};

// Makes a receiver one offer, and keeps what comes of it.
class Offering final : public Actor {
 public:
  Offering(ActorRef receiver, Offer offer, std::shared_ptr<std::optional<OfferResult>> result)
      : receiver_(std::move(receiver)), offer_(std::move(offer)), result_(std::move(result)) {
    handle(&Offering::took);
  }

  Task<void> start() override {
    static_cast<void>(try_send(receiver_, offer_));
    co_return;
  }

 private:
  void took(OfferResult result) { *result_ = std::move(result); }

  ActorRef receiver_;
  Offer offer_;
  std::shared_ptr<std::optional<OfferResult>> result_;
};

// Nothing if no answer comes within a second.
inline std::optional<OfferResult> answer_to(Offer offer, SimSystem& sim, ActorRef receiver) {
  auto result = std::make_shared<std::optional<OfferResult>>();
  ActorRef asker = sim.system().spawn<Offering>(
      {.name = "offering"}, std::move(receiver), std::move(offer), result);
  sim.run_until([&] { return result->has_value(); }, std::chrono::seconds(1));
  sim.system().stop(asker, std::chrono::seconds(1));
  return *result;
}

// Asks for rollouts once, and then sits on them.
class Hoarder final : public Actor {
 public:
  Hoarder(ActorRef ledger, std::uint32_t count) : ledger_(std::move(ledger)), count_(count) {}

  Task<void> start() override {
    LeaseTasks request{count_};
    auto got = co_await ask(ledger_, give(request), std::chrono::seconds(1), "rollouts");
    note("got", std::to_string(got ? got->tasks.size() : 0));
  }

 private:
  ActorRef ledger_;
  std::uint32_t count_;
};

}  // namespace tramontane
