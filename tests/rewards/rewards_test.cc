#include "actors/rewards/rewards.h"

#include "actors/rewards/reward_table.h"
#include "runtime/base/result.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

RewardTable magistral() {
  return {built_in_rewards(),
      {{.name = "format", .weight = 0.1},
          {.name = "math", .weight = 0.9, .options = MathOptions{"number"}}},
      {}};
}

Verdict judge(
    std::string_view text, std::string_view answer = "432", Finish finish = Finish::stop) {
  return magistral().judge(
      {.prompt = "385+47=", .answer = answer, .text = text, .tokens = 4, .finish = finish});
}

double math(std::string_view text, std::string_view answer) {
  return reward_number({.answer = answer, .text = text}, {}, {}).share;
}

}  // namespace

TEST_CASE("a right answer scores 1, a well-formed wrong one 0.1, any other 0") {
  CHECK(judge("432").score.value() == doctest::Approx(1.0));
  CHECK(judge("432").correct);
  CHECK(judge("<think>5+7+0=12</think>432").score.value() == doctest::Approx(1.0));
  CHECK(judge("431").score.value() == doctest::Approx(0.1));
  CHECK_FALSE(judge("431").correct);
  CHECK(judge("").score.value() == 0);
  CHECK(judge("<think>432").score.value() == 0);
  CHECK(judge("432</think>432").score.value() == 0);
  CHECK(judge("<think></think><think></think>432").score.value() == 0);
  CHECK(judge("4<think></think>432").score.value() == 0);
  CHECK(judge("<think>1</think>").score.value() == 0);
}

TEST_CASE("a completion that was cut off scores 0 even if its text happens to be right") {
  auto verdict = judge("432", "432", Finish::length);
  CHECK(verdict.score.value() == 0);
  CHECK_FALSE(verdict.correct);
  CHECK(verdict.components.at(0).evidence == "cut off at the length limit");
}

TEST_CASE("numbers are compared by value, exactly") {
  CHECK(math("0432", "432") == 1);
  CHECK(math("432.0", "432") == 1);
  CHECK(math("1,234", "1234") == 1);
  CHECK(math("-0", "0") == 1);
  CHECK(math("+5", "5") == 1);
  CHECK(math("0.50", ".5") == 0);  // ".5" is no gold answer: undecided, below
  CHECK(math("123456789012345678901234567891", "123456789012345678901234567890") == 0);
  CHECK(math("0.1000000000000000000001", "0.1") == 0);
  CHECK(math("12,34", "1234") == 0);
  CHECK(math("1,2345", "12345") == 0);
  CHECK(math("4 32", "432") == 0);
  CHECK(math("432=432", "432") == 0);
  CHECK(math("4e2", "400") == 0);
  CHECK(math(std::string(1000, '0') + "5", "5") == 0);  // too long to be meant
}

TEST_CASE("an answer key that is not a number is no verdict, never a zero") {
  auto verdict = judge("432", "four");
  CHECK_FALSE(verdict.score.has_value());
  CHECK(verdict.no_verdict == "math: the gold answer 'four' is not a number");
}

TEST_CASE("evidence tells what was compared") {
  auto verdict = judge("<think>x</think>431");
  CHECK(verdict.components.at(0).evidence == "thinks, then answers");
  CHECK(verdict.components.at(1).evidence == "431 ≠ 432");
}

TEST_CASE("the length penalty is soft and ends at its whole weight") {
  auto at = [&](std::uint32_t tokens, LengthOptions options = {40, 10}) {
    return reward_length({.tokens = tokens}, {.options = options}, {}).share;
  };
  CHECK(at(1) == 0);
  CHECK(at(30) == 0);
  CHECK(at(35) == doctest::Approx(-0.5));
  CHECK(at(40) == -1);
  CHECK(at(100) == -1);
  CHECK(at(41, {40, 0}) == -1);
  CHECK_THROWS_AS(make_length_reward({.options = LengthOptions{10, 11}}, {}), Error);
}

TEST_CASE("a completion that was cut off scores 0 at most where that is asked for, and says why") {
  RewardTable table(built_in_rewards(),
      {{.name = "math", .weight = 1, .options = MathOptions{"last_number"}},
          {.name = "length", .weight = 0.5, .options = LengthOptions{4, 4}}},
      {.penalise_overlong = true});
  auto judge_cut = [&](std::string_view text, std::uint32_t tokens, Finish finish) {
    return table.judge({.answer = "432", .text = text, .tokens = tokens, .finish = finish});
  };
  Verdict right = judge_cut("so it is 432", 2, Finish::length);
  CHECK(*right.score == 0);
  CHECK(right.components.back().name == "overlong");
  CHECK(right.components.back().evidence == "it was cut off by max_tokens");
  CHECK(*judge_cut("so it is 432", 2, Finish::stop).score > 0);
  // What is below 0 stays there.
  Verdict wrong = judge_cut("so it is 7", 4, Finish::length);
  CHECK(*wrong.score == -0.5);
  CHECK(wrong.components.back().name == "length");
}

TEST_CASE("completions vote with the answer that the verifier reads, whatever surrounds it") {
  RewardTable table(built_in_rewards(),
      {{.name = "format", .weight = 0.1},
          {.name = "math", .weight = 0.9, .options = MathOptions{"boxed"}}},
      {});
  std::vector<Completion> completions;
  for (std::string_view text : {"so \\boxed{7}", "I do not know", "it is \\boxed{0.5}",
           "I do not know", "\\boxed{\\frac{1}{2}}", "I do not know", "\\boxed{}"})
    completions.push_back({.answer = "1/2", .text = text});
  using Ballot = std::optional<std::uint32_t>;
  CHECK(table.ballots(completions) == std::vector<Ballot>{0, {}, 1, {}, 1, {}, {}});
  CHECK(table.ballots({}).empty());

  std::vector<Completion> numbers = {{.text = "007"}, {.text = "7.0"}, {.text = "seven"}};
  CHECK(magistral().ballots(numbers) == std::vector<Ballot>{0, 0, {}});
  // A reward that reads no answer compares the answer part as text.
  RewardTable language(built_in_rewards(), {{.name = "length", .weight = 1}}, {});
  std::vector<Completion> texts = {
      {.text = "<think>a</think>x"}, {.text = "<think>b</think>x"}, {.text = "y"}};
  CHECK(language.ballots(texts) == std::vector<Ballot>{0, 0, 1});
}

TEST_CASE("where the prompt's form opens the thinking part, completions begin inside it") {
  auto score = [](const RewardOptions& options, std::string_view prompt, std::string_view text) {
    RewardTable table(built_in_rewards(),
        {{.name = "format", .weight = 0.1, .options = FormatOptions{.thinking = "required"}},
            {.name = "math", .weight = 0.9, .options = MathOptions{"number"}}},
        options);
    return *table.judge({.prompt = prompt, .answer = "4", .text = text}).score;
  };
  CHECK(score({.think_first = true}, "2+2", "2 and 2</think>4") == 1);
  CHECK(score({.think_first = true}, "2+2", "4") == 0);  // it never stops thinking
  CHECK(score({.think_first = true}, "2+2", "<think>2 and 2</think>4") == 0);  // twice
  CHECK(score({}, "2+2 <think>\n", "2 and 2</think>4") == 1);
  CHECK(score({}, "2+2", "2 and 2</think>4") == 0);
  CHECK(score({}, "2+2", "<think>2 and 2</think>4") == 1);
}

TEST_CASE("an unknown reward is refused with the nearest name") {
  CHECK_THROWS_WITH_AS(RewardTable(built_in_rewards(), {{.name = "mathe", .weight = 1}}, {}),
      doctest::Contains("unknown reward 'mathe'; did you mean 'math'? There are: format, math"),
      Error);
  CHECK_THROWS_AS(RewardTable(built_in_rewards(), {}, {}), Error);
}

TEST_CASE("the format gate takes what a job wants of thinking and of the answer") {
  auto share = [](std::string_view text, FormatOptions wanted, RewardOptions options = {}) {
    return reward_format({.text = text}, {.options = wanted}, options).share;
  };
  FormatOptions thinks{.thinking = "required"};
  CHECK(share("<think>a</think>b", thinks) == 1);
  CHECK(share("b", thinks) == 0);
  FormatOptions silent{.thinking = "none"};
  CHECK(share("b", silent) == 1);
  CHECK(share("<think>a</think>b", silent) == 0);
  FormatOptions boxed{.requires_part = "boxed"};
  CHECK(share("so \\boxed{\\frac{1}{2}}.", boxed) == 1);
  CHECK(share("so \\boxed{\\frac{1}{2}", boxed) == 0);
  CHECK(share("<think>\\boxed{1}</think>1", boxed) == 0);
  FormatOptions code{.requires_part = "code_block"};
  CHECK(share("```python\nprint(1)\n```", code) == 1);
  CHECK(share("```\nprint(1)\n```", code) == 0);
  CHECK(share("```\nx\n```\n```cpp\nint x;\n```", code) == 1);
  CHECK(share("```python\nprint(1)", code) == 0);
  RewardOptions tags{.tags = {"[THINK]", "[/THINK]"}};
  CHECK(share("[THINK]a[/THINK]b", thinks, tags) == 1);
  CHECK(share("<think>a</think>b", thinks, tags) == 0);
}

TEST_CASE("the answer is what follows the last closing tag, whatever precedes it") {
  auto answer = [](std::string_view text) { return split_thinking(text).answer; };
  CHECK(answer("<think>a</think>b") == "b");
  CHECK(answer("so:<think>a</think>b") == "b");
  CHECK(answer("a</think>b") == "b");  // the prompt opened it
  CHECK(answer("<think>a</think>b</think>c") == "c");
  CHECK(answer("b") == "b");
  CHECK(answer("<think>b") == "");
  CHECK(answer("b<think>c") == "");
  CHECK(answer("<think>a</think>b<think>c") == "");
  CHECK(answer("<think>a</think>") == "");
  CHECK_FALSE(split_thinking("a</think>b").well_formed);
  CHECK_FALSE(split_thinking("so:<think>a</think>b").well_formed);
}

TEST_CASE("the math reward takes all boxes where it is told to") {
  auto share = [](std::string_view text, std::string_view answer, const char* boxes) {
    RewardTable table(built_in_rewards(),
        {{.name = "math", .weight = 1, .options = MathOptions{"boxed", boxes}}}, {});
    return table.judge({.answer = answer, .text = text}).score.value();
  };
  CHECK(share("\\boxed{5} no, actually \\boxed{3}", "3", "last") == 1);
  CHECK(share("\\boxed{5} no, actually \\boxed{3}", "3", "all") == 0);
  CHECK(share("x is \\boxed{5}, and y is \\boxed{3}", "3, 5", "all") == 1);
  CHECK(share("\\boxed{A} \\boxed{B} \\boxed{C} \\boxed{D}", "D", "last") == 0);
  CHECK(share("\\boxed{A}? \\boxed{B}? \\boxed{C}? It is \\boxed{D}", "D", "last") == 0);
  CHECK_THROWS_AS(share("", "1", "some"), Error);
}

TEST_CASE("several completions are judged together, each stopping where its own gate fails") {
  RewardTable table = magistral();
  std::vector<Completion> completions = {{.answer = "4", .text = "4"}, {.answer = "4", .text = ""},
      {.answer = "four", .text = "4"}, {.answer = "4", .text = "5"}};
  auto verdicts = table.judge(completions);
  REQUIRE(verdicts.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(verdicts[i] == table.judge(completions[i]));
  CHECK(verdicts[0].correct);
  CHECK(verdicts[1].components.size() == 1);
  CHECK(!verdicts[2].score);
  CHECK(verdicts[3].score.value() == doctest::Approx(0.1));
}

TEST_CASE("a program's own kind is known to the table that it is handed to, and to no other") {
  auto make = [](const RewardSpec& spec, const RewardOptions& options) {
    return make_function_reward(
        [](const Completion&, const RewardSpec& given, const RewardOptions&) {
          RewardResult result;
          result.share = std::stod(given.of<OwnOptions>().values.at("share"));
          return result;
        },
        spec, options);
  };
  auto kinds = built_in_rewards_and({{.name = "mine", .make = make, .own_options = {"share"}}});
  RewardSpec spec{.name = "mine", .weight = 2, .options = OwnOptions{{{"share", "0.25"}}}};
  CHECK(RewardTable(kinds, {spec}, {}).judge(Completion{}).score.value() == 0.5);
  CHECK_THROWS_WITH_AS(RewardTable(built_in_rewards(), {spec}, {}),
      doctest::Contains("unknown reward 'mine'"), Error);
  spec.options = OwnOptions{{{"shore", "1"}}};
  CHECK_THROWS_WITH_AS(
      RewardTable(kinds, {spec}, {}), doctest::Contains("did you mean 'share'?"), Error);
  CHECK_THROWS_WITH_AS(
      built_in_rewards_and({{.name = "math"}}), doctest::Contains("'math' already"), Error);
}

TEST_CASE("a table waits as long as its kinds say, or the job graph") {
  auto seconds = [](RewardSpec spec) {
    spec.batch = 1;
    return RewardTable(built_in_rewards(), {spec}, {}).seconds_at_most();
  };
  CHECK(seconds({.name = "format", .weight = 1}) == 0);
  CHECK(seconds({.name = "math", .weight = 1}) == default_math_seconds);
  CHECK(seconds({.name = "math", .weight = 1, .deadline = 7}) == 7);
  CHECK(seconds({.name = "own",
            .weight = 1,
            .kind = "command",
            .options = CommandOptions{{"/bin/cat"}}}) == default_command_seconds);
}

TEST_CASE("a decimal number is its digits, whatever the places before its point") {
  CHECK(math("1.50", "1.5") == 1);
  CHECK(math("12.50", "12.5") == 1);
  CHECK(math("1234.50", "1,234.5") == 1);
  CHECK(math("+01234.5", "1234.5") == 1);
  CHECK(math("-0.0", "0") == 1);
  CHECK(math("1,23.5", "123.5") == 0);
  CHECK(math("1,2345.5", "12345.5") == 0);
  CHECK(math("1234,567", "1234567") == 0);
}
