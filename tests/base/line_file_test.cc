#include "runtime/base/line_file.h"

#include "tests/support/temp_folder.h"

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/resource.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// No file of this process may grow beyond so many bytes.
class Limit {
 public:
  explicit Limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }

  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  ~Limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

}  // namespace

TEST_CASE("lines are appended, in this life of the file and the next") {
  TempFolder folder;
  std::string path = folder.path() + "/lines";
  for (const char* life : {"a", "b"}) {
    LineFile lines(path);
    CHECK_FALSE(lines.append(life));
    CHECK_FALSE(lines.append("and more"));
    CHECK(text_of(path).ends_with(std::string(life) + "\nand more\n"));
    lines.close();
    CHECK_FALSE(lines.append("into nothing"));
  }
  CHECK(text_of(path) == "a\nand more\nb\nand more\n");
}

TEST_CASE("a last line that was cut goes when the file is opened, however long it is") {
  TempFolder folder;
  std::string path = folder.path() + "/lines";
  for (const std::string& whole : {std::string(), std::string("one\n\ntwo\n")})
    for (std::size_t length : {0, 1, 65535, 65536, 65537, 200000}) {
      std::ofstream(path) << whole << std::string(length, 'x');
      LineFile lines(path);
      CHECK(text_of(path) == whole);
      CHECK_FALSE(lines.append("three"));
      CHECK(text_of(path) == whole + "three\n");
    }
}

TEST_CASE("lines without room wait in their order, and nothing is cut") {
  TempFolder folder;
  std::string path = folder.path() + "/lines";
  LineFile lines(path);
  CHECK_FALSE(lines.append("one"));
  {
    Limit limit(10);
    for (const char* line : {"the second", "the third"}) {
      auto error = lines.append(line);
      REQUIRE(error);
      CHECK(error->errc() == Errc::io);
      CHECK(error->text() == path +
                                 ": cannot be written: File too large; raise the limit on the "
                                 "size of files (ulimit -f)");
      CHECK(text_of(path) == "one\n");
    }
  }
  CHECK_FALSE(lines.append("four"));
  CHECK(text_of(path) == "one\nthe second\nthe third\nfour\n");
}

TEST_CASE("what waits is written when the file is closed, if there is room by then") {
  TempFolder folder;
  std::string path = folder.path() + "/lines";
  for (bool room : {true, false}) {
    auto lines = std::make_unique<LineFile>(path);
    Limit limit(room ? RLIM_INFINITY : 4);
    {
      Limit none(4);
      CHECK(lines->append("waits"));
    }
    lines.reset();
    CHECK(text_of(path) == (room ? "waits\n" : ""));
    std::filesystem::remove(path);
  }
}

TEST_CASE("of lines without room a mebibyte waits") {
  TempFolder folder;
  std::string path = folder.path() + "/lines";
  LineFile lines(path);
  {
    Limit limit(4);
    for (int i = 0; i < 30; ++i) CHECK(lines.append(std::string(100'000, 'x')));
  }
  lines.close();
  CHECK(text_of(path).size() == 11 * 100'001);
}

TEST_CASE("a file that cannot be opened is an error that names it") {
  CHECK_THROWS_WITH(
      LineFile("/nowhere/lines"), "/nowhere/lines: cannot be opened: No such file or directory");
}
