#include "actors/messages/run_event.h"
#include "actors/report/page.h"
#include "actors/report/rollout_sample.h"
#include "actors/report/run_story.h"
#include "tests/view/sample_run.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A run directory that goes with the test.
class RunFolder {
 public:
  RunFolder() {
    std::string form = (std::filesystem::temp_directory_path() / "tram_report_XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }

  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  ~RunFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  void tell(const std::vector<RunEvent>& events) const {
    auto sink = metrics_file(path_);
    for (const auto& event : events) sink->event(event);
  }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
  }

  std::string report() const {
    std::ostringstream out;
    out << std::ifstream(write_report(path_), std::ios::binary).rdbuf();
    return out.str();
  }

 private:
  std::string path_;
};

// The text of the page's data element, as a browser finds it: up to the first "</script".
std::string data_text(const std::string& page) {
  std::string mark = "<script type=\"application/json\" id=\"data\">";
  auto begin = page.find(mark);
  REQUIRE(begin != std::string::npos);
  begin += mark.size();
  return page.substr(begin, page.find("</script", begin) - begin);
}

boost::json::object data_of(const std::string& page) {
  return boost::json::parse(data_text(page)).as_object();
}

bool has(const std::string& whole, const std::string& part) {
  return whole.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the page is whole, and its data parses back to what the run said") {
  RunFolder run;
  run.tell(sample_run({}));
  run.write("job.yaml", "name: arithmetic\n");
  std::string page = run.report();
  CHECK(page.rfind("<!doctype html>", 0) == 0);
  CHECK(page.find("</html>") != std::string::npos);
  for (const char* marker : {"{{css}}", "{{script}}", "{{data}}"}) CHECK(!has(page, marker));
  CHECK(!has(page, "src=\"http"));
  CHECK(!has(page, "href=\"http"));
  auto data = data_of(page);
  CHECK(data["run"].as_object()["name"] == "arithmetic");
  CHECK(data["job"] == "name: arithmetic\n");
  auto& steps = data["steps"].as_object();
  CHECK(steps["at"].as_array().size() == 200);
  CHECK(steps["at"].as_array().back() == 200);
  CHECK(steps["lags"].as_array()[5].as_array().size() == 3);
  CHECK(data["warm"].as_object()["loss"].as_array().size() == 660);
  CHECK(data["warm"].as_object()["at"].as_array().back() == 660);
  CHECK(data["evaluations"].as_array().size() == 13);
  CHECK(data["swaps"].as_object()["total"] == 400);
  CHECK(data["generators"].as_array().size() == 2);
  CHECK(data["alarms"].as_array().size() == 1);
  CHECK(data["exits"].as_array().size() == 1);
  CHECK(data["checkpoints"].as_array().size() == 10);
  CHECK(data["summary"].as_object()["heldout_after"] == 0.81);
  CHECK(data["notes"].as_array().empty());
}

TEST_CASE("hostile text stays text") {
  RunFolder run;
  std::string hostile =
      "</script><script>alert(1)</script><!-- \xE2\x80\xA8\xE2\x80\xA9 \"'\\ \x01\xff";
  run.tell({{{"event", "run"}, {"name", hostile}},
      {{"event", "alarm"}, {"text", hostile}, {hostile, hostile}},
      {{"event", "swap"}, {"generator", hostile}, {"stall_us", 3}}});
  run.write("job.yaml", hostile);
  std::string page = run.report();
  std::string data = data_text(page);
  CHECK(!has(data, "<"));
  CHECK(!has(data, "\xE2\x80\xA8"));
  CHECK(!has(data, "\xE2\x80\xA9"));
  CHECK(!has(page, "alert(1)</script>"));
  auto parsed = data_of(page);
  std::string expected = hostile.substr(0, hostile.size() - 1) + "\xEF\xBF\xBD";
  CHECK(std::string_view(parsed["run"].as_object()["name"].as_string()) == expected);
  CHECK(std::string_view(parsed["job"].as_string()) == expected);
}

TEST_CASE("a run directory without anything gives a page that says so") {
  RunFolder run;
  auto data = data_of(run.report());
  CHECK(data["run"].is_null());
  CHECK(data["summary"].is_null());
  CHECK(data["job"].is_null());
  CHECK(has(std::string(data["notes"].as_array()[0].as_string()), "metrics.jsonl is not there"));
  CHECK(!data["rollouts"].as_object()["note"].as_string().empty());
}

TEST_CASE("empty, damaged and half-written metrics lose only the damaged lines") {
  RunFolder run;
  run.write("metrics.jsonl", "");
  CHECK(data_of(run.report())["notes"].as_array().size() == 1);
  run.write("metrics.jsonl",
      "{\"event\":\"run\",\"name\":\"a\"}\nnot json\n[1]\n\n"
      "{\"event\":\"step\",\"kind\":\"reinforce\",\"stage\":0,\"step\":1,\"version\":1}\n"
      "{\"event\":\"step\",\"kind\":\"reinforce\",\"stage\":0,\"st");
  auto data = data_of(run.report());
  CHECK(data["steps"].as_object()["at"].as_array().size() == 1);
  REQUIRE(data["notes"].as_array().size() == 1);
  CHECK(data["notes"].as_array()[0] == "2 lines of metrics.jsonl could not be read.");
}

TEST_CASE("exits are told by exits.jsonl too, each once") {
  RunFolder run;
  RunEvent exit{{"event", "exit"}, {"actor", "verifier/0"}, {"incarnation", 1}, {"cause", "failed"},
      {"text", "boom"}};
  run.tell({exit});
  run.write(
      "exits.jsonl", boost::json::serialize(exit) +
                         "\n{\"event\":\"exit\",\"actor\":\"trainer\",\"cause\":\"killed\"}\nhalf");
  auto data = data_of(run.report());
  CHECK(data["exits"].as_array().size() == 2);
  CHECK(data["exits"].as_array()[1].as_object()["actor"] == "trainer");
}

TEST_CASE("a step told again after a resume counts once, as told last") {
  RunFolder run;
  auto step = [](int n, double score) {
    return RunEvent{{"event", "step"}, {"stage", 0}, {"kind", "reinforce"}, {"step", n},
        {"version", n}, {"score", score}};
  };
  run.tell({{{"event", "run"}, {"resumed_from", nullptr}}, step(1, 0.1), step(2, 0.2),
      {{"event", "run"}, {"resumed_from", 1}, {"seconds", 9}}, step(2, 0.25), step(3, 0.3)});
  auto data = data_of(run.report());
  auto& score = data["steps"].as_object()["score"].as_array();
  REQUIRE(score.size() == 3);
  CHECK(score[1] == 0.25);
  REQUIRE(data["resumed"].as_array().size() == 1);
  CHECK(data["resumed"].as_array()[0].as_object()["resumed_from"] == 1);
}

TEST_CASE("a long run is thinned, its ends kept") {
  RunFolder run;
  std::string metrics;
  for (int i = 1; i <= 20000; ++i)
    metrics +=
        "{\"event\":\"step\",\"kind\":\"reinforce\",\"stage\":0,\"step\":" + std::to_string(i) +
        ",\"score\":0.123456789}\n{\"event\":\"swap\",\"generator\":\"g\"}\n";
  run.write("metrics.jsonl", metrics);
  std::string page = run.report();
  auto data = data_of(page);
  auto& at = data["steps"].as_object()["at"].as_array();
  CHECK(at.size() == 1200);
  CHECK(at.front() == 1);
  CHECK(at.back() == 20000);
  CHECK(data["steps"].as_object()["score"].as_array()[0] == 0.123457);
  CHECK(data["swaps"].as_object()["total"] == 20000);
  CHECK(page.size() < 1'000'000);
}

TEST_CASE("odd fields do not upset the story") {
  RunFolder run;
  run.write("metrics.jsonl",
      R"({"event":"run","stages":[1,{"kind":3}],"heldout":"many"}
{"event":"step","stage":null,"step":"x"}
{"event":"step","stage":1e308,"step":1e308,"kind":"reinforce","version":-4,"lag_histogram":[null,"a",{}]}
{"event":"step","stage":0,"step":2,"kind":7,"loss":[]}
{"event":"evaluation","examples":7,"by_kind":[]}
{"event":"evaluation","label":"before","examples":[null,1]}
{"event":4}
{"event":"summary","heldout_before":"no"}
)");
  auto data = data_of(run.report());
  CHECK(data["evaluations"].as_array().size() == 2);
  CHECK(data["notes"].as_array().empty());
}

TEST_CASE("the sample spreads over the steps and prefers rollouts that span versions") {
  std::vector<std::uint64_t> steps;
  for (std::uint64_t i = 0; i < 200; ++i) steps.push_back(i);
  auto sample = sample_rollouts(steps, sample_batch, {});
  CHECK(sample.size() <= 400);
  CHECK(sample.size() > 300);
  std::set<std::uint64_t> seen;
  std::size_t spanning = 0;
  std::size_t wrong = 0;
  for (const auto& rollout : sample) {
    seen.insert(rollout.step);
    spanning += rollout.judged.rollout.spans.size() > 1;
    wrong += !rollout.judged.verdict.correct;
    CHECK(!rollout.prompt.text.empty());
  }
  CHECK(seen.size() == 100);
  CHECK(seen.count(0) == 1);
  CHECK(seen.count(199) == 1);
  CHECK(spanning * 10 > sample.size() * 8);
  CHECK(wrong > sample.size() / 10);
}

TEST_CASE("batches that are gone are passed over") {
  auto some = [](std::uint64_t step) -> std::optional<Batch> {
    if (step < 150) return std::nullopt;
    return sample_batch(step);
  };
  std::vector<std::uint64_t> steps;
  for (std::uint64_t i = 0; i < 200; ++i) steps.push_back(i);
  CHECK(sample_rollouts(steps, some, {}).size() > 50);
  CHECK(sample_rollouts({}, some, {}).empty());
  CHECK(sample_rollouts(steps, [](std::uint64_t) { return std::nullopt; }, {}).empty());
}

TEST_CASE("long rollouts are cut and few of them shown, so that the page stays small") {
  auto long_batch = [](std::uint64_t step) -> std::optional<Batch> {
    Batch batch = sample_batch(step);
    for (auto& group : batch.groups)
      for (auto& judged : group.rollouts) {
        judged.rollout.tokens.assign(30000, 7);
        judged.rollout.log_probs.assign(30000, -0.123F);
        judged.rollout.spans = {{0, 30000, step, 1, true}};
      }
    return batch;
  };
  std::vector<std::uint64_t> steps;
  for (std::uint64_t i = 0; i < 100; ++i) steps.push_back(i);
  SampleBounds bounds;
  auto sample = sample_rollouts(steps, long_batch, bounds);
  CHECK(sample.size() == 100);
  auto page = rollouts_page(sample, sample_token, bounds);
  CHECK(page["items"].as_array()[0].as_object()["length"] == 30000);
  CHECK(page["items"].as_array()[0].as_object()["tokens"].as_array().size() == bounds.tokens_each);
  CHECK(script_json(page).size() < 6'000'000);
}

TEST_CASE("a rollout's page holds what the viewer shows") {
  SampleBounds bounds;
  SampledRollout sampled;
  sampled.step = 4;
  sampled.prompt = {3, "1+1=", "2", {}};
  sampled.judged.rollout = {9, 1, 1, 7, {5, 900}, {-0.25F, std::numeric_limits<float>::quiet_NaN()},
      {{0, 1, 3, 0xabc, true}, {1, 2, 4, 0xdef, false}}, Finish::length};
  sampled.judged.verdict.no_verdict = "the <verifier> died";
  auto page = rollouts_page({sampled}, sample_token, bounds);
  CHECK(page["vocabulary"].as_object().size() == 1);
  CHECK(page["vocabulary"].as_object()["5"] == "1");
  auto& item = page["items"].as_array()[0].as_object();
  CHECK(item["step"] == 4);
  CHECK(item["score"].is_null());
  CHECK(item["no_verdict"] == "the <verifier> died");
  CHECK(item["log_probs"].as_array()[0] == -0.25);
  CHECK(item["log_probs"].as_array()[1].is_null());
  CHECK(item["spans"].as_array()[1].as_object()["fingerprint"] == "0000000000000def");
  CHECK(item["finish"] == "length");
}
