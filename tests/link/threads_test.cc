// Many threads at once: askers, senders and killers of connections.

#include "tests/link/actors.h"
#include "tests/link/processes.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Counts {
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> unknown = 0;
  std::atomic<int> other = 0;
  std::atomic<int> ended = 0;
};

Task<void> ask_often(ActorRef to, Counts& counts, int times) {
  for (int i = 0; i < times; ++i) {
    ++counts.asked;
    auto answer = co_await ask(to, Add{1}, 30s, "the sum");
    if (answer) {
      ++counts.answered;
    } else {
      ++(answer.error().code == Errc::unknown ? counts.unknown : counts.other);
    }
    auto sent = co_await send(to, Note{i}, 30s, "room");
    if (!sent) ++counts.other;
  }
  ++counts.ended;
}

Task<void> ask_without_end(ActorRef to) {
  for (bool goes_on = true; goes_on;) {
    auto answer = co_await ask(to, Add{0}, 30s, "the sum");
    goes_on = answer.has_value();  // not any more once it is stopped
  }
}

}  // namespace

TEST_CASE("actors that answer each other without end leave the sockets of their thread a turn") {
  Pair pair({}, "main");
  ActorRef clerk = pair.two.system.spawn<Clerk>({.name = "clerk"});
  ActorRef seen = pair.seen(clerk);
  for (int i = 0; i < 3; ++i)
    pair.two.system.spawn<Script>(
        {.name = str("busy/", i)}, [clerk](Script&) { return ask_without_end(clerk); });
  for (int i = 0; i < 3; ++i) CHECK(pair.one.system.ask(seen, Add{1}, 20s));
}

TEST_CASE("many actors on several threads share a session, while it ends again and again") {
  constexpr int askers = 8;
  constexpr int times = 300;
  SessionOptions options{.window = {.messages = 4, .bytes = 1 << 20}};
  Pair pair(options);
  std::vector<ActorRef> clerks;
  for (int i = 0; i < 2; ++i)
    clerks.push_back(pair.seen(pair.two.system.spawn<Clerk>({.name = str("clerk/", i),
        .pool = i == 0 ? "main" : "links",
        .mailbox = {.messages = 2}})));
  Counts counts;
  for (int i = 0; i < askers; ++i) {
    ActorRef to = clerks[static_cast<std::size_t>(i % 2)];
    pair.script(
        str("asker/", i), [&counts, to](Script&) { return ask_often(to, counts, times); },
        i % 3 == 0 ? "links" : "main");
  }
  for (int cuts = 0; counts.ended < askers; ++cuts) {
    std::this_thread::sleep_for(10ms);
    if (cuts >= 20) continue;
    if (cuts % 2 == 0) {
      pair.two.remote->disconnect(1, "cut");
    } else {
      pair.connect(options);
    }
  }
  pair.connect(options);  // the last cut may have come when all had ended
  CHECK(counts.asked == askers * times);
  CHECK(counts.answered + counts.unknown == askers * times);
  CHECK(counts.other == 0);
  for (int i = 0; i < 2; ++i) {
    auto sum = pair.one.system.ask(clerks[static_cast<std::size_t>(i)], Add{0}, 10s);
    REQUIRE(sum);
    CHECK(sum->value <= askers / 2 * times);
  }
}
