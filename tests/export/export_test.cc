#include "actors/export/csv.h"
#include "actors/export/out_file.h"
#include "actors/export/tensorboard.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct ExportedRun {
  explicit ExportedRun(const std::string& metrics) {
    std::ofstream(folder.path() + "/metrics.jsonl", std::ios::binary) << metrics;
  }

  std::string read(const std::string& path) const {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }

  TempFolder folder;
};

// The CSV's fields are in the order of metric_table.cc; of a row, those that are not empty.
std::string given(const std::string& csv, int row) {
  std::stringstream lines(csv);
  std::string head;
  std::string line;
  std::getline(lines, head);
  for (int i = 0; i <= row; ++i) std::getline(lines, line);
  std::stringstream names(head.substr(0, head.size() - 1));
  std::stringstream values(line.substr(0, line.empty() ? 0 : line.size() - 1));
  std::string out;
  for (std::string name, value; std::getline(names, name, ',');) {
    value.clear();
    std::getline(values, value, ',');
    if (!value.empty()) out += name + "=" + value + " ";
  }
  return out;
}

constexpr const char* run_line =
    R"({"event":"run","started":"2026-01-01T00:00:00Z","seconds":0,"stages":[{"kind":"warm_start","steps":5},{"kind":"warm_start","steps":3},{"kind":"reinforce","steps":9}]})"
    "\n";

}  // namespace

TEST_CASE("a record of a TFRecord file is its length, its content and the masked sums of both") {
  CHECK(masked_crc32c("123456789") == 0xE3069283U / 0x8000 + (0xE3069283U << 17) + 0xA282EAD8U);
  CHECK(masked_crc32c("") == 0xA282EAD8U);
  std::string out;
  append_record(out, "ab");
  REQUIRE(out.size() == 8 + 4 + 2 + 4);
  CHECK(out.substr(0, 8) == std::string("\2\0\0\0\0\0\0\0", 8));
  CHECK(out.substr(12, 2) == "ab");
}

TEST_CASE("each kind of event has a table, a row an event, an empty field where one says nothing") {
  ExportedRun run(std::string(run_line) +
                  R"({"event":"step","kind":"warm_start","stage":1,"step":2,"loss":1.5,"seconds":1}
{"event":"step","kind":"reinforce","stage":2,"step":1,"score":0.25,"entropy":null,"skipped":true,"queues":{"waiting":7},"seconds":2.5}
{"event":"swap","generator":"g\",1","version":3,"stall_us":2.5,"seconds":3}
{"event":"evaluation","label":"forced_thinking","step":4,"sampled":0.5,"seconds":4}
no line of JSON
{"event":"step","kind":"reinforce","step":"x","score":1}
)");
  std::string csv = run.folder.path() + "/csv";
  auto paths = write_csv(run.folder.path(), csv);
  CHECK(paths.size() == 4);
  CHECK(given(run.read(csv + "/warm_start.csv"), 0) ==
        "step=7 seconds=1 time=2026-01-01T00:00:01.000Z warm_start_loss=1.5 ");
  CHECK(given(run.read(csv + "/reinforce.csv"), 0) ==
        "step=1 seconds=2.5 time=2026-01-01T00:00:02.500Z score=0.25 skipped=1 queue_waiting=7 ");
  CHECK(given(run.read(csv + "/reinforce.csv"), 1).empty());
  CHECK(run.read(csv + "/swap.csv").find("3,3,2026-01-01T00:00:03.000Z,\"g\"\",1\",2.5,") !=
        std::string::npos);
  CHECK(given(run.read(csv + "/evaluation.csv"), 0) ==
        "step=4 seconds=4 time=2026-01-01T00:00:04.000Z of=forced_thinking heldout_sampled=0.5 ");
  for (const auto& file : std::filesystem::directory_iterator(csv))
    CHECK(file.path().extension() == ".csv");  // no drafts
}

TEST_CASE("what a run does not have, and no run at all") {
  ExportedRun run(run_line);
  CHECK(write_csv(run.folder.path(), run.folder.path() + "/csv").empty());
  CHECK(std::filesystem::exists(write_tensorboard(run.folder.path(), run.folder.path() + "/tb")));
  for (auto call : {+[](const std::string& f) { write_csv(f, f); },
           +[](const std::string& f) { write_tensorboard(f, f); }}) {
    try {
      call(run.folder.path() + "/none");
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::not_found);
    }
  }
}

TEST_CASE("an event file has golden bytes") {
  ExportedRun run(
      std::string(run_line) +
      R"({"event":"step","kind":"reinforce","step":300,"score":0.5,"seconds":1})" + "\n" +
      R"({"event":"step","kind":"reinforce","step":301,"score":-1,"seconds":1})" + "\n" +
      R"({"event":"run","started":"2026-01-01T00:00:10Z","seconds":1,"resumed_from":300})" + "\n");
  std::string folder = run.folder.path() + "/tb";
  std::string path = write_tensorboard(run.folder.path(), folder);
  CHECK(path == folder + "/events.out.tfevents.1767225601.tramontane");
  std::string bytes = run.read(path);
  auto has = [&](const std::string& part) { return bytes.find(part) != std::string::npos; };
  // Event: wall_time 1767225601.0, step 0, file_version.
  CHECK(bytes.substr(12, 9 + 2 + 15) == std::string("\x09\0\0\x40\x40\x6e\x55\xda\x41", 9) +
                                            std::string("\x10\0", 2) +
                                            "\x1a\x0d"
                                            "brain.Event:2");
  // Step 300 as a varint; a value of 0.5, with its tag and description.
  CHECK(has("\x10\xac\x02"));
  CHECK(has(std::string("\x0a\x0freinforce/score\x15\0\0\0\x3f\x4a", 22)));
  CHECK(has("Mean score of all finished"));
  CHECK(has(" (points)"));
  CHECK(has(std::string("\x0a\x16\x0a\x0freinforce/score\x15\0\0\x80\xbf", 24)));  // described once
  CHECK(has(std::string("\x10\xac\x02\x3a\x02\x08\x01", 7)));  // a session begins at step 300
}

TEST_CASE("a file that is not finished leaves nothing") {
  TempFolder folder;
  {
    OutFile file(folder.path() + "/new", "x");
    file.write("half");
  }
  CHECK(std::filesystem::is_empty(folder.path() + "/new"));
  CHECK_THROWS_AS(OutFile("/proc/none", "x"), Error);
}
