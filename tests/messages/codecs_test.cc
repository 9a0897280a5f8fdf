#include "actors/messages/codecs.h"

#include "actors/messages/messages.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Prompt a_prompt() {
  return {.index = 3, .text = "385+47=", .answer = "432", .tokens = {5, 10, 7}};
}

Rollout a_rollout() {
  Rollout rollout;
  rollout.id = 8;
  rollout.seed = 77;
  rollout.tokens = {4, 9, 1};
  rollout.log_probs = {-0.5F, -1.25F, -2.0F};
  rollout.spans = {{.begin = 0, .end = 2, .version = 4, .fingerprint = 0xabcdef0123456789},
      {.begin = 2, .end = 3, .version = 5, .fingerprint = 7, .fresh_cache = true}};
  rollout.finish = Finish::stop;
  return rollout;
}

Verdict a_verdict() {
  Verdict verdict;
  verdict.score = 0.9;
  verdict.components = {{.name = "math", .value = 1, .evidence = "432"}};
  return verdict;
}

Segment a_segment() {
  return {.lease = 6,
      .rollout = 8,
      .span = {.begin = 1, .end = 3, .version = 5},
      .tokens = {2, 3},
      .log_probs = {-1.0F, -2.0F},
      .finish = Finish::length};
}

Batch a_batch() {
  Batch batch;
  batch.step = 12;
  batch.groups = {{.id = 2, .prompt = a_prompt(), .rollouts = {{a_rollout(), a_verdict()}}}};
  batch.mean_score = 0.25;
  return batch;
}

// A message survives its bytes, and no shorter run of them is taken for another one or crashes.
template <class M>
M travel(const M& message) {
  Bytes bytes = Codec<M>::encode(message);
  CAPTURE(Codec<M>::name);
  auto back = Codec<M>::decode(bytes);
  REQUIRE(back.has_value());
  CHECK(Codec<M>::encode(*back) == bytes);
  // What it counts in a mailbox is about what it weighs.
  CHECK(Codec<M>::size(message) >= sizeof(M));
  CHECK(Codec<M>::size(message) * 4 + 512 >= bytes.size());
  CHECK(Codec<M>::size(message) <= bytes.size() * 4 + sizeof(M));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_FALSE(Codec<M>::decode(ByteView(bytes).first(length)).has_value());
  return *back;
}

}  // namespace

TEST_CASE("messages to the ledger survive their bytes") {
  CHECK(travel(LeaseTasks{.count = 12}).count == 12);
  CHECK(travel(LeaseFinished{.count = 3}).count == 3);
  auto append = travel(Append{{a_segment(), a_segment()}, {5, 1ULL << 40}});
  CHECK(append.held == std::vector<LeaseId>{5, 1ULL << 40});
  REQUIRE(append.segments.size() == 2);
  CHECK(append.segments[1].tokens == a_segment().tokens);
  CHECK(append.segments[1].log_probs == a_segment().log_probs);
  CHECK(append.segments[1].finish == Finish::length);
  auto judge = travel(Judge{{{.lease = 5, .verdict = a_verdict()}}});
  REQUIRE(judge.verdicts.size() == 1);
  CHECK(judge.verdicts[0].lease == 5);
  CHECK(judge.verdicts[0].verdict == a_verdict());
  CHECK(travel(TakeBatch{.step = 9}).step == 9);
  CHECK(travel(Trained{.step = 9, .fingerprint = ~0ULL}).fingerprint == ~0ULL);
  CHECK(travel(Checkpointed{.version = 20}).version == 20);
  CHECK(travel(RestartFrom{.version = 21}).version == 21);
  travel(AskCounts{});
}

TEST_CASE("messages from the ledger survive their bytes") {
  RolloutTask task{.lease = 4, .prompt = a_prompt(), .rollout = a_rollout(), .oldest_version = 3};
  auto tasks = travel(TaskList{.tasks = {task}, .why_none = ""});
  REQUIRE(tasks.tasks.size() == 1);
  CHECK(tasks.tasks[0].rollout == a_rollout());
  CHECK(tasks.tasks[0].prompt == a_prompt());
  CHECK(tasks.tasks[0].oldest_version == 3);
  CHECK(travel(TaskList{.tasks = {}, .why_none = "max_lag 2"}).why_none == "max_lag 2");
  CHECK(travel(AppendResults{{0, 3, 0}, {}}).codes == std::vector<std::uint8_t>{0, 3, 0});
  CHECK(travel(AppendResults{{}, {7, 9}}).lost == std::vector<LeaseId>{7, 9});
  auto finished =
      travel(FinishedList{{{.lease = 1, .prompt = a_prompt(), .rollout = a_rollout()}}});
  REQUIRE(finished.rollouts.size() == 1);
  CHECK(finished.rollouts[0].lease == 1);
  CHECK(finished.rollouts[0].prompt == a_prompt());
  Rollout seen;
  seen.id = a_rollout().id;
  seen.tokens = a_rollout().tokens;
  seen.finish = a_rollout().finish;
  CHECK(finished.rollouts[0].rollout == seen);
  auto answer = travel(BatchAnswer{.batch = a_batch(), .why_none = ""});
  REQUIRE(answer.batch.has_value());
  CHECK(*answer.batch == a_batch());
  auto none = travel(BatchAnswer{.batch = std::nullopt, .why_none = "4 wait for a verdict"});
  CHECK_FALSE(none.batch.has_value());
  CHECK(none.why_none == "4 wait for a verdict");
  CHECK(travel(TrainedAnswer{.recorded = 17}).recorded == 17);
  auto counts = travel(LedgerCounts{.groups_issued = 1, .records_quarantined = 19});
  CHECK(counts.groups_issued == 1);
  CHECK(counts.records_quarantined == 19);
}

TEST_CASE("messages about weights, evaluations and reports survive their bytes") {
  CHECK(travel(Publish{.version = 7, .fingerprint = 8}).fingerprint == 8);
  CHECK(travel(Offer{.version = 7, .fingerprint = 8}).version == 7);
  auto offered = travel(OfferResult{
      .version = 9, .received = true, .generators = 2, .problem = "generator/1: timeout"});
  CHECK(offered.version == 9);
  CHECK(offered.received);
  CHECK(offered.generators == 2);
  CHECK(offered.problem == "generator/1: timeout");
  CHECK(travel(Swap{.version = 7, .fingerprint = 8}).fingerprint == 8);
  auto swapped = travel(SwapResult{.version = 7, .sequences_in_flight = 190, .stall_ns = 40'000});
  CHECK(swapped.sequences_in_flight == 190);
  CHECK(swapped.stall_ns == 40'000);
  auto evaluate = travel(Evaluate{.label = "during", .stage = 2, .step = 20, .version = 20});
  CHECK(evaluate.label == "during");
  CHECK(evaluate.stage == 2);
  CHECK(travel(EvaluationResult{.greedy = 0.5, .sampled = 0.25}).sampled == 0.25);
  CHECK(travel(Evaluated{.version = 20, .sampled = 0.25}).version == 20);
  CHECK(travel(Report{.event = "{\"event\":\"alarm\"}"}).event == "{\"event\":\"alarm\"}");
  CHECK(travel(FinishRun{.reason = "interrupted"}).reason == "interrupted");
  travel(Nudge{});
  travel(Tick{});
  travel(Join{});
  auto ended =
      travel(RunEnded{.how = 2, .reason = "disk full", .version = 7, .fingerprint = 8, .code = 11});
  CHECK(ended.how == 2);
  CHECK(ended.reason == "disk full");
  CHECK(ended.version == 7);
  CHECK(ended.code == 11);
}

TEST_CASE("weights travel beside their message, not in it") {
  auto check = [](auto message) {
    using M = decltype(message);
    CAPTURE(Codec<M>::name);
    Bytes bare = Codec<M>::encode(message);
    message.weights = Blob::from_bytes(Bytes(1 << 20, std::byte{5}));
    Blob weights = message.weights;
    Message sent(std::move(message));
    CHECK(sent.encode() == bare);
    CHECK(sent.bytes() < 4096);
    REQUIRE(sent.blobs().size() == 1);
    auto arrived = [&](std::vector<Blob> blobs) {
      return Message::from_bytes(Codec<M>::id, Codec<M>::name, bare, std::move(blobs))
          .template take<M>();
    };
    auto with = arrived(sent.blobs());
    REQUIRE(with.has_value());
    CHECK(with->weights == weights);
    auto without = arrived({});
    REQUIRE(without.has_value());
    CHECK_FALSE(without->weights);
    CHECK_FALSE(arrived({weights, weights}).has_value());
  };
  check(Publish{.version = 7, .fingerprint = 8});
  check(Offer{.version = 7, .fingerprint = 8});
  check(Evaluate{.label = "during", .version = 7, .fingerprint = 8});
  CHECK(Message(Publish{.version = 7}).blobs().empty());
}

TEST_CASE("a message that makes no sense is refused") {
  Segment torn = a_segment();
  torn.log_probs.pop_back();
  CHECK_FALSE(Codec<Append>::decode(Codec<Append>::encode(Append{{torn}, {}})).has_value());
  Bytes noise(64, std::byte{0xff});
  CHECK_FALSE(Codec<Judge>::decode(noise).has_value());
  CHECK_FALSE(Codec<Swap>::decode(Bytes(3)).has_value());
}
