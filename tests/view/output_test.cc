#include "actors/view/output.h"

#include "actors/messages/run_event.h"

#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a terminal says how large it is; else the environment does, if it makes sense") {
  int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  auto resized = [&](unsigned short columns, unsigned short rows) {
    winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
    auto found = terminal_size(terminal);
    return std::pair(found.columns, found.rows);
  };
  ::setenv("COLUMNS", "61", 1);
  ::setenv("LINES", "17", 1);
  CHECK(resized(132, 43) == std::pair(132, 43));
  CHECK(resized(1, 1) == std::pair(1, 1));
  CHECK(resized(0, 43) == std::pair(61, 17));
  CHECK(resized(132, 0) == std::pair(61, 17));
  ::close(terminal);
  auto of_none = [](const char* columns) {
    ::setenv("COLUMNS", columns, 1);
    return terminal_size(-1).columns;
  };
  CHECK(of_none("9999") == 9999);
  CHECK(of_none("1") == 1);
  for (const char* nonsense : {"0", "-5", "10000", "wide", ""}) CHECK(of_none(nonsense) == 80);
  ::unsetenv("COLUMNS");
  ::unsetenv("LINES");
  CHECK(terminal_size(-1).rows == 24);
}

TEST_CASE("what the live view says above its frame keeps one column free") {
  std::string before = std::getenv("TERM") == nullptr ? "" : std::getenv("TERM");
  ::setenv("TERM", "xterm", 1);
  ::setenv("COLUMNS", "60", 1);
  // A label of 13 columns, a word of 30, a space, and a word that may be too long.
  auto one_line = [](std::size_t last_word) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::string last(last_word, 'b');
    auto view = terminal_view(std::make_shared<Output>(ends[1]));
    view->event({{"event", "alarm"}, {"text", std::string(30, 'a') + " " + last}});
    std::string seen(65536, ' ');
    auto got = ::read(ends[0], seen.data(), seen.size());
    REQUIRE(got > 0);
    seen.resize(static_cast<std::size_t>(got));
    view->close();
    for (int end : ends) ::close(end);
    return seen.find(std::string(30, 'a') + " " + last) != std::string::npos;
  };
  CHECK(one_line(15));
  CHECK_FALSE(one_line(16));
  ::unsetenv("COLUMNS");
  before.empty() ? ::unsetenv("TERM") : ::setenv("TERM", before.c_str(), 1);
}
