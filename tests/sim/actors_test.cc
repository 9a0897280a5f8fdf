// Single actors of the loop, in a simulated system with made-up neighbours.

#include "actors/generator/generator.h"
#include "actors/ledger/actor.h"
#include "actors/verifier/verifier.h"
#include "actors/weights/broadcaster.h"
#include "runtime/actor/sim_system.h"
#include "runtime/base/check.h"
#include "storage/kv_store.h"
#include "tests/sim/fakes.h"
#include "tests/sim/sim_job.h"

#include <algorithm>

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const ReadyWeights> weights(const Job& job, Version version) {
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(job.model)));
  initialise(*arena, job.model, job.seed + version);
  arena->seal(version);
  return ReadyWeights::prepare(job.model, arena);
}

RolloutTask task(const Job& job, RolloutId id, LeaseId lease, Version oldest = 0) {
  RolloutTask task;
  task.lease = lease;
  task.prompt = job.prompts[0].prompt;
  task.rollout.id = id;
  task.rollout.seed = job.seed;
  task.oldest_version = oldest;
  return task;
}

// The tokens of one rollout over all messages, under one lease.
std::size_t tokens_under(const LedgerBook& book, LeaseId lease) {
  std::size_t tokens = 0;
  for (const auto& segments : book.appended)
    for (const auto& segment : segments)
      if (segment.lease == lease) tokens += segment.tokens.size();
  return tokens;
}

// A generator with a made-up ledger.
struct GeneratorBench {
  GeneratorBench() {
    job.model.ends.clear();  // a rollout ends at its length
    job.generator = {.slots = 2, .max_tokens = 30, .cache_bytes = 64 << 10, .rows_max = 64};
    ready.put(weights(job, 0));
    ledger = sim.system().spawn<FakeLedger>({.name = "ledger"}, book);
  }

  ActorRef start() {
    return sim.system().spawn({.name = "generator/0", .kind = "generator"}, [this] {
      return std::make_unique<Generator>(job.model,
          Generator::Options{.batch = job.generator, .flush_unfinished_every = 5ms}, ledger, ready);
    });
  }

  Job job = sim_job(1);
  ReadyStore ready;
  std::shared_ptr<LedgerBook> book = std::make_shared<LedgerBook>();
  SimSystem sim{{.seed = 1}};
  ActorRef ledger;
};

}  // namespace

TEST_CASE("a generator stops writing a rollout whose lease went to another") {
  GeneratorBench bench;
  bench.sim.on_turn([](const std::string&) { return Duration(1ms); });
  bench.book->tasks.push_back({task(bench.job, 7, 70), task(bench.job, 8, 80)});
  bench.book->tasks.push_back({task(bench.job, 9, 90)});
  bench.book->lost = {7};
  bench.start();
  bench.sim.run_for(2s);
  CHECK(tokens_under(*bench.book, 70) < 30);  // refused long before its end
  CHECK(tokens_under(*bench.book, 80) == 30);
  CHECK(tokens_under(*bench.book, 90) == 30);  // its slot was free again
  std::size_t messages = 0;
  for (const auto& segments : bench.book->appended)
    messages += std::any_of(segments.begin(), segments.end(),
                    [](const Segment& segment) { return segment.rollout == 7; })
                    ? 1
                    : 0;
  CHECK(messages == 1);  // and never sent again
}

TEST_CASE("a lease that was lost before its rollout was begun is not written under") {
  GeneratorBench bench;
  // Room for one at a time: each has three blocks of prompt, of four that there are.
  bench.job.model.context = 64;
  bench.job.generator.cache_bytes =
      Decoder::cache_bytes(bench.job.model, {.kv_blocks = 4, .rows_max = 64});
  bench.sim.on_turn([](const std::string&) { return Duration(1ms); });
  std::vector<RolloutTask> tasks = {task(bench.job, 7, 70), task(bench.job, 8, 80)};
  for (std::size_t i = 0; i < 2; ++i) tasks[i].prompt.tokens.assign(34, static_cast<Token>(3 + i));
  bench.book->tasks.push_back(std::move(tasks));
  bench.book->taken = {80};
  bench.start();
  bench.sim.run_for(2s);
  CHECK(tokens_under(*bench.book, 70) == 30);
  CHECK(tokens_under(*bench.book, 80) == 0);
}

TEST_CASE("segments whose answer is lost are sent again, and none is made up or left out") {
  GeneratorBench bench;
  bench.sim.on_turn([](const std::string&) { return Duration(1ms); });
  int lost = 3;
  bench.sim.on_message([&](const Passage& passage) {
    bool drop = passage.type == "AppendResults" && lost-- > 0;
    return drop ? Fate::drop() : Fate::deliver();
  });
  bench.book->tasks.push_back({task(bench.job, 7, 70)});
  bench.start();
  bench.sim.run_for(60s);
  std::map<std::uint32_t, Token> tokens;
  bool finished = false;
  for (const auto& segments : bench.book->appended) {
    for (const auto& segment : segments) {
      for (std::uint32_t i = 0; i < segment.tokens.size(); ++i) {
        auto [known, fresh] = tokens.emplace(segment.span.begin + i, segment.tokens[i]);
        CHECK(known->second == segment.tokens[i]);
      }
      finished = finished || segment.finish == Finish::length;
    }
  }
  CHECK(finished);
  CHECK(tokens.size() == 30);
  CHECK(tokens.rbegin()->first == 29);
}

TEST_CASE("a generator asks for as many rollouts as it has room for, and not again before it may") {
  GeneratorBench bench;
  bench.sim.on_turn([](const std::string&) { return Duration(1ms); });
  int asked = 0;
  bench.sim.on_message([&](const Passage& passage) {
    asked += passage.type == "LeaseTasks" ? 1 : 0;
    return Fate::deliver();
  });
  bench.book->tasks.push_back({task(bench.job, 7, 70), task(bench.job, 8, 80)});
  ActorRef generator = bench.start();
  bench.sim.run_for(20ms);
  CHECK(asked == 1);  // both slots are full
  bench.sim.run_for(100ms);
  CHECK(asked == 2);  // there was room, and nothing to write
  bench.sim.run_for(1s);
  CHECK(asked > 2);  // from time to time
  CHECK(asked < 10);
  // At once when it hears that there is something.
  bench.book->tasks.push_back({task(bench.job, 9, 90)});
  int before = asked;
  REQUIRE(bench.sim.system().try_send(generator, Nudge{}));
  bench.sim.run_for(3ms);
  CHECK(asked == before + 1);
  CHECK(bench.book->wanted == std::vector<std::uint32_t>(bench.book->wanted.size(), 2));
}

TEST_CASE("a generator whose slots all wait for newer weights rests, and begins once it has them") {
  GeneratorBench bench;
  bench.book->tasks.push_back({task(bench.job, 7, 70, 1), task(bench.job, 8, 80, 1)});
  ActorRef generator = bench.start();
  bench.sim.run_for(10s);
  CHECK(tokens_under(*bench.book, 70) == 0);
  CHECK(bench.book->held.size() > 10);  // but said that it holds them
  CHECK(bench.book->held.back() == std::vector<LeaseId>{70, 80});
  CHECK(bench.sim.steps() < 1000);  // it did not spin meanwhile
  auto newer = weights(bench.job, 1);
  bench.ready.put(newer);
  Swap wrong{1, newer->fingerprint() + 1};
  CHECK(bench.sim.system().ask(generator, wrong, 1s).error().code == Errc::corrupt);
  Swap missing{2, 0};
  CHECK(bench.sim.system().ask(generator, missing, 1s).error().code == Errc::not_found);
  Swap swap{1, newer->fingerprint()};
  auto swapped = bench.sim.system().ask(generator, swap, 1s);
  REQUIRE(swapped);
  CHECK(swapped->flipped);
  auto again = bench.sim.system().ask(generator, swap, 1s);
  REQUIRE(again);
  CHECK_FALSE(again->flipped);
  bench.sim.run_for(1s);
  CHECK(tokens_under(*bench.book, 70) == 30);
  for (const auto& segments : bench.book->appended)
    for (const auto& segment : segments) CHECK(segment.span.version == 1);
}

TEST_CASE("a generator and a verifier whose ledger is gone for good rest") {
  GeneratorBench bench;
  bench.book->tasks.push_back({task(bench.job, 7, 70)});
  bench.start();
  bench.sim.system().spawn({.name = "verifier/0"}, [&bench] {
    return std::make_unique<Verifier>(
        bench.job.reward_table(), bench.job.tokenizer, Verifier::Options{}, bench.ledger);
  });
  bench.sim.on_message([&](const Passage& passage) {
    if (passage.type == "Append") bench.sim.kill("ledger");
    return Fate::deliver();
  });
  bench.sim.run_for(20s);
  CHECK_FALSE(bench.sim.system().find("ledger"));
  CHECK(bench.sim.steps() < 5000);
}

TEST_CASE("the leases of a dead holder go back at once, not when they expire") {
  Job job = sim_job(1);
  job.reinforce->ledger.generate_lease = 3600'000'000;
  job.reinforce->ledger.max_running = 4096;
  auto store = open_memory();
  SimSystem sim({.seed = 3});
  ActorRef ledger = sim.system().spawn({.name = "ledger"}, [&] {
    return std::make_unique<LedgerActor>(
        *store, [&job](GroupId group) { return job.prompt_of(group); }, job.reinforce->ledger);
  });
  sim.system().spawn<Hoarder>({.name = "generator/0"}, ledger, 2U);
  sim.run_for(1s);
  auto counts = [&] { return sim.system().ask(ledger, AskCounts{}, 1s).value(); };
  CHECK(counts().rollouts_leased == 2);
  sim.kill("generator/0");
  sim.run_for(1ms);
  CHECK(counts().rollouts_leased == 0);
  CHECK(counts().leases_expired == 0);
  // A request that cannot be met is the asker's failure, not the ledger's end.
  RestartFrom nonsense{99};
  auto refused = sim.system().ask(ledger, nonsense, 1s).error();
  CHECK(refused.code == Errc::corrupt);
  CHECK(refused.text.find("it has lost those of steps 0 to 98") != std::string::npos);
  CHECK(sim.system().status(ledger)->incarnation == 1);
}

// ---- weights -----------------------------------------------------------------------------------

namespace {

struct BroadcastBench {
  BroadcastBench() {
    ActorRef reporter = sim.system().spawn<FakeReporter>({.name = "reporter"}, events);
    ActorRef receiver = sim.system().spawn<FakeReceiver>({.name = "receiver/3"}, book);
    broadcaster = sim.system().spawn({.name = "broadcaster"}, [receiver, reporter] {
      return std::make_unique<WeightBroadcaster>(std::vector<ActorRef>{receiver}, reporter);
    });
  }

  void publish(Version version) {
    Publish message{version, version * 11, {}};
    REQUIRE(sim.system().try_send(broadcaster, message));
  }

  std::shared_ptr<ReceiverBook> book = std::make_shared<ReceiverBook>();
  std::shared_ptr<std::vector<RunEvent>> events = std::make_shared<std::vector<RunEvent>>();
  SimSystem sim{{.seed = 4}};
  ActorRef broadcaster;
};

}  // namespace

TEST_CASE("a version that is overtaken while it waits is never offered") {
  BroadcastBench bench;
  bench.book->time = 1s;
  bench.publish(1);
  bench.sim.run_for(100ms);
  for (Version version : {2, 3, 4}) bench.publish(version);
  bench.sim.run_for(5s);
  CHECK(bench.book->offered == std::vector<Version>{1, 4});
  bench.publish(2);  // came late
  bench.sim.run_for(5s);
  CHECK(bench.book->offered == std::vector<Version>{1, 4});
  CHECK(bench.events->empty());
}

TEST_CASE("a receiver that fails is named, and offered the version again until it has it") {
  BroadcastBench bench;
  bench.book->failures = 2;
  bench.publish(5);
  bench.sim.run_for(20s);
  CHECK(bench.book->offered == std::vector<Version>{5, 5, 5});
  REQUIRE(bench.events->size() == 2);
  const RunEvent& event = bench.events->front();
  CHECK(event.at("event").as_string() == "swap_failed");
  CHECK(event.at("generator").as_string() == "receiver/3");
  CHECK(event.at("version").to_number<int>() == 5);
  CHECK(event.at("reason").as_string() == "the link is down");
}

TEST_CASE("generators that are gone or refuse are named; the others flip") {
  GeneratorBench bench;
  auto events = std::make_shared<std::vector<RunEvent>>();
  ActorRef reporter = bench.sim.system().spawn<FakeReporter>({.name = "reporter"}, events);
  ActorRef generator = bench.start();
  WeightLink link = local_transport();
  auto arena =
      std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(bench.job.model)));
  arena->seal(1);
  link.sender->publish(arena);
  std::vector<std::string> names = {"generator/gone", "generator/0"};
  ActorRef receiver = bench.sim.system().spawn({.name = "receiver"}, [&] {
    return std::make_unique<WeightReceiverActor>(
        bench.job.model, link, bench.ready, 3, names, reporter);
  });
  Offer torn{1, arena->fingerprint() ^ 1, {}};
  auto refused = answer_to(torn, bench.sim, receiver);
  REQUIRE(refused);
  CHECK_FALSE(refused->received);
  CHECK(refused->problem.find("arrived with fingerprint") != std::string::npos);
  CHECK(bench.ready.get(1) == nullptr);  // what was not verified is not there to decode with
  Offer offer{1, arena->fingerprint(), {}};
  auto taken = answer_to(offer, bench.sim, receiver);
  REQUIRE(taken);
  CHECK(taken->generators == 1);
  CHECK(taken->problem.find("generator/gone") != std::string::npos);
  CHECK(bench.sim.system().status(generator)->notes.at("version") == "1");
  bench.sim.run_for(1s);
  REQUIRE(events->size() == 2);
  CHECK(events->at(0).at("event").as_string() == "swap_failed");
  CHECK(events->at(0).at("generator").as_string() == "generator/gone");
  CHECK(events->at(1).at("event").as_string() == "swap");
  CHECK_FALSE(events->at(1).contains("reason"));
}

}  // namespace tramontane
