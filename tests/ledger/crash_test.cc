// The process dies at every write of a whole small run, before it and after it; and for good, by
// SIGKILL, over RocksDB. The next process must find everything it was promised.
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "storage/kv_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/ledger_world.h"
#include "tests/support/temp_folder.h"

#include <chrono>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

WorldOptions small_world(std::uint64_t seed, BatchOf batch_of, Overdue overdue) {
  WorldOptions world;
  world.seed = seed;
  world.options.group_size = 2;
  world.options.batch = 4;
  world.options.max_lag = 1;
  world.options.run_ahead = 2;
  world.options.batch_of = batch_of;
  world.options.overdue = overdue;
  world.options.steps = 3;
  world.options.verify_attempts = 1'000'000;
  world.options.keep_batches = 0;
  return world;
}

// Runs the world until the n-th write kills it, then goes on in a "new process"; returns how many
// writes there were before the end or the death.
std::uint64_t die_at(std::uint64_t at, WriteFault fault, const WorldOptions& options) {
  auto memory = open_memory();
  LedgerWorld world(options);
  FaultyStore store(*memory, {at, fault});
  bool died = false;
  bool ended = false;
  try {
    world.open(store);
    ended = world.run();
  } catch (const StoreCrashed&) {
    died = true;
  }
  if (died) {
    world.close();
    world.open(*memory);
    ended = world.run();
  }
  CHECK(ended);
  world.check_settled(*memory);
  CHECK(world.batches().size() == options.options.steps);
  return died ? at : store.writes();
}

}  // namespace

TEST_CASE("dying at any write loses nothing finished and changes no batch") {
  for (auto batch_of : {BatchOf::issued, BatchOf::kept}) {
    for (auto overdue : {Overdue::wait, Overdue::drop}) {
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        auto options = small_world(seed, batch_of, overdue);
        auto writes = die_at(~std::uint64_t{0}, WriteFault::none, options);
        CHECK(writes > 40);
        for (auto fault : {WriteFault::lost, WriteFault::kept}) {
          for (std::uint64_t at = 1; at <= writes; ++at) {
            CAPTURE(seed);
            CAPTURE(at);
            REQUIRE_NOTHROW(die_at(at, fault, options));
          }
        }
      }
    }
  }
}

TEST_CASE("dying again and again still comes to the end") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto memory = open_memory();
    LedgerWorld world(small_world(seed, BatchOf::kept, Overdue::wait));
    Random random(seed, 2);
    bool done = false;
    for (int life = 0; life < 500 && !done; ++life) {
      FaultyStore store(*memory,
          {1 + random.below(30), random.below(2) == 0 ? WriteFault::lost : WriteFault::kept});
      try {
        world.open(store);
        done = world.run();
      } catch (const StoreCrashed&) {
      }
      if (done) world.check_settled(*memory);
      world.close();
    }
    CHECK(done);
  }
}

namespace {

// What the child promised to the outside world, through a socket: a batch it was given, or a
// checkpoint that is durable.
struct Promise {
  std::uint64_t step = 0;
  std::uint64_t hash = 0;
  std::uint64_t durable = 0;
};

// The child: opens, restarts from the checkpoint, plays and reports, until it is killed. It gets no
// further than the next promise before the last one is heard.
[[noreturn]] void play_until_killed(
    const std::string& folder, const WorldOptions& options, Version durable, int parent) {
  try {
    auto store = open_rocksdb(folder, {.write_buffer_bytes = 256 << 10});
    LedgerWorld world(options);
    world.resume_from(durable);
    world.open(*store);
    std::size_t reported = 0;
    bool first = true;
    while (!world.done()) {
      world.turn();
      if (world.batches().size() == reported && world.durable() == durable) continue;
      reported = world.batches().size();
      durable = world.durable();
      auto batches = world.batches();
      auto last = std::prev(batches.end());
      Promise promise{last->first, std::hash<std::string>()(last->second), durable};
      char heard = 0;
      if (!first && read(parent, &heard, 1) != 1) _exit(3);
      if (write(parent, &promise, sizeof promise) != sizeof promise) _exit(3);
      first = false;
    }
    world.check_settled(*store);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
    _exit(2);
  }
  _exit(0);
}

}  // namespace

// This process must not have opened RocksDB before: its threads would not survive the fork.
TEST_CASE("SIGKILL at random moments over RocksDB: every batch comes back the same") {
  TempFolder folder;
  auto options = small_world(5, BatchOf::issued, Overdue::wait);
  options.options.steps = 200;
  options.options.group_size = 4;
  options.options.batch = 16;
  options.checkpoint_every = 5;
  std::map<std::uint64_t, std::uint64_t> promised;
  Version durable = 0;
  int kills = 0;
  bool finished = false;
  Random random(9);
  for (int life = 0; life < 200 && !finished; ++life) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    options.seed = static_cast<std::uint64_t>(life);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      close(ends[0]);
      play_until_killed(folder.path(), options, durable, ends[1]);
    }
    close(ends[1]);
    // Killed in the middle of whatever follows its n-th promise, which is not answered: it never
    // gets to the end before the last kill, however fast it is and however late the kill.
    std::uint64_t patience = kills < 20 ? 1 + random.below(6) : ~std::uint64_t{0};
    Promise promise;
    for (std::uint64_t n = 1; read(ends[0], &promise, sizeof promise) == sizeof promise; ++n) {
      if (n == patience) {
        std::this_thread::sleep_for(std::chrono::microseconds(random.below(4000)));
        kill(child, SIGKILL);
      } else {
        char heard = 1;
        static_cast<void>(send(ends[0], &heard, 1, MSG_NOSIGNAL));  // it may have ended
      }
      auto [known, fresh] = promised.emplace(promise.step, promise.hash);
      CHECK_MESSAGE((fresh || known->second == promise.hash), "batch ", promise.step, " changed");
      durable = promise.durable;
    }
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    kills += WIFSIGNALED(status) ? 1 : 0;
    REQUIRE((finished || WIFSIGNALED(status)));
  }
  CHECK(finished);
  CHECK(kills == 20);
  CHECK(promised.size() == 200);
}
