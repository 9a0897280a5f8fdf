// The report's rollouts from a real ledger and tokenizer in a run directory.
#include "actors/ledger/ledger.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/report/run_rollouts.h"
#include "storage/kv_store.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

class RunWithLedger {
 public:
  RunWithLedger() {
    std::string form = (std::filesystem::temp_directory_path() / "tram_rollouts_XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }

  RunWithLedger(const RunWithLedger&) = delete;
  RunWithLedger& operator=(const RunWithLedger&) = delete;

  ~RunWithLedger() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  // Two groups of completions, one right, one wrong, and without_verdict more, each over a swap;
  // one batch, sealed.
  void write_ledger(std::uint32_t without_verdict = 0) const {
    std::uint32_t group_size = 2 + without_verdict;
    auto store = open_rocksdb(path_ + "/ledger", {});
    Ledger ledger(*store, prompt, of_groups(group_size));
    for (const auto& task : ledger.lease_tasks("generator/0", 2 * group_size, 0)) {
      Segment segment;
      segment.lease = task.lease;
      segment.rollout = task.rollout.id;
      segment.span = {0, 2, 0, 0xaaa, true};
      segment.tokens = {2, 5};
      segment.log_probs = {-0.5F, -0.25F};
      REQUIRE(ledger.append(segment, 1));
      segment.span = {2, 3, 1, 0xbbb, false};
      segment.tokens = {1};
      segment.log_probs = {-0.125F};
      segment.finish = Finish::stop;
      REQUIRE(ledger.append(segment, 2));
    }
    for (const auto& leased : ledger.lease_finished("verifier/0", 2 * group_size, 3)) {
      if (leased.rollout.sample >= 2) {
        REQUIRE(ledger.judge(leased.lease, Verdict{.no_verdict = "math: too late"}, 4));
        continue;
      }
      bool right = leased.rollout.sample == 0;
      Verdict verdict;
      verdict.score = right ? 1.0 : 0.1;
      verdict.correct = right;
      verdict.components = {{"math", right ? 0.9 : 0.0, "found '1'"}};
      REQUIRE(ledger.judge(leased.lease, verdict, 4));
    }
    REQUIRE(ledger.batch(0));
    ledger.sync();
  }

  // One rollout more: a generator begins it and dies, another takes it over and ends it.
  void leave_and_go_on() const {
    auto store = open_rocksdb(path_ + "/ledger", {});
    Ledger ledger(*store, prompt, of_groups(2));
    Segment segment;
    auto begun = ledger.lease_tasks("generator/0", 1, 5).at(0);
    segment.lease = begun.lease;
    segment.rollout = begun.rollout.id;
    segment.span = {0, 1, 0, 0xaaa, true};
    segment.tokens = {2};
    segment.log_probs = {-0.5F};
    REQUIRE(ledger.append(segment, 6));
    REQUIRE(ledger.release("generator/0") == 1);
    segment.lease = ledger.lease_tasks("generator/1", 1, 7).at(0).lease;
    segment.span = {1, 2, 0, 0xaaa, false};
    segment.finish = Finish::stop;
    REQUIRE(ledger.append(segment, 8));
  }

  void write_tokenizer(const std::string& checkpoint, const std::string& json) const {
    std::string folder = path_ + "/checkpoints/" + checkpoint;
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/tokenizer.json") << json;
  }

  boost::json::object rollouts() const { return run_rollouts(path_, {0, 1, 2}); }

  std::string note() const {
    auto page = rollouts();
    const auto* note = page.if_contains("note");
    return note ? std::string(note->as_string()) : "";
  }

 private:
  static Prompt prompt(GroupId group) {
    return {group, "1+" + std::to_string(group) + "=", "2", {5, 6}};
  }

  static LedgerOptions of_groups(std::uint32_t size) {
    LedgerOptions options;
    options.group_size = size;
    options.batch = 2 * size;
    return options;
  }

  std::string path_;
};

bool has(const std::string& whole, const std::string& part) {
  return whole.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("rollouts come from the ledger, their texts from the newest tokenizer that can be read") {
  RunWithLedger run;
  run.write_ledger();
  auto tokenizer = Tokenizer::of_characters({"<pad>", "<eos>", "<think>"}, "0123456789+=");
  run.write_tokenizer("step-000020", tokenizer.to_json());
  run.write_tokenizer("step-000040", "{\"half\": ");
  auto page = run.rollouts();
  CHECK(!page.contains("note"));
  auto& items = page["items"].as_array();
  REQUIRE(items.size() == 4);
  auto& first = items[0].as_object();
  CHECK(first["prompt"] == "1+0=");
  CHECK(first["answer"] == "2");
  CHECK(first["step"] == 0);
  CHECK(first["spans"].as_array().size() == 2);
  CHECK(first["spans"].as_array()[1].as_object()["version"] == 1);
  CHECK(first["components"].as_array()[0].as_object()["evidence"] == "found '1'");
  CHECK(first["log_probs"].as_array()[2] == -0.125);
  auto& vocabulary = page["vocabulary"].as_object();
  CHECK(vocabulary["1"] == "<eos>");
  CHECK(vocabulary["2"] == "<think>");
  CHECK(vocabulary["5"] == "2");
}

TEST_CASE("rollouts without a verdict are shown with their reason, behind the others") {
  RunWithLedger run;
  run.write_ledger(1);
  auto page = run.rollouts();
  const auto& items = page.at("items").as_array();
  REQUIRE(items.size() == 6);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i].as_object();
    CHECK(item.at("no_verdict").as_string() == (i < 4 ? "" : "math: too late"));
    CHECK(item.at("score").is_null() == (i >= 4));
    CHECK(item.at("prompt").as_string().starts_with("1+"));
  }
}

TEST_CASE("half-written rollouts that another holder went on with are counted") {
  RunWithLedger run;
  run.write_ledger();
  CHECK(run.rollouts().at("resumed") == 0);
  run.leave_and_go_on();
  CHECK(run.rollouts().at("resumed") == 1);
}

TEST_CASE("without a tokenizer tokens are shown by their ids") {
  RunWithLedger run;
  run.write_ledger();
  CHECK(has(run.note(), "tokens are shown by their ids"));
  CHECK(run.rollouts()["items"].as_array().size() == 4);
  CHECK(run.rollouts()["vocabulary"].as_object().empty());
}

TEST_CASE("a ledger that is absent, empty or no ledger is said, not fatal") {
  RunWithLedger run;
  CHECK(has(run.note(), "has no ledger"));
  std::filesystem::create_directories(run.path() + "/ledger");
  CHECK(has(run.note(), "The ledger could not be read"));
  std::ofstream(run.path() + "/ledger/CURRENT") << "nonsense";
  CHECK(has(run.note(), "The ledger could not be read"));
}

TEST_CASE("the ledger of a run that goes on can be read beside its writer") {
  RunWithLedger run;
  run.write_ledger();
  auto writer = open_rocksdb(run.path() + "/ledger", {});
  CHECK(run.rollouts()["items"].as_array().size() == 4);
}
