// The weight receiver, with generators that take each swap or fail it.

#include "actors/weights/broadcaster.h"
#include "runtime/actor/sim_system.h"
#include "tests/sim/fakes.h"
#include "tests/sim/sim_job.h"

#include "tests/support/test.h"

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Counts what is fetched through it.
class CountedReceiver final : public WeightReceiver {
 public:
  CountedReceiver(std::unique_ptr<WeightReceiver> inner, int& fetches)
      : inner_(std::move(inner)), fetches_(fetches) {}

  std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& weights) override {
    ++fetches_;
    return inner_->fetch(version, announced, weights);
  }

 private:
  std::unique_ptr<WeightReceiver> inner_;
  int& fetches_;
};

// Says to each swap that it flipped, the first time.
class FakeGenerator final : public Actor {
 public:
  FakeGenerator() { handle(&FakeGenerator::swap); }

 private:
  SwapResult swap(Swap request) {
    bool newer = request.version > at_;
    at_ = std::max(at_, request.version);
    return {at_, 5, 2000, newer};
  }

  Version at_ = 0;
};

struct ReceiverBench {
  ReceiverBench() {
    link.receiver = [this](std::shared_ptr<const Manifest> manifest) {
      return std::make_unique<CountedReceiver>(local.receiver(std::move(manifest)), fetches);
    };
    ActorRef reporter = sim.system().spawn<FakeReporter>({.name = "reporter"}, events);
    for (const auto& name : generators) sim.system().spawn<FakeGenerator>({.name = name});
    receiver = sim.system().spawn({.name = "receiver"}, [this, reporter] {
      return std::make_unique<WeightReceiverActor>(job.model, link, ready, 3, generators, reporter);
    });
  }

  // Publishes weights that `seed` decides; what they are announced as.
  Offer publish(Version version, std::uint64_t seed) {
    auto arena =
        std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(job.model)));
    initialise(*arena, job.model, seed);
    arena->seal(version);
    return {version, arena->fingerprint(), local.sender->publish(arena)};
  }

  std::optional<OfferResult> offer(Offer offer) { return answer_to(offer, sim, receiver); }

  Job job = sim_job(1);
  WeightLink local = local_transport();
  WeightLink link{"counted", local.sender, {}};
  int fetches = 0;
  ReadyStore ready;
  std::vector<std::string> generators = {"generator/0", "generator/1"};
  std::shared_ptr<std::vector<RunEvent>> events = std::make_shared<std::vector<RunEvent>>();
  SimSystem sim{{.seed = 1}};
  ActorRef receiver;
};

}  // namespace

TEST_CASE("a version that is offered again is not fetched again, unless it is another") {
  ReceiverBench bench;
  Offer first = bench.publish(1, 10);
  REQUIRE(bench.offer(first));
  CHECK(bench.ready.get(1)->fingerprint() == first.fingerprint);
  REQUIRE(bench.offer(first));
  CHECK(bench.fetches == 1);
  // After a restart that went back, the same number may mean other weights.
  Offer other = bench.publish(1, 11);
  REQUIRE(other.fingerprint != first.fingerprint);
  REQUIRE(bench.offer(other));
  CHECK(bench.fetches == 2);
  CHECK(bench.ready.get(1)->fingerprint() == other.fingerprint);
}

TEST_CASE("as many versions stay ready as are to be kept, from the first on") {
  ReceiverBench bench;
  for (Version version = 0; version < 6; ++version) {
    REQUIRE(bench.offer(bench.publish(version, version)));
    for (Version other = 0; other <= version; ++other)
      CHECK((bench.ready.get(other) != nullptr) == (other + 3 > version));
  }
}

TEST_CASE("each generator that flips is reported once, with its stall") {
  ReceiverBench bench;
  Offer offer = bench.publish(4, 10);
  for (int again = 0; again < 2; ++again) {
    auto taken = bench.offer(offer);
    REQUIRE(taken);
    CHECK(taken->generators == 2);
    CHECK(taken->problem == "");
  }
  bench.sim.run_for(1s);
  REQUIRE(bench.events->size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const RunEvent& event = bench.events->at(i);
    CHECK(event.at("event").as_string() == "swap");
    CHECK(event.at("generator").as_string() == bench.generators[i]);
    CHECK(event.at("version").to_number<int>() == 4);
    CHECK(event.at("transport").as_string() == "counted");
    CHECK(event.at("stall_us").to_number<double>() == 2);
    CHECK(event.at("sequences_in_flight").to_number<int>() == 5);
    CHECK(event.at("publish_us").to_number<std::int64_t>() >=
          event.at("verify_us").to_number<std::int64_t>());
  }
  auto status = bench.sim.system().status(bench.receiver);
  CHECK(status->notes.at("version") == "4");
}

TEST_CASE("generators that cannot flip are named one by one") {
  ReceiverBench bench;
  bench.sim.kill("generator/0");
  bench.sim.kill("generator/1");
  bench.sim.run_for(1s);
  auto taken = bench.offer(bench.publish(1, 10));
  REQUIRE(taken);
  CHECK(taken->generators == 0);
  CHECK(taken->problem ==
        "generator/0: it has stopped for good; generator/1: it has stopped for good");
}

}  // namespace tramontane
