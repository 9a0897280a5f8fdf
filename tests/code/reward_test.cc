// The code reward: from a completion and its problem to a share and its evidence.
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/code/judge_here.h"

#include <string>
#include <utility>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::code;

TEST_CASE("the code reward goes from completion to evidence") {
  JUDGE();
  RewardTable table(built_in_rewards(), {{.name = "code", .weight = 0.9}}, {});
  CHECK(table.batch() == 1);
  auto said = [&](const std::string& text, const char* answer) {
    Verdict v = table.judge({.prompt = "", .answer = answer, .text = text});
    return v.no_verdict.empty() ? str(v.score.value(), " ", v.components.at(0).evidence)
                                : v.no_verdict;
  };
  CHECK(said("<think>```python\nx\n```</think>So:\n```python\ndef f(x):\n    return x * x\n```",
            square) == "0.9 python, 2 of 2 tests passed");
  CHECK(said("```python\ndef f(x):\n    return 4\n```", square) ==
        "0 python, 1 of 2 tests passed; test 2: WA, assert f(-3) == 9");
  CHECK(said("```cpp\nint x;\n```", square) == "0 the code block is cpp; asked for is python");
  CHECK(said("print(3)", sum) == "0 no fenced code block in the answer");
  CHECK(said("```\nprint(3)\n```", sum) ==
        "0 python, 1 of 2 tests passed; test 2: WA, expected '42', got '3'");
  CHECK(said("```py\n1\n```", "{}").starts_with("code: the problem's tests: one of"));
}

TEST_CASE("options that make no sense are refused before anything runs") {
  auto table = [](CodeOptions options) {
    return RewardTable(
        built_in_rewards(), {{.name = "code", .weight = 1, .options = std::move(options)}}, {});
  };
  CHECK_THROWS_AS(table({.language = "rust"}), Error);
  CHECK_THROWS_AS(table({.sandbox = "fool"}), Error);
  CHECK_THROWS_AS(table({.test_seconds = 0}), Error);
}
