// Sockets that are handed over with an introduction.
#include "runtime/node/handover.h"

#include "runtime/node/messages.h"

#include <atomic>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

std::pair<Descriptor, Descriptor> sockets() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

TEST_CASE("a socket arrives with its introduction and leads to the other end") {
  auto [ours, theirs] = handover_pair();
  Handover from(std::move(ours));
  Handover to(std::move(theirs));
  Handover::Given given;
  CHECK(to.take(0ms, given) == Handover::Taken::nothing);
  auto [here, there] = sockets();
  Introduction said{7, "ledger, pid 12", {{100, "ledger", 7, 3}, {101, "worker/ledger", 7, 3}}};
  from.give(encode_introduction(said), std::move(there));
  REQUIRE(to.take(1s, given) == Handover::Taken::something);
  auto heard = decode_introduction(given.introduction);
  REQUIRE(heard.has_value());
  CHECK(heard->process == 7);
  CHECK(heard->peer == "ledger, pid 12");
  REQUIRE(heard->actors.size() == 2);
  CHECK(heard->actors[0].name == "ledger");
  CHECK(heard->actors[0].incarnation == 3);
  CHECK(::write(here.get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(given.socket.descriptor.get(), &byte, 1) == 1);
  CHECK(byte == 'x');
}

TEST_CASE("the key of what passes comes with its socket, or none") {
  auto [ours, theirs] = handover_pair();
  Handover from(std::move(ours));
  Handover to(std::move(theirs));
  LinkKey key{.side = LinkSide::accepted};
  for (std::size_t i = 0; i < key.key.size(); ++i) key.key[i] = static_cast<std::byte>(i * 7);
  LinkKey other = key;
  other.side = LinkSide::connected;
  for (std::optional<LinkKey> each : {std::optional(key), {}, std::optional(other)}) {
    auto [here, there] = sockets();
    from.give(encode_introduction({.process = 7}), {std::move(there), each});
    Handover::Given given;
    REQUIRE(to.take(1s, given) == Handover::Taken::something);
    CHECK(given.socket.key == each);
    CHECK(decode_introduction(given.introduction)->process == 7);
  }
}

TEST_CASE("who does not take holds nobody up, and gets all of it later, in order") {
  auto [ours, theirs] = handover_pair();
  Handover from(std::move(ours));
  Handover to(std::move(theirs));
  constexpr std::uint32_t count = 600;  // more than any socket's buffer has room for
  for (std::uint32_t i = 0; i < count; ++i) {
    auto [here, there] = sockets();
    from.give(encode_introduction({.process = i, .peer = std::string(200, 'p')}), std::move(there));
    if (i % 100 == 0) from.flush();
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    Handover::Given given;
    from.flush();
    REQUIRE(to.take(1s, given) == Handover::Taken::something);
    CHECK(decode_introduction(given.introduction)->process == i);
  }
}

TEST_CASE("the end of the other side is seen, and giving to it is lost") {
  auto [ours, theirs] = handover_pair();
  Handover to(std::move(theirs));
  { Handover from(std::move(ours)); }
  Handover::Given given;
  CHECK(to.take(1s, given) == Handover::Taken::peer_gone);
  auto [here, there] = sockets();
  to.give(encode_introduction({.process = 1}), std::move(there));
  to.flush();
}

TEST_CASE("a setup comes back as it was, and bytes that are none are refused") {
  WorkerSetup setup{
      .name = "generator/1", .process = 9, .folder = "/runs/a", .seed = 5, .agent = 3, .self = 77};
  setup.graph.pools = {{"main", 1}, {"decode/1", 2}};
  setup.graph.actors.push_back({.name = "generator/1",
      .kind = "generator",
      .isolation = Isolation::process,
      .worker = "generator/1",
      .pool = "decode/1",
      .mailbox = {.messages = 9, .bytes = 1234},
      .options = Bytes(16, std::byte{3}),
      .asks = {{"ledger", {"ledger"}}, {"others", {"a", "b"}}}});
  setup.numbers["generator/1"] = {70, 4};
  setup.remote = {{1, "agent", 0, 1}};
  Bytes bytes = encode_setup(setup);
  auto again = decode_setup(bytes);
  REQUIRE(again.has_value());
  CHECK(again->name == setup.name);
  CHECK(again->graph.pools[1].threads == 2);
  const GraphActor& actor = again->graph.actors.at(0);
  CHECK(actor.asks == setup.graph.actors[0].asks);
  CHECK(actor.options == setup.graph.actors[0].options);
  CHECK(actor.mailbox.bytes == 1234);
  CHECK(actor.worker_name() == "generator/1");
  CHECK(again->numbers.at("generator/1").lives_before == 4);
  CHECK(again->remote.at(0).name == "agent");
  for (std::size_t cut : {0U, 1U, 8U, 40U}) CHECK(!decode_setup(ByteView(bytes).first(cut)));
}

TEST_CASE("who waits for a socket learns that none is wanted any more") {
  auto [ours, theirs] = handover_pair();
  Handover giver(std::move(ours));
  Handover taker(std::move(theirs));
  std::atomic<bool> over = false;
  std::thread waits([&] {
    Handover::Given given;
    CHECK(taker.take(1h, given) == Handover::Taken::peer_gone);
    over = true;
  });
  taker.stop_taking();
  waits.join();
  CHECK(over);
}

}  // namespace
}  // namespace tramontane
