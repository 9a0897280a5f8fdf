#include "actors/job/job.h"

#include "actors/job/memory.h"
#include "actors/model/algorithms.h"
#include "tests/job/job_folder.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

const std::string algorithm = "stages.0.reinforce.algorithm.";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an algorithm's name stands for all that its paper says") {
  JobFolder folder;
  for (const std::string& name : algorithm_names()) {
    CAPTURE(name);
    Job job = folder.load({algorithm + "name=" + name});
    LossOptions expected = loss_of(name);
    expected.length_budget = 40;  // the generator's max_tokens
    CHECK(job.reinforce->loss == expected);
    // The resolved graph says it, and is the same job.
    CHECK_FALSE(has(job.resolved, "preset,"));
    Job again = parse_job("job.yaml", job.resolved, folder.path(), {});
    CHECK(again.reinforce->loss == expected);
    CHECK(again.resolved == job.resolved);
  }
  CHECK(has(folder.refusal({algorithm + "name=dappo"}), "did you mean 'dapo'?"));
}

TEST_CASE("every axis and bound of a loss may be set by itself") {
  JobFolder folder;
  Job job = folder.load({algorithm + "name=grpo", algorithm + "advantage=leave_one_out",
      algorithm + "normaliser=budget", algorithm + "ratio=sequence", algorithm + "clip=held",
      algorithm + "clip_low=0.5", algorithm + "clip_high=0.75", algorithm + "importance_cap=3",
      algorithm + "length_budget=99", algorithm + "mask_low=0.25", algorithm + "mask_high=8"});
  CHECK(job.reinforce->loss == LossOptions{.advantage = AdvantageRule::leave_one_out,
                                   .normaliser = Normaliser::budget,
                                   .ratio = RatioOf::sequence,
                                   .clip = Clip::held,
                                   .clip_low = 0.5,
                                   .clip_high = 0.75,
                                   .importance_cap = 3,
                                   .length_budget = 99,
                                   .mask_low = 0.25,
                                   .mask_high = 8});
  CHECK(has(folder.refusal({algorithm + "mask_low=2", algorithm + "mask_high=1"}),
      "mask_high must be above mask_low"));
  CHECK(has(folder.refusal({algorithm + "name=decoupled_ppo", algorithm + "clip=truncated"}),
      "choose one of them"));
}

TEST_CASE("batches and minibatches are whole groups") {
  JobFolder folder;
  CHECK(folder.load().reinforce->minibatch == 0);
  CHECK(folder.load({algorithm + "minibatch=8"}).reinforce->minibatch == 8);
  CHECK(has(
      folder.refusal({algorithm + "minibatch=6"}), "expected a multiple of group (4), found 6"));
  CHECK(
      has(folder.refusal({algorithm + "batch=18"}), "expected a multiple of group (4), found 18"));
}

TEST_CASE("a job says what becomes of completions that were cut off") {
  JobFolder folder;
  CHECK(folder.load().reinforce->overlong == Overlong::keep);
  CHECK(folder.load({algorithm + "overlong=mask"}).reinforce->overlong == Overlong::mask);
  CHECK_FALSE(folder.load({algorithm + "overlong=mask"}).reward_options.penalise_overlong);
  Job job = folder.load({algorithm + "overlong=penalise"});
  RewardTable rewards = job.reward_table();
  auto score = [&](Finish finish) {
    return *rewards.judge({.answer = "2", .text = "2", .finish = finish}).score;
  };
  CHECK(score(Finish::stop) == 1);
  CHECK(score(Finish::length) == 0);
}

TEST_CASE("a model that was trained before wants a learning rate, a preset has one") {
  JobFolder folder;
  CHECK(folder.load().reinforce->optimizer.options.learning_rate == 5e-4);
  folder.add_model("model", 1);
  folder.graph.replace(folder.graph.find("  preset"),
      folder.graph.find("data:") - folder.graph.find("  preset"), "  path: model\n");
  CHECK(has(folder.refusal(), "stages.0.reinforce.optimizer.learning_rate: give one"));
  const std::string rate = "optimizer.learning_rate=1e-6";
  CHECK(
      folder.load({"stages.reinforce." + rate}).reinforce->optimizer.options.learning_rate == 1e-6);
  CHECK(folder.refusal({"stages.0.reinforce." + rate}).empty());
}

TEST_CASE("files beside the weights of a model that was trained before are kept for checkpoints") {
  JobFolder folder;
  folder.add_model("model", 1);
  folder.write("model/special_tokens_map.json", "{}");
  folder.graph.replace(folder.graph.find("  preset"),
      folder.graph.find("data:") - folder.graph.find("  preset"), "  path: model\n");
  Job job = folder.load({"stages.reinforce.optimizer.learning_rate=1e-6"});
  CHECK(as_text(job.carried.at("special_tokens_map.json")) == "{}");
  CHECK(job.carried.contains("generation_config.json"));
  auto hashed = [&](const std::string& key) {
    return std::any_of(job.inputs.begin(), job.inputs.end(),
        [&](const JobInput& input) { return input.key == key; });
  };
  CHECK(hashed("model.path/special_tokens_map.json"));
}

TEST_CASE("a learning rate comes to its final share in the stage's last step") {
  OptimizerPlan plan{.options = {.learning_rate = 1}, .warmup_steps = 4, .final_share = 0.1};
  auto at = [&](std::uint64_t step) { return plan.at(step, 104).learning_rate; };
  CHECK(at(0) == doctest::Approx(0.25));
  CHECK(at(3) == doctest::Approx(1));
  CHECK(at(53) == doctest::Approx(0.55));  // half-way through what is left
  CHECK(at(103) == doctest::Approx(0.1));
  plan.schedule = Schedule::cosine;
  CHECK(at(3) == doctest::Approx(1));
  CHECK(at(28) == doctest::Approx(0.1 + 0.9 * (1 + std::cos(0.25 * 3.14159265)) / 2).epsilon(1e-6));
  CHECK(at(53) == doctest::Approx(0.55));
  CHECK(at(103) == doctest::Approx(0.1));
  plan.schedule = Schedule::stable;
  plan.decay_share = 0.25;  // 26 steps
  CHECK(at(77) == doctest::Approx(1));
  CHECK(at(90) == doctest::Approx(0.55));
  CHECK(at(103) == doctest::Approx(0.1));
  plan.final_share = 1;
  for (std::uint64_t step = 3; step < 104; ++step) CHECK(at(step) == 1);
}

TEST_CASE("one form puts a problem to the model in every stage and evaluation") {
  JobFolder folder;
  folder.add_model("model", 1);
  folder.write("chat.jsonl", "{\"question\": \"1+1=\", \"answer\": \"2\", \"short\": \"2\"}\n");
  folder.graph =
      "name: chat\nmodel: { path: model }\n"
      "data: { prompts: chat.jsonl, heldout: chat.jsonl, prompt_field: question, chat: chatml,\n"
      "  system: Be brief. }\n"
      "stages:\n"
      "  - warm_start: { demonstrations: chat.jsonl, styles: { short: 1 }, optimizer: "
      "{ learning_rate: 1 } }\n"
      "  - reinforce: { optimizer: { learning_rate: 1 } }\n"
      "actors: { verifier: { rewards: { math: 1 } } }\n";
  Job job = folder.load();
  std::string rendered =
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n1+1=<|im_end|>\n"
      "<|im_start|>assistant\n";
  auto text = [&](const std::vector<Token>& tokens) { return job.tokenizer->decode(tokens); };
  CHECK(text(job.prompts[0].prompt.tokens) == rendered);
  CHECK(text(job.heldout[0].prompt.tokens) == rendered);
  CHECK(job.prompts[0].prompt.text == "1+1=");
  const TrainSequence& shown = job.warm_starts[0].styles[0].sequences[0];
  CHECK(text(shown.prompt) == rendered);
  CHECK(text(shown.completion) == "2<|im_end|>");
  // The end of a turn ends a completion, beside the model's own end.
  CHECK(job.model.ends ==
        std::vector<Token>{job.tokenizer->id("<|im_end|>"), job.tokenizer->id("<|endoftext|>")});

  CHECK(has(text(folder.load({"data.system_turn=false"}).prompts[0].prompt.tokens),
      "<|im_start|>user\n1+1="));
  CHECK_FALSE(
      has(text(folder.load({"data.system_turn=false"}).prompts[0].prompt.tokens), "system"));
  Job thinking = folder.load({"data.think_first=true"});
  CHECK(text(thinking.prompts[0].prompt.tokens) == rendered + "<think>\n");
  CHECK(thinking.reward_options.think_first);
}

TEST_CASE("a form reads back as it was recorded, and what is not understood is the default") {
  ProblemForm form{.prompt_field = "q",
      .answer_field = "a",
      .answer_after = "####",
      .chat = Chat::llama3,
      .system_turn = false,
      .system = "s",
      .think_first = true,
      .tags = {"[THINK]", "[/THINK]"}};
  CHECK(problem_form_of(problem_form_json(form)) == form);
  CHECK(problem_form_of({}) == ProblemForm());
  CHECK(problem_form_of({{"chat", "telepathy"}, {"system", 7}}) == ProblemForm());
  CHECK(chat_named("llama3") == Chat::llama3);
  CHECK_THROWS_AS(chat_named("llama"), Error);
}

TEST_CASE("draws for different purposes have seeds of their own") {
  Job job = JobFolder().load({"seed=3"});
  using P = Job::Purpose;
  std::set<std::uint64_t> seeds = {3};
  for (P purpose : {P::weights, P::rollouts, P::evaluation, P::prompts, P::demonstrations})
    seeds.insert(job.seed_of(purpose));
  CHECK(seeds.size() == 6);
  CHECK(job.reinforce->ledger.seed == job.seed_of(P::rollouts));
}

TEST_CASE("what cannot work is refused when the job is loaded, with what it would take") {
  JobFolder folder;
  // 44 positions are 3 blocks of 16; a megabyte holds them of a small model, not of a larger one.
  CHECK(folder.refusal({"actors.generator.cache_megabytes=1"}).empty());
  std::string small = folder.refusal({"actors.generator.cache_megabytes=1", "model.preset=base",
      "actors.generator.max_tokens=4000", "model.context=4096"});
  CHECK(has(small, "actors.generator.cache_megabytes: one sequence may have 4004 positions"));
  folder.write("problems.jsonl", "{\"prompt\": \"1+1=\", \"answer\": {\"tests\": [1]}}\n");
  CHECK(has(folder.refusal(), "data.prompts: the answer of problem 1 is an object"));
  JobFolder twice;
  auto at = twice.graph.find("answer: number } }");
  twice.graph.replace(at, 18, "answer: number }, length: 0.1, m: { kind: math, weight: 1 } }");
  CHECK(twice.refusal().empty());
}

TEST_CASE(
    "tests of a program that are no tests are refused with their line when the job is loaded") {
  JobFolder folder;
  auto at = folder.graph.find("math: { weight: 1, answer: number }");
  folder.graph.replace(at, 35, "runs: { kind: code, weight: 1 }");
  std::string good = R"({"prompt": "1+1=", "answer": {"tests": [{"stdin": "1", "stdout": "2"}]}})";
  folder.write("problems.jsonl", good + "\n");
  CHECK(folder.refusal().empty());
  folder.write(
      "problems.jsonl", good + "\n" + R"({"prompt": "1+1=", "answer": {"tests": []}})" + "\n");
  std::string refused = folder.refusal();
  CAPTURE(refused);
  CHECK(has(refused, "problems.jsonl:2: reward runs: "));
  CHECK(has(refused, "tests"));
}

TEST_CASE("any of several accepted answers is right") {
  JobFolder folder;
  folder.write("problems.jsonl", "{\"prompt\": \"1+1=\", \"answer\": [2, \"4\"]}\n");
  Job job = folder.load();
  RewardTable rewards = job.reward_table();
  auto score = [&](std::string_view text) {
    return *rewards.judge({.answer = job.prompts[0].prompt.answer, .text = text}).score;
  };
  CHECK(score("2") == 1);
  CHECK(score("4") == 1);
  CHECK(score("3") == 0);
  RewardTable maths(built_in_rewards(), {{.name = "math", .weight = 1}}, {});
  auto right = [&](std::string_view text) {
    return *maths.judge({.answer = R"(["\\frac{1}{2}","7"])", .text = text}).score == 1;
  };
  CHECK(right("\\boxed{0.5}"));
  CHECK(right("\\boxed{7}"));
  CHECK_FALSE(right("\\boxed{8}"));
}

TEST_CASE("initial weights are read with the job, let go, and read again for who asks") {
  JobFolder folder;
  folder.add_model("model", 5);
  Job job = folder.load({"model={path: model}", "stages.reinforce.optimizer.learning_rate=1e-5"});
  REQUIRE(job.initial);
  std::uint64_t bytes = model_manifest(job.model).bytes();
  CHECK(job.initial->held() == bytes);
  auto first = job.initial->get();
  job.initial->release();
  CHECK(job.initial->held() == 0);
  auto again = job.initial->get();
  CHECK(again != first);
  CHECK(std::ranges::equal(again->bytes(), first->bytes()));
  folder.remove("model/config.json");
  CHECK(job.initial->get() == again);
  job.initial->release();
  CHECK_THROWS_AS(job.initial->get(), Error);
}

TEST_CASE("a trainer that computes layers again is planned with what it then keeps") {
  JobFolder folder;
  Job kept = folder.load();
  CHECK(kept.trainer.recompute == Recompute::none);
  Job again = folder.load({"actors.trainer.recompute=layers"});
  CHECK(again.trainer.recompute == Recompute::layers);
  CHECK(plan_memory(again).total() < plan_memory(kept).total());
  CHECK(has(describe_plan(again), " rows, layers computed again, checkpoint every"));
  again = folder.load({"actors.trainer.recompute=layers", "model.serving=bfloat16"});
  for (const MemoryPart& part : plan_memory(again).parts)
    CHECK_FALSE(has(part.what, "as they are served"));
}

TEST_CASE("a job says in what form its weights are served, and where they are computed with") {
  JobFolder folder;
  CHECK(folder.load().model.serving == Dtype::float32);
  Job job = folder.load({"model.serving=bfloat16", "actors.generator.device=cpu"});
  CHECK(job.model.serving == Dtype::bfloat16);
  CHECK(job.generator.device->name() == "cpu");
  CHECK(parse_job("job.yaml", job.resolved, folder.path(), {}).model.serving == Dtype::bfloat16);
  // In half the memory: two bytes for each of a matrix, wherever it is kept.
  auto bytes = [](const Job& of, std::string_view what) {
    auto plan = plan_memory(of);
    auto part =
        std::ranges::find_if(plan.parts, [&](const MemoryPart& p) { return has(p.what, what); });
    REQUIRE(part != plan.parts.end());
    return static_cast<double>(part->bytes);
  };
  Job wide = folder.load();
  for (const char* what : {"matrices packed", "versions, one arriving"})
    CHECK(bytes(job, what) / bytes(wide, what) == doctest::Approx(0.5).epsilon(0.02));
  CHECK(bytes(job, "as they are served, bfloat16") ==
        static_cast<double>(serving_manifest(job.model).bytes()));
  CHECK(has(describe_plan(job), "  served as               bfloat16\n"));

  CHECK(has(folder.refusal({"actors.generator.device=gpu"}),
      "no device is called 'gpu'; give auto, cpu or cuda:N"));
  for (const char* key : {"actors.generator.device", "actors.trainer.device"})
    CHECK(has(folder.refusal({std::string(key) + "=cuda:0"}), "nothing computes on cuda:0: "));
  CHECK(has(folder.refusal({"actors.trainer.device=cuda:"}), "no device is called 'cuda:'"));
}
