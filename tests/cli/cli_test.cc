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

TEST_CASE("a number is one within its bounds, which belong to it") {
  auto number = [](const char* text) {
    double found = -1;
    int status = type({"run", "a", "--count", text}, [&](const CliArguments& a) {
      found = a.number("count", 7, 0.5, 2);
      return 0;
    }).status;
    return std::pair(status, found);
  };
  CHECK(number("1.25") == std::pair(0, 1.25));
  CHECK(number("0.5") == std::pair(0, 0.5));
  CHECK(number("2") == std::pair(0, 2.0));
  for (const char* wrong : {"0.49", "2.01", "nan", "-inf", "one", "", "1x"})
    CHECK(number(wrong) == std::pair(2, -1.0));
  type({"run", "a"}, [](const CliArguments& a) {
    CHECK(a.number("count", 7, 0.5, 2) == 7);
    return 0;
  });
}

TEST_CASE("a whole number may be the largest that is allowed") {
  auto whole = [](const char* text) {
    std::uint64_t found = 99;
    int status = type({"run", "a", "--count", text}, [&](const CliArguments& a) {
      found = a.whole("count", 7, 5);
      return 0;
    }).status;
    return std::pair(status, found);
  };
  CHECK(whole("5") == std::pair(0, std::uint64_t{5}));
  CHECK(whole("0") == std::pair(0, std::uint64_t{0}));
  for (const char* wrong : {"6", "-1", "1.5", ""})
    CHECK(whole(wrong) == std::pair(2, std::uint64_t{99}));
}

TEST_CASE("a command's help names its positionals, and options where it has some") {
  Cli cli("prog", "A program.", {});
  CliCommand plain{.name = "show",
      .summary = "shows",
      .details = "Shows it.",
      .positionals = {"RUN", "[OUT]"},
      .options = {},
      .run = {}};
  CHECK(cli.help(plain) == "usage: prog show RUN [OUT]\n\nShows it.\n");
  plain.options = {{"json", "", "for machines"}, {"count", "N", "how many"}};
  CHECK(cli.help(plain) ==
        "usage: prog show RUN [OUT] [options]\n\nShows it.\n\nOptions:\n"
        "  --json     for machines\n  --count N  how many\n");
}
