#include "runtime/config/load.h"

#include "actors/job/job.capnp.h"

#include <capnp/schema.capnp.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

LoadedConfig load(const std::string& text, const std::vector<std::string>& sets = {}) {
  return load_config<schema::Job>("job.yaml", text, sets);
}

std::vector<std::string> problems(
    const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    load(text, sets).finish();
  } catch (const ConfigError& e) {
    return e.problems();
  }
  return {};
}

bool has(const std::vector<std::string>& lines, const std::string& part) {
  for (const auto& line : lines)
    if (line.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("what the file does not say has the schema's default") {
  auto loaded = load("name: a\nstages:\n  - reinforce: { max_lag: 3 }\n");
  loaded.finish();
  auto job = loaded.get<schema::Job>();
  CHECK(job.getName() == "a");
  REQUIRE(job.getStages().size() == 1);
  CHECK(job.getStages()[0].getReinforce().getMaxLag() == 3);
  CHECK(job.getStages()[0].getReinforce().getAlgorithm().getBatch() == 384);
  CHECK(job.getActors().getGenerator().getTemperature() == 1.0F);
}

TEST_CASE("a struct with a default of its own keeps what a partial map does not name") {
  auto loaded = load("stages:\n  - warm_start: { optimizer: { learning_rate: 1e-4 } }\n");
  loaded.finish();
  auto optimizer = loaded.get<schema::Job>().getStages()[0].getWarmStart().getOptimizer();
  CHECK(optimizer.getLearningRate() == 1e-4);
  CHECK(optimizer.getWarmupSteps() == 20);
  CHECK(optimizer.getFinalShare() == 0.1);
}

TEST_CASE("a list of named values may be written as a map, in its order") {
  auto loaded = load("actors: { verifier: { rewards: { math: 0.9, format: 0.1 } } }");
  loaded.finish();
  auto rewards = loaded.get<schema::Job>().getActors().getVerifier().getRewards();
  REQUIRE(rewards.size() == 2);
  CHECK(rewards[0].getName() == "math");
  CHECK(rewards[0].getWeight() == 0.9);
  CHECK(rewards[1].getName() == "format");
}

TEST_CASE("all problems are reported at once, each with its place and the nearest name") {
  auto found = problems(
      "nam: x\n"
      "seed: minus\n"
      "stages:\n"
      "  - reinforce:\n"
      "      max_lagg: 1\n"
      "      overdue: sometimes\n"
      "      algorithm: { group: 1 }\n"
      "actors: [1]\n"
      "model: { preset: nano, preset: micro }\n");
  CHECK(has(found, "job.yaml:1:1: unknown key 'nam'; did you mean 'name'?"));
  CHECK(has(found, "job.yaml:2:7: seed: expected a whole number"));
  CHECK(has(found, "job.yaml:5:7: unknown key 'max_lagg'; did you mean 'max_lag'?"));
  CHECK(has(found,
      "job.yaml:6:16: stages.0.reinforce.overdue: expected one of wait, drop, found 'sometimes'"));
  CHECK(has(found, "job.yaml:7:27: stages.0.reinforce.algorithm.group: expected at least 2"));
  CHECK(has(found, "job.yaml:8:9: actors: expected keys and values"));
  CHECK(has(found, "key 'preset' is given twice"));
  CHECK(found.size() == 7);
}

TEST_CASE("only one member of a union may be given, and one must") {
  CHECK(has(problems("stages:\n  - { reinforce: {}, warm_start: {} }\n"), "only one of these"));
  CHECK(has(problems("stages:\n  - {}\n"), "expected one of warm_start, reinforce"));
}

TEST_CASE("--set overrides by path, finds stages by name, and is named in errors") {
  auto loaded = load("stages:\n  - warm_start: {}\n  - reinforce: { steps: 5 }\n",
      {"stages.reinforce.steps=7", "actors.generator.count=2", "name=b"});
  loaded.finish();
  auto job = loaded.get<schema::Job>();
  CHECK(job.getStages()[1].getReinforce().getSteps() == 7);
  CHECK(job.getActors().getGenerator().getCount() == 2);
  CHECK(job.getName() == "b");
  CHECK(has(problems("stages:\n  - reinforce: {}\n", {"stages.reinforce.steps=many"}),
      "--set stages.reinforce.steps=many: "));
  CHECK(has(problems("name: a", {"nonsense"}), "--set nonsense: expected key=value"));
  CHECK(has(problems("name: a", {"actors.generatr.count=2"}), "did you mean 'generator'?"));
}

TEST_CASE("what --set gives is the very text, unless it is quoted or structured") {
  auto answer_after = [](const std::string& text) {
    auto loaded = load("name: a", {"data.answer_after=" + text});
    loaded.finish();
    return std::string(loaded.get<schema::Job>().getData().getAnswerAfter().cStr());
  };
  for (std::string text :
      {"####", "# x", "a # b", "%x", "*x", "&x", "!x", "- x", "x: y", "@x", "`x"})
    CHECK(answer_after(text) == text);
  CHECK(answer_after("\"#### \"") == "#### ");
  CHECK(answer_after("'it''s'") == "it's");
  CHECK(answer_after("").empty());
  auto loaded = load("name: a", {"model.tokens.special=[<pad>, <eos>]"});
  loaded.finish();
  CHECK(loaded.get<schema::Job>().getModel().getTokens().getSpecial().size() == 2);
  auto block = load("name: a", {"actors.generator=\n  count: 3\n  place: { cpus: 2 }"});
  block.finish();
  auto generator = block.get<schema::Job>().getActors().getGenerator();
  CHECK(generator.getCount() == 3);
  CHECK(generator.getPlace().getCpus() == 2);
  CHECK(has(problems("name: a", {"seed=1 # of many"}), "expected a whole number"));
}

TEST_CASE("a configuration knows what was given, in the file or behind --set") {
  auto loaded = load("stages:\n  - reinforce: { steps: 5 }\n", {"stages.reinforce.max_lag=1"});
  CHECK(loaded.given("stages.0.reinforce.steps"));
  CHECK(loaded.given("stages.0.reinforce.max_lag"));
  CHECK_FALSE(loaded.given("stages.0.reinforce.overdue"));
}

TEST_CASE("malformed YAML is an error with its place, not a crash") {
  CHECK(has(problems("a: [1, 2\nb: }"), "job.yaml:"));
  CHECK(has(problems("\tname: x"), "job.yaml:"));
  CHECK(has(problems("just text"), "expected keys and values"));
  CHECK(problems("").empty());
}

TEST_CASE("numbers are checked against type and bounds") {
  CHECK(has(problems("seed: -1"), "expected a whole number, 0 or more"));
  CHECK(has(problems("seed: 1.5"), "expected a whole number"));
  CHECK(problems("seed: 1e6").empty());
  CHECK(has(problems("actors: { generator: { top_p: 1.5 } }"), "expected at most 1"));
  CHECK(has(problems("actors: { generator: { temperature: .nan } }"), "expected a number"));
  CHECK(has(problems("actors: { generator: { count: 99999999999 } }"), "expected a whole number"));
}

TEST_CASE("the resolved configuration loads to the same") {
  auto first = load(
      "name: \"a: b\"\nstages:\n  - warm_start: { styles: { worked: 0.8, short: 0.2 } }\n  - "
      "reinforce: { overdue: drop }\n"
      "actors: { verifier: { rewards: { math: 0.9 } }, generator: { temperature: 0.7 } }\n"
      "model: { preset: nano, tokens: { special: [<pad>, <eos>], characters: \"0123456789+-*/=,r\" "
      "} }\n");
  first.finish();
  auto again = load(first.resolved());
  again.finish();
  CHECK(first.resolved() == again.resolved());
  CHECK(first.resolved().find("overdue: drop") != std::string::npos);
}

TEST_CASE("the reference says of every key its default, type and meaning, and loads to the same") {
  auto loaded = load("actors: { verifier: { rewards: { math: 1, http: 1 } } }");
  loaded.finish();
  std::string page = loaded.described({{"rewards", "math, http"}},
      [](const std::string& path) { return path == "actors.verifier.rewards.1"; });
  CHECK(page.find("seed: 0   # whole number; every random draw") != std::string::npos);
  CHECK(page.find("overdue") == std::string::npos);  // of a stage, and there is none
  CHECK(page.find("kind: \"\"   # text; math, http; nothing") != std::string::npos);
  CHECK(page.find("count: 1   # whole number; generators, each") != std::string::npos);
  CHECK(page.find("\n#       - name: \"http\"") != std::string::npos);
  auto again = load(page);
  again.finish();
  auto rewards = again.get<schema::Job>().getActors().getVerifier().getRewards();
  REQUIRE(rewards.size() == 1);
  CHECK(rewards[0].getName() == "math");
}

TEST_CASE("an option of another kind is refused, naming those that the kind has") {
  auto rewards = [](const std::string& given) {
    return problems("actors: { verifier: { rewards: " + given + " } }");
  };
  CHECK(has(rewards("{ format: { weight: 1, answer: boxed } }"),
      "job.yaml:1:55: 'answer' is no option of format; it has: name, weight, kind, thinking, "
      "requires, deadline, batch"));
  CHECK(has(rewards("{ mine: { kind: math, weight: 1, url: x } }"), "'url' is no option of math"));
  CHECK(has(rewards("[{ name: length, weight: 1, model: x }]"), "'model' is no option of length"));
  CHECK(has(rewards("{ mathe: { weight: 1, answer: boxed } }"), "did you mean the kind 'math'?"));
  CHECK(has(rewards("{ math: { weight: 1, answr: boxed } }"), "did you mean 'answer'?"));
  CHECK(
      has(rewards("{ math: { weight: 1, options: { a: 1 } } }"), "'options' is no option of math"));
  CHECK(rewards("{ mine: { weight: 1, options: { a: 1 } } }").empty());
  CHECK(rewards("{ http: { weight: 1, model: x }, language: { weight: 1, model: x } }").empty());
  auto loaded = load("actors: { verifier: { rewards: { length: 1 } } }");
  CHECK(loaded.resolved().find("length_max") != std::string::npos);
  CHECK(loaded.resolved().find("answer:") == std::string::npos);
}

TEST_CASE("what is to be a list is a list; of named values also a map") {
  CHECK(problems("stages: 5") == std::vector<std::string>{"job.yaml:1:9: stages: expected a list"});
  CHECK(problems("stages: { reinforce: {} }") ==
        std::vector<std::string>{"job.yaml:1:9: stages: expected a list"});
  CHECK(has(problems("actors: { verifier: { rewards: 3 } }"),
      "actors.verifier.rewards: expected a list or a map of names"));
}

TEST_CASE("true and false are what they are, and nothing else is either") {
  auto generic = [](const std::string& text) {
    auto loaded = load_config<capnp::schema::Node>("node.yaml", "is_generic: " + text, {});
    loaded.finish();
    return loaded.get<capnp::schema::Node>().getIsGeneric();
  };
  CHECK(generic("true"));
  CHECK_FALSE(generic("false"));
  for (const char* other : {"yes", "1", "True", "[true]", "{}"})
    CHECK_THROWS_AS((void)generic(other), ConfigError);
}

TEST_CASE("quotes, backslashes and line ends in a text come through the resolved configuration") {
  auto loaded = load("name: \"a \\\"b\\\" \\\\ c\\n\\td\"");
  loaded.finish();
  std::string name = "a \"b\" \\ c\n\td";
  CHECK(std::string(loaded.get<schema::Job>().getName().cStr()) == name);
  auto again = load(loaded.resolved());
  again.finish();
  CHECK(std::string(again.get<schema::Job>().getName().cStr()) == name);
}

TEST_CASE("a number may have a plus before it") {
  auto loaded = load("seed: +5\nactors: { generator: { temperature: +0.5 } }");
  loaded.finish();
  CHECK(loaded.get<schema::Job>().getSeed() == 5);
  CHECK(loaded.get<schema::Job>().getActors().getGenerator().getTemperature() == 0.5F);
  CHECK(has(problems("seed: ++5"), "expected a whole number"));
  CHECK(has(problems("seed: +"), "expected a whole number"));
  CHECK(has(problems("seed: \"\""), "expected a whole number"));
}

TEST_CASE("--set finds a stage by its name wherever it is in the list, or by its number") {
  std::string stages = "stages:\n  - warm_start: { steps: 1 }\n  - reinforce: { steps: 2 }\n";
  auto steps = [&](const std::string& set) {
    auto loaded = load(stages, {set});
    loaded.finish();
    auto list = loaded.get<schema::Job>().getStages();
    return std::pair(list[0].getWarmStart().getSteps(), list[1].getReinforce().getSteps());
  };
  CHECK(steps("stages.warm_start.steps=7") == std::pair<std::uint64_t, std::uint64_t>(7, 2));
  CHECK(steps("stages.reinforce.steps=7") == std::pair<std::uint64_t, std::uint64_t>(1, 7));
  CHECK(steps("stages.0.warm_start.steps=7") == std::pair<std::uint64_t, std::uint64_t>(7, 2));
  CHECK(steps("stages.1.reinforce.steps=7") == std::pair<std::uint64_t, std::uint64_t>(1, 7));
  CHECK(has(problems(stages, {"stages.2.reinforce.steps=7"}), "there is no such place"));
  CHECK(has(problems(stages, {"stages.evaluate.steps=7"}), "there is no such place"));
}
