#include "actors/run/first_causes.h"

#include <chrono>
#include <string>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

ExitRecord failure(const std::string& actor, const std::string& text, Duration lived,
    std::optional<Errc> code = std::nullopt) {
  ExitRecord record;
  record.name = actor;
  record.cause = ExitCause::failed;
  record.text = text;
  record.code = code;
  record.lived = lived;
  return record;
}

}  // namespace

TEST_CASE("an actor that failed for good is told with its first failure, not with what followed") {
  FirstCauses causes("tram resume a");
  causes.see(failure("ledger", "the disk is gone", 1h, Errc::io));
  causes.see(failure("trainer", "the ledger is gone", 1h));
  causes.see(failure("ledger", "the store cannot be opened", 0s));
  auto last = failure("ledger", "the store cannot be opened", 60s);
  causes.see(last);
  auto outcome = causes.outcome_of(last);
  CHECK(outcome.how == RunOutcome::How::failed);
  CHECK(outcome.reason ==
        "ledger failed for good: the disk is gone; once that is mended, nothing is lost and this "
        "goes on: tram resume a");
  CHECK(outcome.code == Errc::io);
}

TEST_CASE("what an actor failed of before it went well for a minute is forgotten") {
  FirstCauses causes("tram resume a");
  causes.see(failure("trainer", "once", 1s, Errc::io));
  auto last = failure("trainer", "twice", 61s);
  causes.see(last);
  CHECK(causes.outcome_of(last).reason == "trainer failed for good: twice");
  CHECK(causes.outcome_of(last).code == Errc::failed);
}

TEST_CASE("an actor that nobody saw fail is told with the failure at hand") {
  FirstCauses causes("tram resume a");
  causes.see(failure("trainer", "of another", 1s));
  auto outcome = causes.outcome_of(failure("ledger", "bad bytes", 1s, Errc::corrupt));
  CHECK(outcome.reason == "ledger failed for good: bad bytes");
  CHECK(outcome.code == Errc::corrupt);
}

TEST_CASE("what fails because another is gone for good is told as that other's failure") {
  FirstCauses causes("tram resume a");
  RunOutcome outcome{RunOutcome::How::failed, "the ledger: ledger has stopped", 0, 0, Errc::closed};
  causes.see(failure("evaluator", "restarted", 1s));
  CHECK(causes.behind(outcome, 0s).reason == outcome.reason);  // nobody is gone for good
  // The record comes from another thread, a moment later.
  ExitRecord last = failure("ledger", "no room", 1s, Errc::io);
  last.escalated = true;
  std::thread later([&] { causes.see(last); });
  RunOutcome found = causes.behind(outcome, 60s);
  later.join();
  CHECK(found.code == Errc::io);
  CHECK(found.reason.starts_with("ledger failed for good: no room"));
  outcome.code = Errc::failed;
  CHECK(causes.behind(outcome, 60s).reason == outcome.reason);
}
