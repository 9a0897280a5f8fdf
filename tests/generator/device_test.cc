// A batch on a device whose memory nobody else reaches.
#include "runtime/base/check.h"
#include "tests/generator/batch_fixture.h"
#include "tests/support/fake_device.h"

#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Runs it in a child; whether that came to its end.
template <class Do>
bool survives(const Do& act) {
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    act();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::map<RolloutId, Rollout> written(BatchFixture& f, ContinuousBatch::Options options) {
  ContinuousBatch batch(f.config, options);
  auto weights = [&](Version version) {
    auto arena = std::make_shared<Arena>(f.manifest);
    initialise(*arena, f.config, 100 + version);
    arena->seal(version);
    return options.device->prepare(f.config, arena);
  };
  batch.swap(weights(0));
  for (RolloutId id = 0; id < 12; ++id) batch.add(f.task(id));
  std::map<RolloutId, Rollout> rollouts;
  for (int step = 1; batch.has_work(); ++step) {
    batch.step();
    if (step % 5 == 0) batch.swap(weights(static_cast<Version>(step) / 5));
    BatchFixture::gather(rollouts, batch.take_segments(true));
  }
  return rollouts;
}

}  // namespace

TEST_CASE("a device's memory is closed to everybody but while it runs") {
  DeviceMemory memory;
  auto* data = static_cast<volatile char*>(memory.allocate(10'000, 64));
  {
    DeviceMemory::Open open(memory);
    data[9'999] = 1;
    CHECK(survives([&] { static_cast<void>(data[9'999]); }));
  }
  CHECK_FALSE(survives([&] { static_cast<void>(data[9'999]); }));
  CHECK_FALSE(survives([&] { data[0] = 1; }));
  memory.deallocate(const_cast<char*>(data), 10'000, 64);
}

TEST_CASE("rollouts written on a device are those of the CPU, swaps and a full cache included") {
  BatchFixture f;
  for (OnSwap on_swap : {OnSwap::keep, OnSwap::recompute, OnSwap::isolate}) {
    ContinuousBatch::Options options{.slots = 6,
        .max_tokens = 24,
        .cache_bytes = 9 * Decoder::cache_bytes(f.config, {.kv_blocks = 1}),
        .rows_max = 32,
        .top_p = 0.9F,
        .on_swap = on_swap};
    auto device = std::make_shared<FakeDevice>();
    auto expected = written(f, options);
    options.device = device;
    CHECK(written(f, options) == expected);
    CHECK(device->steps() > 20);
    CHECK(device->prepared() > 4);
    CHECK(device->flips() > 3);
  }
}

TEST_CASE("a device refuses weights that the CPU made ready") {
  BatchFixture f;
  FakeDevice device;
  Decoder decoder(f.config, {.kv_blocks = 2}, device);
  std::array rows = {Decoder::Row{.sequence = *decoder.open(2), .token = 3}};
  CHECK_THROWS_AS(decoder.step(rows, *f.weights(0), {}), Bug);
}
