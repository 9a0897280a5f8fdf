#include "runtime/base/shell.h"

#include <array>
#include <cstdio>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// What a shell makes of the command's words, one a line.
std::string shell_reads(const std::string& words) {
  std::string out;
  std::FILE* pipe = ::popen(("printf '%s\\n' " + words).c_str(), "r");
  std::array<char, 256> block{};
  while (std::fgets(block.data(), block.size(), pipe)) out += block.data();
  ::pclose(pipe);
  return out;
}

}  // namespace

TEST_CASE("a word that is quoted comes out of a shell as it went in") {
  CHECK(shell_quoted("runs/one-1") == "runs/one-1");
  for (std::string word :
      {"two words", "it's", "$HOME", "a\"b", "*", "~", "a=b", "a\\b", "", "ü", "`x`"})
    CHECK(shell_reads(shell_quoted(word)) == word + "\n");
}

TEST_CASE("a command is its words, quoted") {
  CHECK(shell_command({"/my tools/tram", "resume", "runs/1"}) == "'/my tools/tram' resume runs/1");
}

TEST_CASE("the program is called as it was called") {
  CHECK(program_as_called().find("base_test") != std::string::npos);
}
