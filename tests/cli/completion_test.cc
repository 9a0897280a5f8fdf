// What shells complete: bash is asked itself, the others where they are installed.
#include "runtime/cli/completion.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

const std::vector<CliCommand> commands = {
    {.name = "run",
        .summary = "runs a user's job: all of it",
        .details = "",
        .positionals = {"JOB"},
        .options = {{"set", "K=V", "override [one], it's said"}, {"json", "", "as JSON"}},
        .run = nullptr},
    {.name = "resume",
        .summary = "goes on",
        .details = "",
        .positionals = {},
        .options = {},
        .run = nullptr}};

std::string out_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  for (int c; (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  return ::pclose(pipe) == 0 ? out : "failed: " + out;
}

struct Script {
  explicit Script(const std::string& shell) : path(folder.path() + "/script") {
    std::ofstream(path) << completion_script(shell, "prog", commands);
  }

  TempFolder folder;
  const std::string path;
};

// What bash makes of these words, the last of which is being typed.
std::string bash_completes(const std::string& words, int at) {
  Script script("bash");
  return out_of(str("cd '", script.folder.path(), "' && bash -c '. ./script; COMP_WORDS=(prog ",
      words, "); COMP_CWORD=", at, "; _prog; printf \"%s \" \"${COMPREPLY[@]}\"'"));
}

}  // namespace

TEST_CASE("bash completes commands, their own options, and files") {
  CHECK(bash_completes("re", 1) == "resume ");
  CHECK(bash_completes("\"\"", 1) == "help run resume ");
  CHECK(bash_completes("help ru", 2) == "run ");
  CHECK(bash_completes("run --", 2) == "--help --set --json ");
  CHECK(bash_completes("run job --j", 3) == "--json ");
  CHECK(bash_completes("resume --", 2) == "--help ");
  CHECK(bash_completes("run scr", 2) == "script ");
}

TEST_CASE("what zsh and fish are given is of their language") {
  for (const char* shell : {"zsh", "fish"}) {
    Script script(shell);
    INFO(std::string(shell));
    std::string said = out_of(str("if command -v ", shell, " >/dev/null; then ", shell, " -n '",
        script.path, "' 2>&1 && echo good; else echo good; fi"));
    CHECK(said == "good\n");
  }
  CHECK(completion_script("zsh", "prog", commands)
            .find(R"('run:''runs a user'\''s job\: all of it')") != std::string::npos);
  CHECK(completion_script("fish", "prog", commands)
            .find(R"(-l set -r -d 'override [one], it\'s said')") != std::string::npos);
}

TEST_CASE("another shell is refused by name") {
  try {
    (void)completion_script("csh", "prog", commands);
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    CHECK(error.text().find("bash, zsh, fish") != std::string::npos);
  }
}
