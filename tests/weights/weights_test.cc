// Versions of the weights that are published, and those that are ready.
#include "actors/weights/ready_store.h"
#include "actors/weights/transport.h"
#include "runtime/base/result.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::shared_ptr<const Arena> arena(Version version) {
  ModelConfig config = preset("micro", 21);
  auto made = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(*made, config, version);
  made->seal(version);
  return made;
}

std::shared_ptr<const ReadyWeights> ready(Version version) {
  return ReadyWeights::prepare(preset("micro", 21), arena(version));
}

}  // namespace

TEST_CASE("a store lets go of the versions below the oldest wanted, and of no other") {
  ReadyStore store;
  store.keep_from(7);  // nothing is there to go
  CHECK(store.newest() == nullptr);
  for (Version version : {3, 1, 2}) store.put(ready(version));
  store.keep_from(1);
  CHECK(store.get(1) != nullptr);
  store.keep_from(2);
  CHECK(store.get(1) == nullptr);
  REQUIRE(store.get(2) != nullptr);
  CHECK(store.get(2)->version() == 2);
  CHECK(store.newest()->version() == 3);
  auto held = store.get(3);
  store.keep_from(4);
  CHECK(store.newest() == nullptr);
  CHECK(held->version() == 3);  // whoever decodes with it still has it
}

TEST_CASE(
    "the last two published versions can be fetched, and older ones while somebody has them") {
  WeightLink link = local_transport();
  auto receiver = link.receiver(nullptr);
  std::vector<std::shared_ptr<const Arena>> arenas;
  for (Version version = 0; version < 5; ++version) {
    arenas.push_back(arena(version));
    link.sender->publish(arenas.back());
    link.sender->publish(arenas.back());  // as after a reminder
  }
  auto fetch = [&](Version version) {
    return receiver->fetch(version, arenas[version]->fingerprint(), {});
  };
  for (Version version : {0, 1, 2, 3, 4}) CHECK(fetch(version) == arenas[version]);
  std::vector<Fingerprint> fingerprints;
  for (auto& each : arenas) fingerprints.push_back(each->fingerprint());
  auto held = arenas[1];
  arenas.clear();
  auto fetch_again = [&](Version version) {
    return receiver->fetch(version, fingerprints[version], {});
  };
  CHECK(fetch_again(1) == held);
  CHECK_THROWS_WITH_AS(fetch_again(2), "weights of version 2 are no longer published", Error);
  for (Version version : {3, 4}) CHECK(fetch_again(version)->version() == version);
}

TEST_CASE("the transport that is chosen by itself reaches where the receivers are") {
  CHECK(choose_transport("auto", false).name == "local");
  CHECK(choose_transport("auto", true).name == "shm");
  CHECK(choose_transport("shm", true).name == "shm");
  CHECK_THROWS_WITH_AS(choose_transport("local", true),
      "transport local reaches nobody outside its process: between processes take shm, or auto",
      Error);
}

TEST_CASE("a transport that is not known is refused by its name") {
  CHECK(choose_transport("local").name == "local");
  CHECK(choose_transport("shm").name == "shm");
  try {
    choose_transport("pigeon");
    FAIL("there is no such transport");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    CHECK(error.text().find("pigeon") != std::string::npos);
  }
}
