// A verifier in a simulated system, with a made-up ledger.

#include "actors/verifier/verifier.h"

#include "runtime/actor/sim_system.h"
#include "tests/sim/fakes.h"
#include "tests/sim/sim_job.h"

#include <chrono>
#include <memory>
#include <string>

#include "tests/support/test.h"

namespace tramontane {

using namespace std::chrono_literals;

namespace {

// One that waits for its verdict, under lease 31.
LeasedRollout finished(const Job& job) {
  LeasedRollout leased{31, job.prompts[0].prompt, {}};
  leased.rollout.id = 5;
  leased.rollout.tokens = {job.tokenizer->id("4"), job.model.ends.front()};
  leased.rollout.log_probs = {-1, -1};
  leased.rollout.spans = {{0, 2, 0, 0, true}};
  leased.rollout.finish = Finish::stop;
  return leased;
}

}  // namespace

TEST_CASE("a verifier sends its verdicts again when the ledger's answer is lost") {
  Job job = sim_job(1);
  SimSystem sim({.seed = 2});
  auto book = std::make_shared<LedgerBook>();
  book->finished.push_back({finished(job)});
  int lost = 1;
  sim.on_message([&](const Passage& passage) {
    bool answer = passage.type == "AppendResults";
    return answer && lost-- > 0 ? Fate::drop() : Fate::deliver();
  });
  ActorRef ledger = sim.system().spawn<FakeLedger>({.name = "ledger"}, book);
  sim.system().spawn({.name = "verifier/0"}, [&] {
    return std::make_unique<Verifier>(
        job.reward_table(), job.tokenizer, Verifier::Options{}, ledger);
  });
  sim.run_for(30s);
  REQUIRE(book->judged.size() == 2);
  for (const auto& verdicts : book->judged) {
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].lease == 31);
  }
  CHECK(book->judged[0][0].verdict == book->judged[1][0].verdict);
}

TEST_CASE("a verifier that found nothing looks again as soon as it is nudged") {
  Job job = sim_job(1);
  SimSystem sim({.seed = 2});
  auto book = std::make_shared<LedgerBook>();
  ActorRef ledger = sim.system().spawn<FakeLedger>({.name = "ledger"}, book);
  ActorRef verifier = sim.system().spawn({.name = "verifier/0"}, [&] {
    return std::make_unique<Verifier>(
        job.reward_table(), job.tokenizer, Verifier::Options{.poll_every = 1h}, ledger);
  });
  sim.run_for(1s);
  book->finished.push_back({finished(job)});
  sim.run_for(60s);
  CHECK(book->judged.empty());
  REQUIRE(sim.system().try_send(verifier, Nudge{}));
  sim.run_for(1s);
  REQUIRE(book->judged.size() == 1);
  CHECK(book->judged[0][0].lease == 31);
  CHECK(sim.system().stop(verifier, 1s));
  CHECK(sim.system().exit_records().at(0).last_lines.empty());  // nothing to warn of
}

TEST_CASE("a verifier whose ledger does not answer says so, and keeps its verdicts") {
  Job job = sim_job(1);
  SimSystem sim({.seed = 2});
  auto book = std::make_shared<LedgerBook>();
  ActorRef ledger = sim.system().spawn<FakeLedger>({.name = "ledger"}, book);
  ActorRef verifier = sim.system().spawn({.name = "verifier/0"}, [&] {
    return std::make_unique<Verifier>(
        job.reward_table(), job.tokenizer, Verifier::Options{.poll_every = 1h}, ledger);
  });
  std::string silent = "FinishedList";
  sim.on_message([&](const Passage& passage) {
    return passage.type == silent ? Fate::drop() : Fate::deliver();
  });
  sim.run_for(60s);
  book->finished.push_back({finished(job)});
  silent = "AppendResults";
  REQUIRE(sim.system().try_send(verifier, Nudge{}));
  sim.run_for(60s);
  CHECK(book->judged.size() == 1);
  sim.kill("verifier/0");
  sim.run_for(1s);
  auto record = sim.system().exit_records().at(0);
  CHECK(record.holding == "1 verdicts not yet in the ledger");
  REQUIRE(record.last_lines.size() == 2);
  CHECK(record.last_lines[0].find("warning: no rollouts to judge: ") == 0);
  CHECK(record.last_lines[1].find("warning: verdicts not taken, will send again: ") == 0);
}

}  // namespace tramontane
