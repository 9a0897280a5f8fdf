// The folder of a run: who may work in it, and what its earlier processes left.
#include "actors/run/files.h"

#include "actors/run/inputs.h"
#include "actors/run/reporter.h"
#include "actors/run/run_began.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/content_hash.h"
#include "storage/file.h"
#include "tests/sim/sim_job.h"
#include "tests/support/temp_folder.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Knows what was told it of the past.
class Past final : public EventSink {
 public:
  void event(const RunEvent&) override { FAIL("it is told of the past as if it were now"); }

  void past(const RunEvent& event) override { seen.push_back(event); }

  std::vector<RunEvent> seen;
};

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

Job job_of(const std::string& resolved) {
  Job job;
  job.resolved = resolved;
  return job;
}

}  // namespace

TEST_CASE("a run's folder is made once, and worked on by one process at a time") {
  TempFolder folder;
  std::string path = folder.path() + "/run";
  CHECK_THROWS_AS((void)RunFiles::open(path), Error);
  {
    RunFiles run = RunFiles::create(path, job_of("seed: 1\n"));
    CHECK(run.folder() == std::filesystem::canonical(path));
    CHECK(as_text(system_files()->read(run.path("job.yaml"))) == "seed: 1\n");
    try {
      (void)RunFiles::open(path);
      FAIL("two processes work on it");
    } catch (const Error& error) {
      CHECK(error.text().find("is being worked on by another process") != std::string::npos);
    }
    RunFiles moved = std::move(run);
    CHECK_THROWS_AS((void)RunFiles::open(path), Error);
    CHECK(moved.path("x") == moved.folder() + "/x");
  }
  RunFiles again = RunFiles::open(path);
  try {
    (void)RunFiles::create(path, job_of("seed: 2\n"));
    FAIL("it was begun anew");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    CHECK(error.text().find("is a run already") != std::string::npos);
  }
  CHECK(as_text(system_files()->read(again.path("job.yaml"))) == "seed: 1\n");
}

TEST_CASE("what earlier processes measured is known again, damaged lines by their number") {
  TempFolder folder;
  RunFiles run = RunFiles::create(folder.path() + "/run", job_of("seed: 1\n"));
  RunTotals none;
  Past nothing;
  auto empty = run.replay_metrics(none, nothing);
  CHECK(empty.seconds == 0);
  CHECK(empty.newest_step == 0);
  CHECK(empty.damaged == "");
  write(run.path("metrics.jsonl"),
      "{\"event\":\"run\",\"seconds\":1}\n"
      "{\"event\":\"st\n"
      "{\"event\":\"step\",\"kind\":\"reinforce\",\"step\":6,\"rollouts\":8,\"seconds\":7.5}\n"
      "[1]\n"
      "{\"event\":\"step\",\"kind\":\"reinforce\",\"step\":5,\"seconds\":9}\n"
      "{\"event\":\"step\",\"kind\":\"warm_start\",\"step\":99}\n"
      "{\"event\":\"run\"}\n"
      "{\"event\":\"step\",\"kind\":\"rein");
  RunTotals totals;
  Past past;
  auto found = run.replay_metrics(totals, past);
  CHECK(found.seconds == 9);
  CHECK(found.newest_step == 6);
  CHECK(found.damaged == "2, 4");
  CHECK_FALSE(found.finished);
  write(run.path("metrics.jsonl"), "{\"event\":\"summary\",\"stopped\":\"finished\"}\n");
  CHECK(run.replay_metrics(none, nothing).finished);
  write(run.path("metrics.jsonl"),
      "{\"event\":\"summary\",\"stopped\":\"finished\"}\n{\"event\":\"step\"}\n");
  CHECK_FALSE(run.replay_metrics(none, nothing).finished);
  CHECK(past.seen.size() == 5);
  CHECK(totals.summary().at("steps") == 6);
  CHECK(totals.summary().at("rollouts") == 8);
}

TEST_CASE("a run tells each of its inputs that is not what it began with") {
  TempFolder folder;
  auto files = system_files();
  write(folder.path() + "/data", "one");
  Job job = job_of("seed: 1\nsteps: 7\n");
  auto input = [&](const char* key) {
    return JobInput{
        key, folder.path() + "/data", content_hash(files->read(folder.path() + "/data"))};
  };
  job.inputs = {input("data.prompts")};
  RunFiles run = RunFiles::create(folder.path() + "/run", job);
  auto changes = [&](const std::string& graph) {
    return changed_inputs(*files, run.folder(), job, as_bytes(graph));
  };
  CHECK(changes(job.resolved).empty());
  CHECK(changes("seed: 1\nsteps: 8\n") ==
        std::vector<std::string>{"job.yaml: `steps: 7` is now `steps: 8`"});
  CHECK(changes("seed: 1\n") == std::vector<std::string>{"job.yaml has 1 lines, it had 2"});
  write(folder.path() + "/data", "two");
  job.inputs = {input("data.prompts"), input("data.heldout")};
  std::string name = "(" + folder.path() + "/data)";
  CHECK(changes(job.resolved) ==
        std::vector<std::string>{
            "data.prompts " + name + " is not what it was", "data.heldout " + name + " is new"});
  // Once accepted it is what is expected.
  write_inputs(*files, run.folder(), job, as_bytes(job.resolved));
  CHECK(changes(job.resolved).empty());
  for (std::string text :
      {"", "{}", "[1]", "{\"job\":1,\"files\":{}}", "{\"job\":\"\",\"files\":[]}"}) {
    write(run.path("inputs.json"), text);
    CHECK_THROWS_AS(changes(job.resolved), Error);
  }
  // A path that is no text is a change of nothing.
  write_inputs(*files, run.folder(), job, as_bytes("path: /\xff\n"));
  CHECK(changes("path: /\xff\n").empty());
  files->remove(run.path("inputs.json"));  // of a run that has none
  CHECK(changes(job.resolved).empty());
  write(run.path("inputs.json"), "{\"job\":\"seed: 1\\nsteps: 7\\n\",\"files\":{}}");  // older ones
  CHECK(changes(job.resolved).size() == 2);
}

TEST_CASE("no changed byte of a record of inputs is taken for a change of the inputs") {
  TempFolder folder;
  auto files = system_files();
  write(folder.path() + "/data", "one");
  Job job = job_of("seed: 1\nsteps: 7\n");
  job.inputs = {{"data.prompts", folder.path() + "/data", "0123456789abcdef"}};
  RunFiles run = RunFiles::create(folder.path() + "/run", job);
  std::string text(as_text(files->read(run.path("inputs.json"))));
  REQUIRE(changed_inputs(*files, run.folder(), job, as_bytes(job.resolved)).empty());
  int named = 0;
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int flip : {0x01, 0x20, 0x80}) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      write(run.path("inputs.json"), damaged);
      INFO(damaged);
      try {
        // White space means nothing.
        CHECK(changed_inputs(*files, run.folder(), job, as_bytes(job.resolved)).empty());
      } catch (const Error& error) {
        CHECK(error.errc() == Errc::corrupt);
        CHECK(error.text().find("inputs.json is damaged") != std::string::npos);
        ++named;
      }
    }
  CHECK(named >= static_cast<int>(3 * text.size() - 3));
}

TEST_CASE("the newest checkpoint of a run is the newest that is whole") {
  TempFolder folder;
  RunFiles run = RunFiles::create(folder.path() + "/run", job_of("seed: 1\n"));
  CHECK_FALSE(run.newest_checkpoint());
  auto files = system_files();
  CheckpointStore store(*files, run.path("checkpoints"), {.keep_last = 9});
  std::string newest;
  for (std::uint64_t version : {2, 4, 6}) newest = store.save(version, {{"x", Bytes(3)}}, {});
  CHECK(run.newest_checkpoint() == 6);
  write(newest + "/x", "no");
  CHECK(run.newest_checkpoint() == 4);
}

TEST_CASE("a run tells at its beginning what it is going to do, and on what") {
  TempFolder folder;
  RunFiles run = RunFiles::create(folder.path() + "/run", job_of("seed: 1\n"));
  Job job = sim_job(1);
  WarmStartPlan warm;
  warm.steps = 70;
  WarmStartPlan second;
  second.steps = 6;
  job.warm_starts = {warm, second};
  job.reinforce->steps = 9;
  job.reinforce->ledger.max_lag = 2;
  job.name = "arithmetic";
  auto event = run_began(job, run, std::nullopt);
  CHECK(event.at("event").as_string() == "run");
  CHECK(event.at("name").as_string() == "arithmetic");
  CHECK(event.at("run").as_string() == run.folder().c_str());
  CHECK(event.at("seed") == 1);
  CHECK(event.at("parameters") == parameters(job.model));
  CHECK(event.at("prompts") == job.prompts.size());
  CHECK(event.at("heldout") == job.heldout.size());
  CHECK(event.at("max_lag") == 2);
  CHECK(event.at("resumed_from").is_null());
  const auto& stages = event.at("stages").as_array();
  REQUIRE(stages.size() == 3);
  CHECK(stages[0].at("kind").as_string() == "warm_start");
  CHECK(stages[0].at("steps") == 70);
  CHECK(stages[1].at("kind").as_string() == "warm_start");
  CHECK(stages[1].at("steps") == 6);
  CHECK(stages[2].at("kind").as_string() == "reinforce");
  CHECK(stages[2].at("steps") == 9);
  std::string started(event.at("started").as_string());
  CHECK(started.size() == std::string("2026-01-01T00:00:00Z").size());
  CHECK(started.substr(0, 2) == "20");
  job.reinforce.reset();
  auto warm_only = run_began(job, run, 5);
  CHECK(warm_only.at("resumed_from") == 5);
  CHECK(warm_only.at("max_lag") == 0);
  CHECK(warm_only.at("stages").as_array().size() == 2);
}

TEST_CASE("a folder that cannot be locked is refused by name, whatever number the lock has") {
  TempFolder folder;
  std::string path = folder.path() + "/run";
  { RunFiles run = RunFiles::create(path, job_of("seed: 1\n")); }
  int input = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);  // the lock is 0 then
  {
    RunFiles run = RunFiles::open(path);
    CHECK_THROWS_AS((void)RunFiles::open(path), Error);
  }
  CHECK_NOTHROW((void)RunFiles::open(path));
  if (input >= 0) {
    ::dup2(input, STDIN_FILENO);
    ::close(input);
  }
  std::filesystem::remove(path + "/lock");
  std::filesystem::create_directory(path + "/lock");
  try {
    (void)RunFiles::open(path);
    FAIL("opened without a lock");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::io);
    CHECK(error.text().find("/run/lock: Is a directory") != std::string::npos);
  }
}

TEST_CASE("what is not as earlier lives left it is told by name") {
  TempFolder folder;
  RunFiles run = RunFiles::create(folder.path() + "/run", job_of("seed: 1\n"));
  PastMetrics past;
  CHECK(run.problems_of(past).empty());
  past.damaged = "2, 4";
  REQUIRE(run.problems_of(past).size() == 1);
  CHECK(
      run.problems_of(past)[0].find(run.path("metrics.jsonl") + " is damaged in line 2, 4: ") == 0);
}
