#include "runtime/actor/mailbox.h"

#include "runtime/actor/sim_system.h"
#include "tests/runtime/actors.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A clerk kept busy for a second, with room for two notes.
struct BusyClerk {
  SimSystem sim;
  std::shared_ptr<Diary> diary = std::make_shared<Diary>();
  ActorRef clerk;

  explicit BusyClerk(MailboxLimits limits) : sim({.seed = 3}) {
    clerk = sim.system().spawn<Clerk>({.name = "clerk", .mailbox = limits}, diary);
    CHECK(sim.system().try_send(clerk, Linger{1000}));
    sim.run_for(1ms);
  }
};

}  // namespace

TEST_CASE("a full mailbox makes the sender wait until there is room") {
  BusyClerk busy({.messages = 2});
  std::vector<Time> sent;
  busy.sim.system().spawn<Script>({.name = "sender"}, [&](Script& self) -> Task<void> {
    for (int i = 0; i < 4; ++i) {
      (co_await send(busy.clerk, Note{i}, 10s, "room for a note")).value();
      sent.push_back(self.now());
    }
  });
  busy.sim.run_for(500ms);
  CHECK(sent.size() == 2);
  auto status = busy.sim.system().status(busy.clerk).value();
  CHECK(status.mailbox_messages == 2);
  CHECK(status.senders_waiting == 1);
  CHECK(status.state == ActorState::handling);
  CHECK(status.waiting_for == "time to pass (to linger)");
  CHECK(status.oldest_message >= 400ms);
  auto sender = busy.sim.system().status(*busy.sim.system().find("sender")).value();
  CHECK(sender.waiting_for == "room in the mailbox of clerk for Note (room for a note)");
  CHECK(sender.deadline == sender.waiting_since + 10s);
  busy.sim.run_for(1s);
  REQUIRE(sent.size() == 4);
  CHECK(sent[3] - sent[1] >= 400ms);
  CHECK(busy.diary->values == std::vector<std::int64_t>{0, 1, 2, 3});
}

TEST_CASE("a full mailbox refuses who cannot wait, and says how full it is") {
  BusyClerk busy({.messages = 1});
  CHECK(busy.sim.system().try_send(busy.clerk, Note{1}));
  auto refused = busy.sim.system().try_send(busy.clerk, Note{2});
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::full);
  CHECK(refused.error().text.find("1 of 1 messages") != std::string::npos);
}

TEST_CASE("the bound counts bytes too, and a message that can never fit is refused at once") {
  BusyClerk busy({.messages = 100, .bytes = 1000});
  CHECK(busy.sim.system().try_send(busy.clerk, Parcel{std::string(600, 'a')}));
  auto second = busy.sim.system().try_send(busy.clerk, Parcel{std::string(600, 'b')});
  REQUIRE(!second);
  CHECK(second.error().code == Errc::full);
  CHECK(busy.sim.system().status(busy.clerk)->mailbox_bytes == 600);
  auto huge = busy.sim.system().send(busy.clerk, Parcel{std::string(1001, 'c')}, 10s);
  REQUIRE(!huge);
  CHECK(huge.error().code == Errc::refused);
  CHECK(huge.error().text.find("raise mailbox.bytes") != std::string::npos);
  CHECK(busy.sim.system().send(busy.clerk, Parcel{std::string(600, 'd')}, 10s));
}

TEST_CASE("a sender that runs out of time takes its message back") {
  BusyClerk busy({.messages = 1});
  CHECK(busy.sim.system().try_send(busy.clerk, Note{1}));
  Answer<void> sent;
  Answer<Number> asked = Failure{};
  busy.sim.system().spawn<Script>({.name = "sender"}, [&](Script&) -> Task<void> {
    sent = co_await send(busy.clerk, Note{2}, 100ms, "room");
    asked = co_await ask(busy.clerk, Add{5}, 100ms, "sum");
  });
  busy.sim.run_for(500ms);
  REQUIRE(!sent);
  CHECK(sent.error().code == Errc::timeout);
  CHECK(sent.error().text.find("not delivered") != std::string::npos);
  REQUIRE(!asked);
  CHECK(asked.error().text.find("not delivered") != std::string::npos);
  busy.sim.run_for(2s);
  CHECK(busy.diary->values == std::vector<std::int64_t>{1});
  CHECK(busy.sim.system().ask(busy.clerk, Add{0}, 1s).value().value == 0);
}

TEST_CASE("a sender that dies while it waits for room takes its message along") {
  BusyClerk busy({.messages = 1});
  CHECK(busy.sim.system().try_send(busy.clerk, Note{1}));
  busy.sim.system().spawn<Script>({.name = "sender"}, [&](Script&) -> Task<void> {
    std::ignore = co_await send(busy.clerk, Note{2}, 10s, "room");
  });
  busy.sim.system().spawn<Script>({.name = "asker"},
      [&](Script&) -> Task<void> { std::ignore = co_await ask(busy.clerk, Add{5}, 10s, "sum"); });
  busy.sim.run_for(100ms);
  CHECK(busy.sim.system().status(busy.clerk)->senders_waiting == 2);
  CHECK(busy.sim.kill("sender"));
  CHECK(busy.sim.kill("asker"));
  busy.sim.run_for(100ms);
  CHECK(busy.sim.system().status(busy.clerk)->senders_waiting == 0);
  busy.sim.run_for(2s);
  CHECK(busy.diary->values == std::vector<std::int64_t>{1});
  CHECK(busy.sim.system().ask(busy.clerk, Add{0}, 1s).value().value == 0);
}

TEST_CASE("who waits longer is served first, and nobody overtakes") {
  BusyClerk busy({.messages = 1});
  CHECK(busy.sim.system().try_send(busy.clerk, Note{0}));
  for (int i = 1; i <= 5; ++i) {
    busy.sim.system().spawn<Script>({.name = str("sender/", i)}, [&busy, i](Script&) -> Task<void> {
      (co_await send(busy.clerk, Note{i}, 10s, "room")).value();
    });
    busy.sim.run_for(1ms);
  }
  CHECK(busy.sim.system().status(busy.clerk)->senders_waiting == 5);
  busy.sim.run_for(2s);
  CHECK(busy.diary->values == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("many threads on one small mailbox: nothing lost, nothing twice, bound kept") {
  auto diary = std::make_shared<Diary>();
  Threads threads({{"main", 1}, {"senders", 3}});
  System& system = threads.system;
  auto clerk = system.spawn<Clerk>({.name = "clerk", .mailbox = {.messages = 4}}, diary);
  constexpr int senders = 8;
  constexpr int each = 500;
  std::vector<ActorRef> scripts;
  for (int s = 0; s < senders; ++s) {
    scripts.push_back(system.spawn<Script>(
        {.name = str("sender/", s), .pool = "senders"}, [clerk, s](Script&) -> Task<void> {
          for (int i = 0; i < each; ++i) {
            (co_await send(clerk, Note{s * each + i}, 60s, "room")).value();
          }
        }));
  }
  std::uint32_t most = 0;
  for (int looks = 0; system.status(clerk)->handled < senders * each && looks < 60000; ++looks) {
    most = std::max(most, system.status(clerk)->mailbox_messages);
    std::this_thread::sleep_for(1ms);
  }
  CHECK(most <= 4);
  CHECK(system.stop(10s));
  REQUIRE(diary->values.size() == senders * each);
  std::vector<std::int64_t> last(senders, -1);
  bool ordered = true;
  for (std::int64_t value : diary->values) {
    ordered = ordered && value % each == last[static_cast<std::size_t>(value / each)] + 1;
    last[static_cast<std::size_t>(value / each)] = value % each;
  }
  CHECK(ordered);
}
