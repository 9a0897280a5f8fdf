#include "runtime/cli/cli.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Typed {
  int status = 0;
  CliArguments arguments;
};

Typed type(
    std::vector<const char*> words, const std::function<int(const CliArguments&)>& run = nullptr) {
  Typed typed;
  Cli cli("prog", "A program.",
      {{.name = "run",
          .summary = "runs",
          .details = "Runs.",
          .positionals = {"JOB", "[OUT]"},
          .options = {{"set", "K=V", "override"}, {"json", "", "machine"},
              {"count", "N", "how many"}},
          .run = [&](const CliArguments& a) {
            typed.arguments = a;
            return run ? run(a) : 0;
          }}});
  words.insert(words.begin(), "prog");
  typed.status = cli.main(static_cast<int>(words.size()), words.data());
  return typed;
}

}  // namespace

TEST_CASE("positionals, flags and values are told apart") {
  auto t =
      type({"run", "a.yaml", "--json", "--set", "x=1", "--set=y=2", "--count=3", "--", "--odd"});
  CHECK(t.status == 0);
  CHECK(t.arguments.positionals() == 2);
  CHECK(t.arguments.positional(1) == "--odd");
  CHECK(t.arguments.has("json"));
  CHECK(t.arguments.all("set") == std::vector<std::string>{"x=1", "y=2"});
  CHECK(t.arguments.whole("count", 1, 10) == 3);
  CHECK(t.arguments.whole("missing", 7, 10) == 7);
}

TEST_CASE("what is wrong with the command line exits with 2") {
  CHECK(type({}).status == 2);
  CHECK(type({"rum", "a"}).status == 2);
  CHECK(type({"run"}).status == 2);
  CHECK(type({"run", "a", "b", "c"}).status == 2);
  CHECK(type({"run", "a", "--sett", "x"}).status == 2);
  CHECK(type({"run", "a", "--set"}).status == 2);
  CHECK(type({"run", "a", "--json=yes"}).status == 2);
  CHECK(type({"run", "a", "--count", "ten"}, [](const CliArguments& a) {
    return static_cast<int>(a.whole("count", 0, 5));
  }).status == 2);
}

TEST_CASE("help is a success") {
  CHECK(type({"help"}).status == 0);
  CHECK(type({"--help"}).status == 0);
  CHECK(type({"help", "run"}).status == 0);
  CHECK(type({"run", "--help"}).status == 0);
}

TEST_CASE("each kind of error has an exit status of its own") {
  auto failing = [](Errc code) {
    return type({"run", "a"}, [code](const CliArguments&) -> int {
      throw Error(code, "text");
    }).status;
  };
  CHECK(failing(Errc::bad_input) == 3);
  CHECK(failing(Errc::io) == 4);
  CHECK(failing(Errc::unsupported) == 5);
  CHECK(failing(Errc::failed) == 6);
  CHECK(failing(Errc::cancelled) == 130);
  CHECK(type({"run", "a"}, [](const CliArguments&) -> int {
    throw std::runtime_error("x");
  }).status == 1);
}
