// Answers to held-out problems: how many, how they are judged, what is said of them.
#include "actors/evaluator/evaluation.h"

#include "tests/sim/sim_job.h"

#include <cmath>
#include <utility>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

double number(const RunEvent& event, const char* key) {
  return event.at(key).to_number<double>();
}

// Five problems, whose completions are one character each.
struct EvaluationBench {
  EvaluationBench() {
    job.tokenizer = std::make_shared<const Tokenizer>(
        Tokenizer::of_characters({"<eos>", "<think>"}, "0123456789"));
    job.model.vocabulary = job.tokenizer->vocabulary();
    job.model.ends.clear();
    job.generator.max_tokens = 1;
    job.generator.slots = 3;
    job.rewards[0].weight = 2;  // correct is what the heaviest says
    job.heldout.clear();
    for (std::uint64_t i = 0; i < 5; ++i) {
      Problem problem;
      problem.prompt = {i, std::to_string(i) + "1", std::to_string(i + 1), {}};
      problem.prompt.tokens = job.tokenizer->encode(problem.prompt.text);
      problem.kind = i < 2 ? "small" : i < 4 ? "large" : "";
      job.heldout.push_back(problem);
    }
    sharpen(1);
  }

  // Weights that are the surer of their tokens the larger they are, and say digits.
  void sharpen(float factor) {
    for (std::uint64_t seed = 1;; ++seed) {
      REQUIRE(seed < 1000);
      auto arena =
          std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(job.model)));
      initialise(*arena, job.model, seed);
      for (float& w : std::span(arena->data(), arena->bytes().size() / 4)) w *= factor;
      arena->seal(3);
      weights = ReadyWeights::prepare(job.model, arena);
      bool digits = true;
      for (const auto& text : greedy_texts())
        digits = digits && text.find_first_not_of("0123456789") == std::string::npos;
      if (digits && greedy_texts()[0][0] != greedy_texts()[0].back()) return;
      if (digits && job.generator.max_tokens == 1) return;
    }
  }

  std::vector<std::string> greedy_texts() const {
    auto event = run({.label = "x", .samples = 0, .examples = 5}).event();
    std::vector<std::string> found;
    for (const auto& example : event.at("examples").as_array())
      found.emplace_back(example.at("completion").as_string());
    return found;
  }

  Evaluation run(EvaluationOptions options) const {
    Evaluation evaluation(job, weights, options);
    std::uint64_t before = 0;
    while (evaluation.step()) {
      CHECK(evaluation.done() >= before);
      before = evaluation.done();
    }
    CHECK_FALSE(evaluation.step());
    CHECK(evaluation.done() == evaluation.total());
    return evaluation;
  }

  // The answers become what is said greedily, for these problems, and something else for the rest.
  void right_are(const std::vector<bool>& right) {
    auto said = greedy_texts();
    for (std::size_t i = 0; i < right.size(); ++i)
      job.heldout[i].prompt.answer = right[i] ? said[i] : said[i] == "7" ? "8" : "7";
  }

  Job job = sim_job(1);
  std::shared_ptr<const ReadyWeights> weights;
};

}  // namespace

TEST_CASE("an evaluation completes every problem greedily and as often as it is to sample") {
  EvaluationBench bench;
  CHECK(bench.run({.label = "after"}).total() == 10);
  CHECK(bench.run({.label = "after", .samples = 4}).total() == 25);
  CHECK(bench.run({.label = "during", .problems = 2, .samples = 4}).total() == 10);
  CHECK(bench.run({.label = "during", .problems = 50}).total() == 10);
  CHECK(bench.run({.label = "x", .greedy = false, .samples = 2}).total() == 10);
  CHECK(bench.run({.label = "x", .samples = 0}).total() == 5);
  auto event = bench.run({.label = "during", .problems = 2, .samples = 4}).event();
  CHECK(event.at("label").as_string() == "during");
  CHECK(number(event, "version") == 3);
  CHECK(number(event, "problems") == 2);
  CHECK(number(event, "majority_samples") == 4);
  CHECK(event.at("majority").is_null());
  CHECK(event.at("examples").as_array().size() == 2);
  CHECK(bench.run({.label = "x", .greedy = false}).event().at("greedy").is_null());
}

TEST_CASE("the shares of right answers are those of the completions") {
  EvaluationBench bench;
  bench.sharpen(40);  // so sure that a sample says what is said greedily
  bench.right_are({true, false, true, true, true});
  auto evaluation = bench.run({.label = "after", .samples = 3, .majority = true, .examples = 9});
  CHECK(evaluation.greedy() == doctest::Approx(0.8));
  CHECK(evaluation.sampled() == doctest::Approx(0.8));
  auto event = evaluation.event();
  CHECK(number(event, "greedy") == doctest::Approx(0.8));
  CHECK(number(event, "sampled") == doctest::Approx(0.8));
  CHECK(number(event, "majority") == doctest::Approx(0.8));
  CHECK(number(event, "tokens_mean") == 1);
  CHECK(number(event, "thinking_share") == 0);
  const auto& kinds = event.at("by_kind").as_object();
  REQUIRE(kinds.size() == 2);
  CHECK(kinds.at("small").to_number<double>() == doctest::Approx(0.5));
  CHECK(kinds.at("large").to_number<double>() == doctest::Approx(1));
  const auto& examples = event.at("examples").as_array();
  REQUIRE(examples.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& problem = bench.job.heldout[i].prompt;
    CHECK(examples[i].at("prompt").as_string() == problem.text.c_str());
    CHECK(examples[i].at("answer").as_string() == problem.answer.c_str());
    CHECK(examples[i].at("correct") == (i != 1));
  }
}

TEST_CASE("the majority is the answer given most often") {
  EvaluationBench bench;
  bench.sharpen(6);  // unsure, but not of what is likeliest
  bench.right_are({true, true, true, true, true});
  auto evaluation = bench.run({.label = "after", .samples = 101, .majority = true});
  CHECK(evaluation.greedy() == 1);
  CHECK(evaluation.sampled() < 0.95);
  CHECK(number(evaluation.event(), "majority") == 1);
  bench.right_are({false, false, true, false, false});
  auto wrong = bench.run({.label = "after", .samples = 101, .majority = true});
  CHECK(number(wrong.event(), "majority") == doctest::Approx(0.2));
}

TEST_CASE("samples differ between each other and between versions, but not from run to run") {
  EvaluationBench bench;
  bench.right_are({true, true, true, true, true});
  auto completions = [&](std::uint32_t samples) {
    auto event = bench.run({.label = "x", .samples = samples, .examples = 5}).event();
    std::string all;
    for (const auto& example : event.at("examples").as_array())
      all += std::string(example.at("completion").as_string()) + ",";
    return all;
  };
  CHECK(completions(1) == completions(1));
  CHECK(completions(1) != completions(2));  // other draws
  double share = bench.run({.label = "x", .samples = 50}).sampled();
  CHECK(share > 0);
  CHECK(share < 1);
}

TEST_CASE("a completion that is made to think begins with the token, and goes on by itself") {
  EvaluationBench bench;
  bench.job.generator.max_tokens = 3;
  REQUIRE(Evaluation::can_force_thinking(bench.job));
  auto event =
      bench.run({.label = "forced_thinking", .greedy = false, .force_thinking = true}).event();
  CHECK(number(event, "thinking_share") == 1);
  CHECK(number(event, "tokens_mean") == 3);
  for (const auto& example : event.at("examples").as_array())
    CHECK(example.at("completion").as_string().starts_with("<think>"));
  bench.job.tokenizer = sim_job(1).tokenizer;
  CHECK_FALSE(Evaluation::can_force_thinking(bench.job));
}

TEST_CASE("the token that ends a completion is no part of its answer") {
  EvaluationBench bench;
  bench.job.generator.max_tokens = 20;
  bench.sharpen(4);
  std::string whole = bench.greedy_texts()[0];
  REQUIRE(whole.size() == 20);
  // What comes last ends it where it comes first.
  bench.job.model.ends = {bench.job.tokenizer->encode(whole.substr(19)).at(0)};
  std::string cut = bench.greedy_texts()[0];
  CHECK(cut == whole.substr(0, whole.find(whole.back())));
  CHECK(number(bench.run({.label = "x", .problems = 1, .samples = 0}).event(), "problems") == 1);
}

TEST_CASE("pass@k is unbiased: the share of problems that k of the samples solve") {
  EvaluationBench bench;
  bench.sharpen(6);
  bench.right_are({true, true, false, true, true});
  auto evaluation = bench.run({.label = "x", .samples = 8});
  CHECK(evaluation.pass_at(1) == doctest::Approx(evaluation.sampled()));
  double before = 0;
  for (std::uint32_t k = 1; k <= 8; ++k) {
    CHECK(evaluation.pass_at(k) >= before);
    before = evaluation.pass_at(k);
  }
  CHECK(before <= 1);
  CHECK(evaluation.pass_at(9) == 0);  // there are not as many
  auto event = evaluation.event();
  const auto& pass = event.at("pass_at").as_object();
  REQUIRE(pass.size() == 4);
  CHECK(pass.at("8").to_number<double>() == doctest::Approx(before));
}

TEST_CASE("pass@k of one problem is 1 less the share of draws of k that are all wrong") {
  EvaluationBench bench;
  bench.sharpen(6);
  bench.right_are({true});
  int seen = 0;  // problems of which some samples are right and several wrong
  for (std::size_t i = 0; i < 5; ++i) {
    std::swap(bench.job.heldout[0], bench.job.heldout[i]);
    bench.right_are({true});
    auto evaluation = bench.run({.label = "x", .problems = 1, .samples = 6});
    auto wrong = static_cast<int>(std::lround(6 * (1 - evaluation.sampled())));
    double pairs = wrong * (wrong - 1) / 30.0;
    CHECK(evaluation.pass_at(2) == doctest::Approx(1 - pairs));
    CHECK(evaluation.pass_at(3) == doctest::Approx(1 - pairs * (wrong - 2) / 4.0));
    seen += wrong >= 3 && wrong < 6 ? 1 : 0;
  }
  CHECK(seen > 0);
}

TEST_CASE("what has no verdict is told apart, and is not wrong") {
  EvaluationBench bench;
  bench.sharpen(40);
  bench.right_are({true, true, false, true, true});
  bench.job.heldout[4].prompt.answer = "not a number";
  auto evaluation = bench.run({.label = "x", .samples = 2, .majority = true});
  CHECK(evaluation.no_verdicts() == 3);
  CHECK(evaluation.greedy() == doctest::Approx(0.75));
  CHECK(evaluation.sampled() == doctest::Approx(0.75));
  CHECK(evaluation.pass_at(2) == doctest::Approx(0.75));
  auto event = evaluation.event();
  CHECK(number(event, "majority") == doctest::Approx(0.75));
  CHECK(number(event, "no_verdicts") == 3);
}

TEST_CASE("an evaluation has a temperature, top_p and limit of its own") {
  EvaluationBench bench;
  bench.right_are({true, true, true, true, true});
  double usual = bench.run({.label = "x", .samples = 40}).sampled();
  bench.job.evaluator.temperature = 0.01F;
  CHECK(bench.run({.label = "x", .samples = 40}).sampled() == 1);
  bench.job.evaluator.temperature = 1;
  bench.job.evaluator.top_p = 1e-6F;
  CHECK(bench.run({.label = "x", .samples = 40}).sampled() == 1);
  CHECK(usual < 1);
  bench.job.evaluator.max_tokens = 5;
  CHECK(number(bench.run({.label = "x"}).event(), "tokens_mean") == 5);
}

TEST_CASE("a prompt that opens the thinking part makes every completion one that thinks") {
  EvaluationBench bench;
  CHECK(number(bench.run({.label = "x"}).event(), "thinking_share") < 1);
  bench.job.reward_options.think_first = true;
  CHECK(number(bench.run({.label = "x"}).event(), "thinking_share") == 1);
}

TEST_CASE("the majority of one sample is what that sample says") {
  EvaluationBench bench;
  bench.sharpen(40);
  bench.right_are({true, false, true, true, false});
  auto event = bench.run({.label = "after", .samples = 1, .majority = true}).event();
  CHECK(number(event, "sampled") == doctest::Approx(0.6));
  CHECK(number(event, "majority") == doctest::Approx(0.6));
}
