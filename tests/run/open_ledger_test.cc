// The ledger of a run, held against what else the run's folder tells of.
#include "actors/run/open_ledger.h"

#include "actors/job/job.h"
#include "actors/ledger/ledger.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/file.h"
#include "tests/support/ledger_world.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

// The folder of a run whose ledger has the batches of so many steps.
struct LedgerBench {
  explicit LedgerBench(std::uint64_t steps, std::uint32_t keep_batches = 0) {
    if (steps == 0) return;
    auto store = open_rocksdb(run.path("ledger"), {});
    WorldOptions options;
    options.options.group_size = 2;
    options.options.batch = 4;
    options.options.steps = steps;
    options.options.keep_batches = keep_batches;
    options.options.verify_attempts = 1'000'000;
    options.checkpoint_every = 1;
    LedgerWorld world(options);
    world.open(*store);
    REQUIRE(world.run());
  }

  std::string save(std::uint64_t version) {
    return CheckpointStore(*files, run.path("checkpoints"), {.keep_last = 9})
        .save(version, {{"x", Bytes(3)}}, {});
  }

  // What opening it says; empty if it is open.
  std::string refused(std::uint64_t newest_step, Repair repair = Repair::no) const {
    try {
      CHECK(open_ledger(run, newest_step, repair).alarms.empty());
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::corrupt);
      return error.text();
    }
    return "";
  }

  TempFolder folder;
  std::unique_ptr<Files> files = system_files();
  RunFiles run = RunFiles::create(folder.path() + "/run", Job());
};

}  // namespace

TEST_CASE("a new run begins a ledger, and one that has all that is told of is opened") {
  CHECK(LedgerBench(0).refused(0) == "");
  LedgerBench bench(4);
  bench.save(2);
  bench.save(4);
  CHECK(bench.refused(4) == "");
  CHECK(bench.refused(3, Repair::yes) == "");
  auto opened = open_ledger(bench.run, 4, Repair::yes);
  CHECK(progress_of(*opened.store).sealed == 4);
}

TEST_CASE("a ledger that lacks steps which metrics or a whole checkpoint tell of is refused") {
  LedgerBench bench(4);
  auto said = bench.refused(6);
  CHECK(has(said, "ledger has the batches of 4 steps only"));
  CHECK(has(said, "the 2 steps 5 to 6, which metrics.jsonl or a checkpoint tells of, are lost"));
  CHECK(has(said, "; put the files back as they were, or `tram resume --repair`"));
  auto seventh = bench.save(7);
  CHECK(has(bench.refused(4), "the 3 steps 5 to 7, which"));
  bench.files->write(seventh + "/x", ByteView());
  CHECK(bench.refused(4) == "");
}

TEST_CASE("a ledger that is gone is begun anew by a repair, and checkpoints behind it put aside") {
  LedgerBench bench(4);
  auto second = bench.save(2);
  std::filesystem::remove_all(bench.run.path("ledger"));
  CHECK(has(bench.refused(4), "ledger has the batches of 0 steps only"));
  auto opened = open_ledger(bench.run, 4, Repair::yes);
  CHECK(progress_of(*opened.store).sealed == 0);
  REQUIRE(opened.alarms.size() == 2);
  CHECK(has(opened.alarms[0], "the 4 steps 1 to 4, which metrics.jsonl or a checkpoint tells of"));
  CHECK(has(opened.alarms[1], "the checkpoint of version 2 is of steps that the ledger has lost"));
  CHECK_FALSE(bench.files->exists(second));
  CHECK(bench.files->exists(bench.run.path("set_aside") + "/step-000002/x"));
}

TEST_CASE("no repair is offered where the ledger cannot be read, and none is made") {
  LedgerBench bench(4);
  { auto into_tables = open_rocksdb(bench.run.path("ledger"), {}); }
  bench.files->remove(bench.run.path("ledger") + "/CURRENT");
  for (auto repair : {Repair::no, Repair::yes}) {
    auto said = bench.refused(4, repair);
    CHECK(has(said, "/CURRENT is missing, although "));
    CHECK(said.ends_with("; put the files back as they were"));
  }
}

TEST_CASE("a repair that leaves no checkpoint to go on from is refused, and changes nothing") {
  LedgerBench bench(6, 1);
  auto ninth = bench.save(9);
  CHECK(has(bench.refused(9), "the 3 steps 7 to 9, which"));
  auto said = bench.refused(9, Repair::yes);
  CHECK(has(said, "reaches to version 6 now, and no whole checkpoint is as old as that"));
  CHECK(has(said, "/checkpoints/…, version 9)"));
  CHECK(bench.files->exists(ninth));
  SUBCASE("one that it still has the batches behind is enough") {
    bench.save(5);
    auto opened = open_ledger(bench.run, 9, Repair::yes);
    CHECK(progress_of(*opened.store).sealed == 6);
    CHECK_FALSE(bench.files->exists(ninth));
  }
  SUBCASE("an older one is not") {
    bench.save(4);
    CHECK(bench.refused(9, Repair::yes) == said);
  }
}

TEST_CASE("a ledger of another format is refused by that, and repair leaves it alone") {
  LedgerBench bench(0);
  std::string state;  // the golden record of format 1
  const std::string digits =
      "8dcd7558a470f14f0100000000000000000000000e000000000000000d000000"
      "0900000000000000050000000000000007000000000000000600000000000000"
      "0000000000000000280000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000";
  for (std::size_t i = 0; i < digits.size(); i += 2)
    state += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  {
    auto store = open_rocksdb(bench.run.path("ledger"), {});
    WriteBatch batch;
    batch.put("s", state);
    store->write(batch);
  }
  for (auto repair : {Repair::no, Repair::yes}) {
    try {
      open_ledger(bench.run, 0, repair);
      FAIL("it was opened");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::unsupported);
      CHECK(has(error.text(), bench.run.path("ledger")));
      CHECK(has(error.text(), "format 1"));
      CHECK(has(error.text(), "format 2"));
      CHECK(has(error.text(), "start a new run"));
    }
  }
  CHECK(open_rocksdb(bench.run.path("ledger"), {.read_only = true})->get("s") == state);
}
