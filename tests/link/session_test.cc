#include "runtime/link/session.h"

#include "tests/link/processes.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("an actor in another process answers, fails and declines as one here does") {
  for (const char* pool : {"links", "main"}) {
    Pair pair({}, pool);
    auto diary = std::make_shared<Diary>();
    auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}, diary));
    System& system = pair.one.system;
    for (int i = 1; i <= 100; ++i) {
      auto sum = system.ask(clerk, Add{1}, 10s);
      REQUIRE(sum);
      CHECK(sum->value == i);
    }
    auto declined = system.ask(clerk, Decline{}, 10s);
    REQUIRE(!declined);
    CHECK(declined.error().code == Errc::refused);
    CHECK(declined.error().text == "not today");
    auto unknown = system.ask(clerk, Number{}, 10s);
    REQUIRE(!unknown);
    CHECK(unknown.error().code == Errc::unsupported);
    auto failed = system.ask(clerk, Explode{3}, 10s);
    REQUIRE(!failed);
    CHECK(failed.error().code == Errc::failed);
    CHECK(failed.error().text.find("boom 3") != std::string::npos);
    auto closed = system.ask(clerk, Add{1}, 10s);
    REQUIRE(!closed);
    // The first while its cell is still there.
    Errc code = closed.error().code;
    CHECK((code == Errc::closed || code == Errc::undeliverable));
  }
}

TEST_CASE("one-way messages arrive in the order of sending, however little credit there is") {
  Pair pair({.window = {.messages = 3, .bytes = 1000}});
  auto diary = std::make_shared<Diary>();
  auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}, diary));
  std::atomic<bool> done = false;
  auto teller = pair.one.system.spawn<Script>({.name = "teller"}, [&](Script&) -> Task<void> {
    for (int i = 0; i < 1000; ++i) {
      auto sent = co_await send(clerk, Note{i}, 10s, "room");
      CHECK(sent);
    }
    auto sum = co_await ask(clerk, Add{1}, 10s, "all of it");
    CHECK(sum);
    done = true;
  });
  pair.known(teller);
  REQUIRE(soon([&] { return done.load(); }));
  REQUIRE(diary->values.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(diary->values[static_cast<std::size_t>(i)] == i);
}
