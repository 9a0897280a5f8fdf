// A job graph made ready: where each field goes, and every rule between them.
#include "actors/job/job.h"
#include "tests/job/bench.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the model, its tokens and the data are those that the graph names") {
  Job job = JobBench().load(full_graph);
  CHECK(job.name == "full-1.a_b");
  CHECK(job.seed == 11);
  CHECK(job.tokenizer->vocabulary() == 16);
  CHECK(job.model.vocabulary == 16);
  CHECK(job.model.width == preset("micro", 16).width);
  CHECK(job.model.pad == 0);
  CHECK(job.model.ends == std::vector<Token>{1});
  CHECK(job.model.context == 40);
  CHECK_FALSE(job.initial);
  REQUIRE(job.prompts.size() == 3);
  CHECK(job.prompts[2].prompt.text == "3+3=");
  REQUIRE(job.heldout.size() == 1);
  CHECK(job.heldout[0].prompt.answer == "8");
  CHECK(JobBench().load(full_graph, {"model.context=0"}).model.context ==
        preset("micro", 16).context);
  CHECK(JobBench().load(full_graph, {"data.heldout="}).heldout.empty());
}

TEST_CASE("each stage has its steps, its batch and its optimizer") {
  Job job = JobBench().load(full_graph);
  REQUIRE(job.warm_starts.size() == 1);
  const WarmStartPlan& warm = job.warm_starts[0];
  CHECK(warm.steps == 5);
  CHECK(warm.batch == 6);
  CHECK(warm.optimizer.warmup_steps == 4);
  CHECK(warm.optimizer.final_share == 0.25);
  CHECK(warm.optimizer.options.learning_rate == 0.5);
  CHECK(warm.optimizer.options.weight_decay == 0.125);
  CHECK(warm.optimizer.options.beta1 == 0.75);
  CHECK(warm.optimizer.options.beta2 == 0.875);
  CHECK(warm.optimizer.options.clip_norm == 2);
  REQUIRE(warm.styles.size() == 2);
  CHECK(warm.styles[0].name == "long");
  CHECK(warm.styles[0].share == 0.75);
  CHECK(warm.styles[1].share == 0.25);
  REQUIRE(warm.styles[1].sequences.size() == 2);  // the limit
  CHECK(warm.styles[1].sequences[1].prompt == job.tokenizer->encode("2+2="));
  CHECK(warm.styles[1].sequences[1].completion == job.tokenizer->encode("4<eos>"));
  CHECK(warm.styles[0].sequences[0].completion == job.tokenizer->encode("<think>1</think>2<eos>"));
  REQUIRE(job.reinforce);
  const ReinforcePlan& plan = *job.reinforce;
  CHECK(plan.algorithm == "grpo");
  CHECK(plan.loss.clip_low == 0.3);
  CHECK(plan.loss.clip_high == 0.4);
  CHECK(plan.loss.importance_cap == 3);
  CHECK(plan.loss.temperature == doctest::Approx(0.5));
  CHECK(plan.steps == 7);
  CHECK(plan.stop_at_correct == 0.5);
  CHECK(plan.optimizer.options.learning_rate == 0.25);
  CHECK(plan.ledger.seed == job.seed_of(Job::Purpose::rollouts));
  CHECK(plan.ledger.group_size == 4);
  CHECK(plan.ledger.batch == 12);
  CHECK(plan.ledger.max_lag == 5);
  CHECK(plan.ledger.overdue == Overdue::drop);
  CHECK(plan.ledger.batch_of == BatchOf::kept);
  CHECK(plan.ledger.steps == 7);
  auto all = JobBench().load(full_graph, {"stages.warm_start.limit=0"});
  CHECK(all.warm_starts[0].styles[0].sequences.size() == 3);
}

TEST_CASE("each actor has its options") {
  Job job = JobBench().load(full_graph);
  CHECK(job.generators == 2);
  CHECK(job.generator.slots == 300);
  CHECK(job.generator.max_tokens == 20);
  CHECK(job.generator.cache_bytes == 3 << 20);
  CHECK(job.generator.rows_max == 300);
  CHECK(job.generator.temperature == 0.5F);
  CHECK(job.generator.top_p == 0.75F);
  CHECK(job.generator.on_swap == OnSwap::isolate);
  CHECK(JobBench().load(full_graph, {"actors.generator.slots=8"}).generator.rows_max == 256);
  CHECK(job.verifiers == 3);
  CHECK(job.trainer.microbatch_rows == 512);
  CHECK(job.trainer.checkpoint_every == 6);
  CHECK(job.trainer.keep_checkpoints == 4);
  CHECK(job.trainer.non_finite_max == 9);
  CHECK(job.trainer.audit_rollouts == 1);
  CHECK(job.transport == "local");
  CHECK(JobBench().load(full_graph, {"actors.broadcaster.transport=auto"}).transport == "auto");
  CHECK(job.evaluator.every == 8);
  CHECK(job.evaluator.problems == 1);
  CHECK(job.evaluator.majority == 6);
}

TEST_CASE("alarms have their bounds, and a command whose words may be files beside the job graph") {
  JobBench bench;
  Job job = bench.load(full_graph);
  AlarmBounds wanted;  // the defaults of the schema are those of the rules
  const AlarmBounds& found = job.alarms.bounds;
  CHECK(found.stalled == wanted.stalled);
  CHECK(found.gap == wanted.gap);
  CHECK(found.no_verdict == wanted.no_verdict);
  CHECK(found.reward_flat == wanted.reward_flat);
  CHECK(found.entropy == wanted.entropy);
  CHECK(found.length == wanted.length);
  CHECK(found.lag == wanted.lag);
  CHECK(found.generator_idle == wanted.generator_idle);
  CHECK(found.disk_megabytes == wanted.disk_megabytes);
  CHECK(found.memory_megabytes == wanted.memory_megabytes);
  CHECK(found.restarts == wanted.restarts);
  CHECK(job.alarms.command.empty());
  job = bench.load(full_graph,
      {"alarms={stalled: 3, gap: 0, no_verdict: 0.2, reward_flat: 0.1, entropy: 0.5, length: 0.6, "
       "lag: 0.7, generator_idle: 8, disk_megabytes: 9, memory_megabytes: 10, restarts: 11, "
       "command: [sh, held.jsonl, -x]}"});
  CHECK(found.stalled == 3);
  CHECK(found.gap == 0);
  CHECK(found.no_verdict == 0.2);
  CHECK(found.reward_flat == 0.1);
  CHECK(found.entropy == 0.5);
  CHECK(found.length == 0.6);
  CHECK(found.lag == 0.7);
  CHECK(found.generator_idle == 8);
  CHECK(found.disk_megabytes == 9);
  CHECK(found.memory_megabytes == 10);
  CHECK(found.restarts == 11);
  std::vector<std::string> command{"sh", bench.path("held.jsonl"), "-x"};
  CHECK(job.alarms.command == command);
  // What the run's directory keeps does not hang on where the job graph was.
  CHECK(JobBench().load(job.resolved).alarms.command == command);
}

TEST_CASE("each reward has its weight and the options of its kind") {
  JobBench bench;
  Job job = bench.load(full_graph);
  REQUIRE(job.rewards.size() == 3);
  CHECK(job.rewards[0].name == "format");
  CHECK(job.rewards[0].weight == 0.1);
  CHECK(job.rewards[0].deadline == 7);
  CHECK(job.rewards[0].batch == 9);
  CHECK(job.rewards[0].of<FormatOptions>().thinking == "required");
  CHECK(job.rewards[0].of<FormatOptions>().requires_part == "code_block");
  CHECK(job.rewards[1].of<MathOptions>().answer == "number");
  CHECK(job.rewards[1].of<MathOptions>().boxes == "all");
  auto length = [&](const std::string& set) {
    auto options = bench.load(full_graph, {set}).rewards[2].of<LengthOptions>();
    return std::pair(options.length_max, options.length_cache);
  };
  using Sizes = std::pair<std::uint32_t, std::uint32_t>;
  CHECK(length("seed=1") == Sizes(16, 3));
  CHECK(length("actors.verifier.length_cache=0") == Sizes(16, 4));
  CHECK(length("actors.verifier.length_max=0") == Sizes(20, 3));
  CHECK(length("actors.verifier.rewards.length={weight: 1, length_max: 12, length_cache: 5}") ==
        Sizes(12, 5));
  CHECK(
      bench.load(full_graph, {"actors.verifier.think_open=(T)"}).reward_options.tags.open == "(T)");
  std::string tests = R"({"tests": [{"stdin": "1", "stdout": "2"}]})";
  for (const char* name : {"data.jsonl", "held.jsonl"})
    bench.put(name, R"({"prompt": "1+1=", "answer": )" + tests + "}\n");
  auto code = bench.load(full_graph,
      {"actors.verifier.rewards={tests: {kind: code, weight: 1, language: cpp, test_seconds: 2, "
       "test_megabytes: 64, tests_max: 5, sandbox: none}}"});
  CHECK(code.rewards[0].name == "tests");
  CHECK(code.rewards[0].kind_or_name() == "code");
  auto options = code.rewards[0].of<CodeOptions>();
  CHECK(options.language == "cpp");
  CHECK(options.test_seconds == 2);
  CHECK(options.test_megabytes == 64);
  CHECK(options.tests_max == 5);
  CHECK(options.sandbox == "none");
}

TEST_CASE("files of rewards are looked up beside the graph, other words stay") {
  JobBench bench;
  bench.put("judge.py", "");
  auto job = bench.load(full_graph,
      {"actors.verifier.rewards={command: {weight: 1, command: [python3, judge.py, none.py]}}"});
  CHECK(job.rewards[0].of<CommandOptions>().command ==
        std::vector<std::string>{
            "python3", std::filesystem::canonical(bench.path("judge.py")).string(), "none.py"});
  CHECK(job.rewards[0].kind_or_name() == "command");
  job = bench.load(full_graph,
      {"actors.verifier.rewards={http: {weight: 1, url: 'http://127.0.0.1:9/x', model: small}}"});
  CHECK(job.rewards[0].of<HttpOptions>().url == "http://127.0.0.1:9/x");
  CHECK(job.rewards[0].of<HttpOptions>().model == "small");  // no file
}

TEST_CASE("a lease of a verdict lasts as long as the slowest of its rewards") {
  JobBench bench;
  auto lease = [&](const char* deadline) {
    auto job = bench.load(full_graph,
        {std::string("actors.verifier.rewards={math: {weight: 1, deadline: ") + deadline + "}}"});
    return job.reinforce->ledger.verify_lease - LedgerOptions().verify_lease;
  };
  CHECK(lease("9") > lease("4"));
  CHECK(lease("9") % 1'000'000 == 0);
  CHECK(lease("9") >= 9'000'000);
}

TEST_CASE("what the graph resolves to is a graph that comes to the same") {
  JobBench bench;
  Job job = bench.load(full_graph);
  Job again = bench.load(job.resolved);
  CHECK(again.resolved == job.resolved);
  CHECK(says(job.resolved, std::filesystem::canonical(bench.path("shown.jsonl")).string()));
  CHECK(says(job.resolved, std::filesystem::canonical(bench.path("data.jsonl")).string()));
  CHECK(says(job.resolved, std::filesystem::canonical(bench.path("held.jsonl")).string()));
}

TEST_CASE("rules between fields are complained of with the place of the field") {
  JobBench bench;
  auto refused = [&](const std::string& set, const std::string& part) {
    CAPTURE(set);
    CHECK(says(bench.refused(full_graph, {set}), part));
  };
  CHECK(bench.refused(full_graph) == "accepted");
  std::string long_name(64, 'x');
  CHECK(bench.refused(full_graph, {"name=" + long_name}) == "accepted");
  for (const auto& name : {long_name + "x", std::string("a b"), std::string("a/b"),
           std::string(".a"), std::string("''")})
    refused("name=" + name, "name: expected 1 to 64 letters, digits");
  refused("model.preset=nana", "did you mean 'nano'");
  refused("model.preset=", "expected a preset or a path");
  refused("model.tokens.special=[<pad>]", "expected a list with <pad> and <eos>");
  refused("model.tokens.special=[<eos>]", "expected a list with <pad> and <eos>");
  refused("data.prompts=", "data.prompts: expected the name of a JSONL file");
  refused("stages=[]", "stages: expected at least one stage");
  refused("stages.warm_start.styles={}", "expected demonstrations (a JSONL file) and styles");
  refused("stages.warm_start.demonstrations=", "expected demonstrations (a JSONL file) and styles");
  refused("stages.warm_start.styles={short: 0}", "styles.short: expected a share above 0");
  refused("stages.reinforce.algorithm.name=grop", "algorithm.name: ");
  refused("stages.reinforce.algorithm.batch=10", "expected a multiple of group (4), found 10");
  refused("actors.generator.temperature=0", "reinforcement needs a temperature above 0");
  refused("actors.generator.top_p=0", "actors.generator.top_p: expected above 0");
  refused("actors.verifier.rewards={}", "expected at least one reward");
  refused("actors.verifier.rewards={length: {weight: 1, length_max: 4, length_cache: 9}}",
      "actors.verifier.rewards.length: ");
  refused("stages=[{reinforce: {algorithm: {group: 2, batch: 4}}}, {reinforce: {}}]",
      "stages.1: reinforce must be the last stage, and there can be one");
  CHECK(bench.refused(full_graph, {"stages.0.warm_start.steps=1", "actors.verifier.count=0"}) !=
        "accepted");
}

TEST_CASE("a demonstration that does not fit is refused by its line") {
  JobBench bench;
  auto with = [&](const std::string& line) {
    bench.put("shown.jsonl", "{\"prompt\":\"1=\",\"short\":\"1\",\"long\":\"1\"}\n" + line + "\n");
    return bench.refused(full_graph, {"model.context=10"});
  };
  CHECK(with("{\"prompt\":\"1234\",\"short\":\"12345\",\"long\":\"1\"}") == "accepted");
  CHECK(says(with("{\"prompt\":\"1234\",\"short\":\"123456\",\"long\":\"1\"}"),
      "shown.jsonl:2: a demonstration of 11 tokens is longer than the context of 10"));
  CHECK(says(with("{\"prompt\":\"a\",\"short\":\"1\",\"long\":\"1\"}"), "shown.jsonl:2: "));
  CHECK(says(with("{\"prompt\":\"1\",\"long\":\"1\"}"), "shown.jsonl:2"));
}
