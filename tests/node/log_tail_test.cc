#include "runtime/node/log_tail.h"

#include "tests/support/temp_folder.h"

#include <fstream>
#include <sys/stat.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

using Lines = std::vector<std::string>;

struct Log {
  explicit Log(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  TempFolder folder;
  std::string path = folder.path() + "/log";
};

Lines tail(const std::string& bytes, std::size_t lines_max = 50) {
  Log log(bytes);
  return log_tail(log.path, lines_max);
}

}  // namespace

TEST_CASE("the last lines of a log are its last lines, ended or not") {
  CHECK(tail("a\nb\nc\n", 2) == Lines{"b", "c"});
  CHECK(tail("a\nb\nc", 2) == Lines{"b", "c"});
  CHECK(tail("a\nb\n", 50) == Lines{"a", "b"});
  CHECK(tail("\n\na\r\n\n") == Lines{"", "", "a", ""});
  CHECK(tail("a\n", 0).empty());
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "line " + std::to_string(i) + "\n";
  auto last = tail(many);
  REQUIRE(last.size() == 50);
  CHECK(last.front() == "line 99950");
  CHECK(last.back() == "line 99999");
}

TEST_CASE("a log without lines, without bytes or without a file has no last lines") {
  CHECK(tail("").empty());
  CHECK(tail("\n") == Lines{""});
  CHECK(log_tail("/no/such/log").empty());
  CHECK(log_tail("/dev/zero").empty());
  Log log("");
  CHECK(log_tail(log.folder.path()).empty());
  auto fifo = log.folder.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(log_tail(fifo).empty());
}

TEST_CASE("a huge line is cut in front, between two characters") {
  auto last = tail("before\n" + std::string(10 << 20, 'x') + "end\nafter\n");
  REQUIRE(last.size() == 2);
  CHECK(last[0].size() == 4096 + 3);
  CHECK(last[0].starts_with("…xxx"));
  CHECK(last[0].ends_with("xend"));
  CHECK(last[1] == "after");
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string line = std::string(shift, 'x');
    for (int i = 0; i < 2000; ++i) line += "✓";
    auto cut = tail(line).front();
    CHECK(cut.starts_with("…✓"));
    CHECK(cut.find("\xEF\xBF\xBD") == std::string::npos);
  }
  std::string full(70'000, 'y');
  CHECK(tail(full).size() == 1);
}

TEST_CASE("bytes that are no text do no harm") {
  CHECK(tail("a\xFFz \xC3\n") == Lines{"a\xEF\xBF\xBDz \xEF\xBF\xBD"});
  CHECK(tail(std::string("a\0b\x1B[2J\t\x7F\n", 9)) == Lines{"a\xEF\xBF\xBD"
                                                             "b\xEF\xBF\xBD[2J\t\xEF\xBF\xBD"});
  CHECK(tail("\xC2\x9B"
             "1m ä\n") == Lines{"\xEF\xBF\xBD\xEF\xBF\xBD"
                                "1m ä"});
}
