// Weights to several receivers at once, and to those that join.

#include "actors/weights/broadcaster.h"
#include "runtime/actor/sim_system.h"
#include "runtime/base/check.h"
#include "tests/sim/fakes.h"
#include "tests/sim/sim_job.h"

#include <algorithm>
#include <unistd.h>

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Joins as it starts, and takes what it is offered.
class JoiningReceiver final : public Actor {
 public:
  JoiningReceiver(ActorRef broadcaster, std::shared_ptr<ReceiverBook> book)
      : broadcaster_(std::move(broadcaster)), book_(std::move(book)) {
    handle(&JoiningReceiver::offer);
  }

  Task<void> start() override {
    static_cast<void>(try_send(broadcaster_, Join{}));
    co_return;
  }

 private:
  void offer(Offer request) {
    book_->offered.push_back(request.version);
    static_cast<void>(try_send(sender(), OfferResult{request.version, true, 1, ""}));
  }

  ActorRef broadcaster_;
  std::shared_ptr<ReceiverBook> book_;
};

using Books = std::vector<std::shared_ptr<ReceiverBook>>;

struct BroadcastBench {
  explicit BroadcastBench(std::size_t receivers) {
    reporter = sim.system().spawn<FakeReporter>({.name = "reporter"}, events);
    std::vector<ActorRef> refs;
    for (std::size_t i = 0; i < receivers; ++i) {
      books.push_back(std::make_shared<ReceiverBook>());
      refs.push_back(sim.system().spawn<FakeReceiver>({.name = str("receiver/", i)}, books.back()));
    }
    broadcaster = sim.system().spawn({.name = "broadcaster", .restart = always},
        [this, refs] { return std::make_unique<WeightBroadcaster>(refs, reporter); });
  }

  std::shared_ptr<ReceiverBook> join(const std::string& name) {
    auto book = std::make_shared<ReceiverBook>();
    sim.system().spawn<JoiningReceiver>({.name = name, .restart = always}, broadcaster, book);
    return book;
  }

  void publish(Version version) {
    Publish message{version, version * 11, Blob::from_bytes(Bytes(100))};
    REQUIRE(sim.system().try_send(broadcaster, message));
  }

  static constexpr RestartPolicy always{.when = RestartPolicy::When::on_failure,
      .max_restarts = 5,
      .within = 60s,
      .backoff = 50ms,
      .backoff_max = 2s};

  Books books;
  std::shared_ptr<std::vector<RunEvent>> events = std::make_shared<std::vector<RunEvent>>();
  SimSystem sim{{.seed = 4}};
  ActorRef reporter;
  ActorRef broadcaster;
};

// The whole receiver, over shared memory, with a generator that says that it flips.
class Flipping final : public Actor {
 public:
  explicit Flipping(std::shared_ptr<std::vector<Version>> flips) : flips_(std::move(flips)) {
    handle(&Flipping::swap);
  }

 private:
  SwapResult swap(Swap request) {
    flips_->push_back(request.version);
    return {request.version, 1, 1000, true};
  }

  std::shared_ptr<std::vector<Version>> flips_;
};

struct ShmBench : BroadcastBench {
  ShmBench() : BroadcastBench(0) { sim.system().spawn<Flipping>({.name = "generator/0"}, flips); }

  ActorRef start_receiver() {
    return sim.system().spawn({.name = "weight_receiver", .restart = always}, [this] {
      ready = std::make_unique<ReadyStore>();  // a process that starts has none
      return std::make_unique<WeightReceiverActor>(job.model, link, *ready, 3,
          std::vector<std::string>{"generator/0"}, reporter, broadcaster);
    });
  }

  // What it is announced as, where that is not what it is.
  Fingerprint publish(Version version, std::uint64_t seed, Fingerprint wrong_by = 0) {
    auto arena =
        link.sender->make_arena(std::make_shared<const Manifest>(model_manifest(job.model)));
    initialise(*arena, job.model, seed);
    arena->seal(version);
    Publish message{version, arena->fingerprint() ^ wrong_by, link.sender->publish(arena)};
    REQUIRE(sim.system().try_send(broadcaster, message));
    return arena->fingerprint();
  }

  Job job = sim_job(1);
  WeightLink link = shm_transport();
  std::unique_ptr<ReadyStore> ready;
  std::shared_ptr<std::vector<Version>> flips = std::make_shared<std::vector<Version>>();
};

}  // namespace

TEST_CASE("a receiver that is slow keeps no other waiting, and gets the newest when it is done") {
  BroadcastBench bench(3);
  bench.books[1]->time = 5s;
  for (Version version : {1, 2, 3}) {
    bench.publish(version);
    bench.sim.run_for(100ms);
  }
  CHECK(bench.books[0]->offered == std::vector<Version>{1, 2, 3});
  CHECK(bench.books[1]->offered == std::vector<Version>{1});
  CHECK(bench.books[2]->offered == std::vector<Version>{1, 2, 3});
  bench.sim.run_for(20s);
  CHECK(bench.books[1]->offered == std::vector<Version>{1, 3});
  CHECK(bench.events->empty());
}

TEST_CASE("a receiver that does not answer is named, offered again, and has longer each time") {
  BroadcastBench bench(1);
  bench.sim.on_message([](const Passage& passage) {
    return passage.type == "OfferResult" ? Fate::drop() : Fate::deliver();
  });
  bench.publish(1);
  bench.sim.run_for(60s);
  CHECK(bench.books[0]->offered == std::vector<Version>{1, 1, 1});  // after 8 s, and 32 s more
  REQUIRE(bench.events->size() == 2);
  CHECK(bench.events->at(0).at("reason").as_string() == "it has not answered for 8 s");
  CHECK(bench.events->at(1).at("reason").as_string() == "it has not answered for 32 s");
}

TEST_CASE("a receiver that fails again as before is told of once, and anew once it was reached") {
  BroadcastBench bench(0);
  bool deaf = true;
  bench.sim.on_message([&](const Passage& passage) {
    return deaf && passage.type == "OfferResult" ? Fate::drop() : Fate::deliver();
  });
  auto book = bench.join("receiver");
  auto dies_with_its_offer = [&] {
    bench.sim.run_for(1s);
    REQUIRE(bench.sim.kill("receiver"));
    bench.sim.run_for(1s);
  };
  for (Version version : {1, 2}) {
    deaf = true;
    bench.publish(version);
    dies_with_its_offer();
    dies_with_its_offer();
    deaf = false;
    dies_with_its_offer();
    bench.sim.run_for(5s);
    CHECK(book->offered.back() == version);
    REQUIRE(bench.events->size() == version);
    CHECK(bench.events->back().at("version").to_number<Version>() == version);
    CHECK(bench.events->back().at("reason") == bench.events->front().at("reason"));
  }
}

TEST_CASE("who joins is offered the newest version at once, also while another is slow") {
  BroadcastBench bench(1);
  bench.books[0]->time = 30s;
  bench.publish(1);
  bench.sim.run_for(1s);
  auto late = bench.join("late");
  bench.sim.run_for(100ms);
  CHECK(late->offered == std::vector<Version>{1});
  bench.publish(2);
  bench.sim.run_for(100ms);
  CHECK(late->offered == std::vector<Version>{1, 2});
  bench.sim.kill("late");
  bench.sim.run_for(500ms);
  CHECK(late->offered == std::vector<Version>{1, 2, 2});  // it has nothing any more
}

TEST_CASE("who joins before there is a version is offered the first") {
  BroadcastBench bench(0);
  auto early = bench.join("early");
  bench.sim.run_for(5s);
  CHECK(early->offered.empty());
  bench.publish(4);
  bench.sim.run_for(100ms);
  CHECK(early->offered == std::vector<Version>{4});
}

TEST_CASE("a receiver that has ended for good is not offered anything, and is told of once") {
  BroadcastBench bench(2);
  bench.books[1]->time = 10s;
  bench.publish(1);
  bench.sim.run_for(1s);
  bench.sim.kill("receiver/1");
  bench.sim.run_for(60s);
  bench.publish(2);
  bench.sim.run_for(60s);
  CHECK(bench.books[0]->offered == std::vector<Version>{1, 2});
  CHECK(bench.books[1]->offered == std::vector<Version>{1});
  REQUIRE(bench.events->size() == 1);
  CHECK(bench.events->at(0).at("generator").as_string() == "receiver/1");
  CHECK(bench.events->at(0).at("reason").as_string().starts_with("it ended: "));
}

TEST_CASE("a broadcaster holds the newest version alone") {
  BroadcastBench bench(1);
  bench.books[0]->time = 1000s;
  bench.publish(1);
  bench.sim.run_for(100ms);
  Publish second{2, 22, Blob::from_bytes(Bytes(100))};
  REQUIRE(bench.sim.system().try_send(bench.broadcaster, second));
  int descriptor = second.weights.descriptor();
  std::string path = str("/proc/self/fd/", descriptor);
  second.weights = Blob();
  bench.sim.run_for(100ms);
  CHECK(::access(path.c_str(), F_OK) == 0);
  bench.publish(3);
  bench.sim.run_for(100ms);
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a receiver joins when it starts, when it starts again, and when the broadcaster does") {
  ShmBench bench;
  Fingerprint first = bench.publish(1, 10);
  bench.sim.run_for(1s);
  bench.start_receiver();
  bench.sim.run_for(1s);
  REQUIRE(bench.ready->get(1) != nullptr);
  CHECK(bench.ready->get(1)->fingerprint() == first);
  bench.sim.kill("weight_receiver");
  bench.sim.run_for(1s);
  REQUIRE(bench.ready->get(1) != nullptr);  // another store
  bench.sim.kill("broadcaster");
  bench.sim.run_for(1s);
  Fingerprint second = bench.publish(2, 11);
  bench.sim.run_for(5s);
  REQUIRE(bench.ready->get(2) != nullptr);
  CHECK(bench.ready->get(2)->fingerprint() == second);
}

TEST_CASE("a receiver whose joining is lost joins again") {
  ShmBench bench;
  int lost = 0;
  bench.sim.on_message([&](const Passage& passage) {
    return passage.type == "Join" && lost++ < 3 ? Fate::drop() : Fate::deliver();
  });
  bench.publish(1, 10);
  bench.start_receiver();
  bench.sim.run_for(30s);
  CHECK(lost == 4);
  CHECK(bench.ready->get(1) != nullptr);
}

TEST_CASE(
    "shared memory that is not what was announced is refused by name; the old version serves") {
  ShmBench bench;
  Fingerprint good = bench.publish(1, 10);
  bench.start_receiver();
  bench.sim.run_for(1s);
  bench.publish(2, 11, 1);
  bench.sim.run_for(500ms);
  CHECK(*bench.flips == std::vector<Version>{1});
  CHECK(bench.ready->newest()->fingerprint() == good);
  auto failed = std::find_if(bench.events->begin(), bench.events->end(),
      [](const RunEvent& event) { return event.at("event").as_string() == "swap_failed"; });
  REQUIRE(failed != bench.events->end());
  CHECK(failed->at("generator").as_string() == "weight_receiver");
  CHECK(failed->at("version").to_number<int>() == 2);
  CHECK(failed->at("reason").as_string().starts_with("weights of version 2 arrived with "));
  bench.publish(3, 12);
  bench.sim.run_for(1s);
  CHECK(*bench.flips == std::vector<Version>{1, 3});
}

}  // namespace tramontane
