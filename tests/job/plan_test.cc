// What a job does at each step, and how that is told before it does.
#include "actors/job/job.h"
#include "actors/job/memory.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/job/bench.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a learning rate rises to its height, and falls to its last share") {
  OptimizerPlan plan{.options = {.learning_rate = 8}, .warmup_steps = 4, .final_share = 0.25};
  std::vector<double> rates;
  for (std::uint64_t step = 0; step < 10; ++step) rates.push_back(plan.at(step, 10).learning_rate);
  const std::vector<double> expected = {2, 4, 6, 8, 7, 6, 5, 4, 3, 2};
  for (std::size_t i = 0; i < 10; ++i) CHECK(rates[i] == doctest::Approx(expected[i]));
  OptimizerPlan constant{.options = {.learning_rate = 8}, .warmup_steps = 0, .final_share = 1};
  for (std::uint64_t step : {0, 5, 9}) CHECK(constant.at(step, 10).learning_rate == 8);
  CHECK(constant.at(0, 0).learning_rate == 8);
}

TEST_CASE("a warm start shows every demonstration once an epoch, in its styles by their shares") {
  Job job = JobBench().load(full_graph, {"stages.warm_start.limit=0"});
  WarmStartPlan plan = job.warm_starts[0];
  std::map<Token, int> first;  // of the second operand, in the first epochs
  std::size_t long_ones = 0;
  std::size_t all = 0;
  Token think = job.tokenizer->id("<think>");
  for (std::uint64_t step = 0; step < 500; ++step) {
    auto sequences = plan.sequences(step, 11);
    REQUIRE(sequences.size() == 6);
    std::multiset<Token> seen;
    for (const auto& sequence : sequences) {
      seen.insert(sequence.prompt[0]);
      long_ones += sequence.completion[0] == think ? 1 : 0;
      ++all;
    }
    for (const char* digit : {"1", "2", "3"}) CHECK(seen.count(job.tokenizer->id(digit)) == 2);
    ++first[sequences[0].prompt[0]];
  }
  CHECK(first.size() == 3);  // the order changes from epoch to epoch
  for (const auto& [token, count] : first) CHECK(count > 100);
  CHECK(static_cast<double>(long_ones) / static_cast<double>(all) ==
        doctest::Approx(0.75).epsilon(0.05));
  auto again = plan.sequences(7, 11);
  auto other = plan.sequences(7, 12);
  bool same = true;
  bool differs = false;
  for (std::size_t i = 0; i < 6; ++i) {
    auto once_more = plan.sequences(7, 11)[i];
    same =
        same && again[i].prompt == once_more.prompt && again[i].completion == once_more.completion;
    differs =
        differs || again[i].prompt != other[i].prompt || again[i].completion != other[i].completion;
  }
  CHECK(same);
  CHECK(differs);
}

TEST_CASE("every prompt comes once an epoch, in an order of the epoch's own") {
  Job job = JobBench().load(full_graph);
  std::set<std::vector<std::uint64_t>> orders;
  for (GroupId epoch = 0; epoch < 60; ++epoch) {
    std::vector<std::uint64_t> order;
    for (GroupId i = 0; i < 3; ++i) order.push_back(job.prompt_of(3 * epoch + i).index);
    CHECK(std::set<std::uint64_t>(order.begin(), order.end()).size() == 3);
    orders.insert(order);
  }
  CHECK(orders.size() == 6);
  CHECK(job.prompt_of(4).text == job.prompts[job.prompt_of(4).index].prompt.text);
  // As it was before: a run that is resumed goes on in the same order.
  std::string first;
  for (GroupId group = 0; group < 9; ++group) first += std::to_string(job.prompt_of(group).index);
  CHECK(first == "120021120");
}

TEST_CASE("a plan tells what a job is going to do, in round figures") {
  Job job = JobBench().load(full_graph, {"model.preset=nano", "model.context=128"});
  job.prompts.resize(1'234'567, job.prompts[0]);
  std::string head = str("full-1.a_b\n\nmodel\n  parameters              143,808\n",
      "  shape                   3 layers, width 64, 4 heads, feed-forward 160, vocabulary 16, "
      "context 128\n  kernels                 ",
      kernels::isa(), "\n");
  std::string plan = describe_plan(job);
  std::size_t memory = plan.find("memory, at the peak\n");
  CHECK(plan.substr(0, memory) ==
        head +
            R"(data
  prompts                 1,234,567
  the first, as tokens    "1+1="
  held out                1
stages
  warm_start              5 steps of 6 from 2 demonstrations (long 75 %, short 25 %)
  reinforce               7 steps of 12 completions (3 prompts x 4), grpo, max_lag 5
                          at most 240 tokens a step, 72 completions issued ahead
actors, all on this machine
  generator               2 (a thread each), 300 sequences at a time, at most 20 new tokens)"
            ", temperature 0.5\n" +
            R"(  verifier                3 (format 0.1, math 0.9, length 0.2)
  trainer                 1 (a thread), microbatches of 512 rows, checkpoint every 6 steps
  weight broadcaster      1, transport local
  evaluator               1, every 8 steps
)");
  // 143,808 parameters of 4 bytes: parameters, gradients and AdamW are four times that, 6 versions
  // (max_lag + 1) and one more twice that and once. A layer keeps 4 * 64 + 2, 192, 64, 4 and 480
  // floats for each of 276 rows (12 of 23) and ten lines of 16; there are six gradients of 320.
  for (const char* part : {"  trainer                 2.3 MB  parameters, gradients, AdamW\n",
           "  trainer                 1.1 MB  matrices packed, both ways\n",
           "  trainer                 5.9 MB  activations of 276 rows\n",
           "  weights                 8.6 MB  6 versions, one arriving, one being made\n",
           "  generators              6.3 MB  2 x cache of keys and values, logits\n",
           "  evaluator               3.2 MB  the same once\n"}) {
    INFO(plan);
    CHECK(plan.find(part, memory) != std::string::npos);
  }
  CHECK(plan.find(" that are there\n", memory) != std::string::npos);
}

TEST_CASE("roles that live apart have processes in the plan of memory, each as many as it is") {
  Job job = JobBench().load(full_graph);
  auto processes = [&](const Apart& apart) -> std::string {
    for (const MemoryPart& part : plan_memory(job, apart).parts)
      if (part.who == "workers") return part.what;
    return "";
  };
  CHECK(processes({}).empty());
  CHECK(processes({.ledger = true}) == "1 processes");
  CHECK(processes({.trainer = true}) == "1 processes");
  CHECK(processes({.evaluator = true}) == "1 processes");
  CHECK(processes({.generator = true}) == "2 processes");
  CHECK(processes({.verifier = true}) == "3 processes");
  CHECK(processes({true, true, true, true, true}) == "8 processes");
}

TEST_CASE("a job that the machine has no room for is refused with its largest parts") {
  Job job = JobBench().load(full_graph, {"model.preset=base"});
  CHECK_NOTHROW(require_memory(job));
  job.generator.slots = 1'000'000;
  job.generator.cache_bytes = std::int64_t{1} << 50;
  try {
    require_memory(job);
    FAIL("it was let through");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    CHECK(error.text().find("the job needs about ") == 0);
    CHECK(error.text().find("  generators: 2 x cache of keys and values") != std::string::npos);
    CHECK(error.text().find("--overcommit") != std::string::npos);
  }
}

TEST_CASE("a plan tells what is not so ordinary about a job") {
  JobBench bench;
  auto plan = [&](const std::vector<std::string>& sets) {
    return describe_plan(bench.load(full_graph, sets));
  };
  auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(has(plan({"stages.reinforce.max_lag=0"}), "grpo, max_lag 0 (synchronous)\n"));
  CHECK(has(plan({"actors.evaluator.every=0"}), "1, before and after only\n"));
  auto experts = plan({"model.preset=nano-moe"});
  CHECK(has(experts, " experts a token), vocabulary 16"));
  CHECK(has(plan({"model.preset=base"}), " of keys and values), feed-forward "));
  auto warm = plan({"stages=[{warm_start: {demonstrations: shown.jsonl, styles: {short: 1}}}]",
      "actors.verifier.rewards={}"});
  CHECK(has(warm, "1000 steps of 24 from 3 demonstrations (short 100 %)\nactors"));
  CHECK(has(warm, "3 (no rewards)\n"));
  CHECK(has(warm, "1 version, one arriving"));
  CHECK_FALSE(has(warm, "  generators "));
}
