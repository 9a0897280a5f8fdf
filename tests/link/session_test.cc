#include "runtime/link/session.h"

#include "tests/link/actors.h"
#include "tests/link/processes.h"

#include <fcntl.h>
#include <filesystem>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("an actor in another process answers, fails and declines as one here does") {
  for (const char* pool : {"links", "main"}) {
    Pair pair({}, pool);
    auto diary = std::make_shared<Diary>();
    auto clerk = pair.seen(pair.two.system.spawn<Clerk>({.name = "clerk"}, diary));
    System& system = pair.one.system;
    for (int i = 1; i <= 100; ++i) {
      auto sum = system.ask(clerk, Add{1}, 60s);
      REQUIRE(sum);
      CHECK(sum->value == i);
    }
    auto declined = system.ask(clerk, Decline{}, 60s);
    REQUIRE(!declined);
    CHECK(declined.error().code == Errc::refused);
    CHECK(declined.error().text == "not today");
    auto unknown = system.ask(clerk, Number{}, 60s);
    REQUIRE(!unknown);
    CHECK(unknown.error().code == Errc::unsupported);
    auto failed = system.ask(clerk, Explode{3}, 60s);
    REQUIRE(!failed);
    CHECK(failed.error().code == Errc::failed);
    CHECK(failed.error().text.find("boom 3") != std::string::npos);
    auto closed = system.ask(clerk, Add{1}, 60s);
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
  pair.script("teller", [&](Script&) -> Task<void> {
    for (int i = 0; i < 1000; ++i) {
      auto sent = co_await send(clerk, Note{i}, 10s, "room");
      CHECK(sent);
    }
    auto sum = co_await ask(clerk, Add{1}, 10s, "all of it");
    CHECK(sum);
    done = true;
  });
  REQUIRE(soon([&] { return done.load(); }));
  REQUIRE(diary->values.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(diary->values[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a slow actor makes senders elsewhere wait, as many as the window says") {
  Pair pair({.window = {.messages = 4, .bytes = 1 << 20}});
  auto diary = std::make_shared<Diary>();
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}, diary));
  System& system = pair.one.system;
  REQUIRE(system.ask(store, Linger{0}, 60s));
  std::atomic<bool> slow = false;
  pair.script("asker", [&](Script&) -> Task<void> {
    slow = (co_await ask(store, Linger{200}, 10s, "the slow one")).has_value();
  });
  auto status = [&] { return pair.two.system.find("store"); };
  REQUIRE(soon([&] { return pair.two.system.status(*status())->waiting_for != "messages"; }));
  for (int i = 0; i < 3; ++i) CHECK(system.try_send(store, Note{i}));
  // Three in its mailbox: their credit is back. Its mailbox of 1024 would take more.
  REQUIRE(soon([&] { return pair.two.system.status(*status())->mailbox_messages == 3; }));
  CHECK(system.send(store, Note{3}, 60s));
  REQUIRE(soon([&] { return slow.load(); }));
  CHECK(system.ask(store, Linger{0}, 60s).value().value == 4);
}

TEST_CASE("a full mailbox elsewhere holds the credit of what waits there") {
  Pair pair({.window = {.messages = 4, .bytes = 1 << 20}});
  auto diary = std::make_shared<Diary>();
  auto here = pair.two.system.spawn<Store>({.name = "store", .mailbox = {.messages = 1}}, diary);
  auto store = pair.seen(here);
  System& system = pair.one.system;
  std::atomic<bool> slow = false;
  pair.script("asker", [&](Script&) -> Task<void> {
    slow = (co_await ask(store, Linger{1000}, 60s, "the slow one")).has_value();
  });
  REQUIRE(
      soon([&] { return pair.two.system.status(here)->last_handler == std::string("Linger"); }));
  // The asker holds one of four, and its message has left the mailbox.
  CHECK(system.send(store, Note{0}, 60s));  // in the mailbox: gives its credit back
  REQUIRE(soon([&] { return pair.two.system.status(here)->mailbox_messages == 1; }));
  for (int i = 1; i <= 3; ++i) {
    bool sent = false;  // as soon as the credit is back
    REQUIRE(soon([&] { return sent = sent || system.try_send(store, Note{i}); }));
  }
  auto full = system.try_send(store, Note{9});
  REQUIRE(!full);
  CHECK(full.error().code == Errc::full);
  CHECK(full.error().text.find("on its way to store in process 2") != std::string::npos);
  auto late = system.ask(store, Linger{0}, 20ms);
  REQUIRE(!late);
  CHECK(late.error().text.find("not delivered") != std::string::npos);
  CHECK(!slow);
  CHECK(system.send(store, Note{4}, 60s));
  CHECK(soon([&] { return slow.load(); }));
  CHECK(system.ask(store, Linger{0}, 60s).value().value == 5);
  CHECK(diary->values == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("bytes count as well, and what is larger than the window goes alone") {
  Pair pair({.window = {.messages = 100, .bytes = 1000}});
  auto diary = std::make_shared<Diary>();
  auto here = pair.two.system.spawn<Store>(
      {.name = "store", .mailbox = {.messages = 1, .bytes = 1 << 20}}, diary);
  auto store = pair.seen(here);
  System& system = pair.one.system;
  pair.script("asker", [&](Script&) -> Task<void> {
    auto slow = co_await ask(store, Linger{200}, 10s, "the slow one");
    CHECK(slow);
  });
  REQUIRE(
      soon([&] { return pair.two.system.status(here)->last_handler == std::string("Linger"); }));
  CHECK(system.send(store, Note{7}, 60s));
  REQUIRE(soon([&] { return pair.two.system.status(here)->mailbox_messages == 1; }));
  std::this_thread::sleep_for(5ms);
  CHECK(system.try_send(store, Parcel{std::string(600, 'a')}));
  CHECK(!system.try_send(store, Parcel{std::string(600, 'b')}));
  CHECK(system.try_send(store, Parcel{std::string(300, 'c')}));
  CHECK(system.send(store, Parcel{std::string(5000, 'd')}, 60s));
  CHECK(system.send(store, Parcel{std::string(10, 'e')}, 60s));
  CHECK(system.ask(store, Linger{0}, 60s).value().value == 5);
  CHECK(diary->values == std::vector<std::int64_t>{7, 600, 300, 5000, 10});
}

TEST_CASE("large messages and replies arrive whole; what is above the limit is refused") {
  Pair pair({.frame = 4 << 20});
  auto diary = std::make_shared<Diary>();
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}, diary));
  System& system = pair.one.system;
  for (std::int64_t size : {0, 1, 7, 4096, 65'536, 1'000'001, 4'000'000}) {
    auto parcel = system.ask(store, Fetch{size}, 60s);
    REQUIRE(parcel);
    CHECK(parcel->text == std::string(static_cast<std::size_t>(size), 'x'));
    CHECK(system.send(store, Parcel{std::string(static_cast<std::size_t>(size), 'y')}, 60s));
  }
  CHECK(system.ask(store, Linger{0}, 60s).value().value == 7);
  auto reply = system.ask(store, Fetch{5 << 20}, 60s);
  REQUIRE(!reply);
  CHECK(reply.error().code == Errc::refused);
  CHECK(reply.error().text.find("Parcel takes") != std::string::npos);
  auto message = system.send(store, Parcel{std::string(5 << 20, 'z')}, 60s);
  REQUIRE(!message);
  CHECK(message.error().code == Errc::refused);
  // Neither holds credit.
  for (int i = 0; i < 200; ++i) REQUIRE(system.ask(store, Linger{0}, 60s));
}

TEST_CASE("a message that cannot leave its process is its sender's failure") {
  Pair pair({.window = {.messages = 1, .bytes = 1000}});
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  System& system = pair.one.system;
  REQUIRE(system.ask(store, Linger{0}, 60s));
  auto secret = system.try_send(store, Secret{"hush"});
  REQUIRE(!secret);
  CHECK(secret.error().code == Errc::unsupported);
  CHECK(secret.error().text.find("Secret cannot leave its process") != std::string::npos);
  auto broken = system.ask(store, Broken{1}, 60s);
  REQUIRE(!broken);
  CHECK(broken.error().code == Errc::failed);
  CHECK(broken.error().text.find("out of ink") != std::string::npos);
  REQUIRE(system.ask(store, Linger{0}, 60s));
}

TEST_CASE("blobs go beside a message and come back equal, read-only and uncopied") {
  Pair pair;
  auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
  System& system = pair.one.system;
  Bytes large(3 << 20, std::byte{7});
  Cargo cargo{"abc", {Blob::from_bytes(large), Blob::from_bytes(Bytes(1, std::byte{1}))}};
  for (int round = 0; round < 50; ++round) {
    auto back = system.ask(store, Cargo(cargo), 60s);
    REQUIRE(back);
    CHECK(back->text == "cba");
    REQUIRE(back->blobs.size() == 2);
    CHECK(back->blobs[0].size() == 1);
    ByteView bytes = back->blobs[1].bytes();
    CHECK(std::equal(bytes.begin(), bytes.end(), large.begin(), large.end()));
    CHECK((::fcntl(back->blobs[1].descriptor(), F_GETFL) & O_ACCMODE) == O_RDONLY);
    CHECK((::fcntl(back->blobs[1].descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  Cargo none{"abc", {Blob()}};
  CHECK(system.ask(store, std::move(none), 60s).error().code == Errc::refused);
  Cargo many{"abc", std::vector<Blob>(17, cargo.blobs[1])};
  CHECK(system.ask(store, std::move(many), 60s).error().code == Errc::refused);
  CHECK(system.ask(store, Cargo(cargo), 60s));
}

TEST_CASE("descriptors are closed once nobody holds their blobs") {
  auto open = [] {
    std::size_t count = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      static_cast<void>(each);
      ++count;
    }
    return count;
  };
  std::size_t before = open();
  {
    Pair pair;
    auto store = pair.seen(pair.two.system.spawn<Store>({.name = "store"}));
    Cargo cargo{"abc", {Blob::from_bytes(Bytes(100, std::byte{7}))}};
    for (int i = 0; i < 20; ++i) REQUIRE(pair.one.system.ask(store, Cargo(cargo), 60s));
  }
  CHECK(open() == before);
}
