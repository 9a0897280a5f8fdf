#include "storage/dataset.h"

#include "runtime/base/result.h"

#include <algorithm>
#include <set>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Dataset parse(std::string_view text, const DatasetOptions& options = {}) {
  return parse_dataset(as_bytes(text), "train.jsonl", options);
}

std::string error_of(std::string_view text, const DatasetOptions& options = {}) {
  try {
    parse(text, options);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
  return "no error";
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  CAPTURE(part);
  bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("lines become examples: texts, numbers, blank lines, a byte order mark, CRLF") {
  auto data = parse(
      "\xEF\xBB\xBF{\"prompt\": \"1+1=\", \"answer\": 2}\r\n"
      "\n   \n"
      "{\"prompt\": \"é\\n\", \"answer\": \"x\", \"completion\": \"y\", \"id\": [1]}");
  REQUIRE(data.size() == 2);
  CHECK(data[0].prompt == "1+1=");
  CHECK(data[0].answer == "2");
  CHECK(data[1].prompt == "é\n");
  CHECK(data[1].completion == "y");
  CHECK(data[1].line == 4);
}

TEST_CASE("field names are the caller's") {
  auto data = parse("{\"question\": \"q\", \"response\": \"r\"}",
      {.prompt_field = "question", .answer_field = "response"});
  CHECK(data[0].prompt == "q");
  CHECK(data[0].answer == "r");
}

TEST_CASE("every error names the line, what was expected and what is there") {
  has(error_of(""), "no examples");
  has(error_of("\n\n"), "no examples");
  auto missing =
      error_of("{\"prompt\": \"a\", \"answer\": \"b\"}\n{\"question\": \"a\", \"x\": 1}");
  has(missing, "train.jsonl:2: no field 'prompt'; this line has: question, x");
  has(missing, "train.jsonl:2: no field 'answer'");
  has(error_of("{\"prompt\": \"a\""), "train.jsonl:1: column 15: not valid JSON");
  has(error_of("{\"prompt\": \"a\xff\", \"answer\": 1}"), "train.jsonl:1: column 14");
  has(error_of("{\"prompt\": \"a\", \"answer\": 1} x"), "extra data");
  has(error_of("[1, 2]"), "expected an object");
  has(error_of("{\"prompt\": [\"a\"], \"answer\": 1}"), "'prompt' must be a text or a number");
  has(error_of("{\"prompt\": \"\", \"answer\": 1}"), "'prompt' is empty");
  has(error_of("{\"prompt\": \"a\", \"answer\": 1}", {.needs_completion = true}),
      "no field 'completion'");
  std::string many;
  for (int i = 0; i < 15; ++i) many += "nonsense\n";
  has(error_of(many), "and 5 more");
}

TEST_CASE("duplicates are kept, dropped or refused") {
  std::string text =
      "{\"prompt\": \"a\", \"answer\": \"1\"}\n"
      "{\"prompt\": \"a\", \"answer\": \"2\"}\n"
      "{\"prompt\": \"a\", \"answer\": \"1\"}\n"
      "{\"prompt\": \"b\", \"answer\": \"1\"}\n";
  CHECK(parse(text).size() == 4);
  CHECK(parse(text).duplicates_dropped() == 0);
  auto dropped = parse(text, {.duplicates = Duplicates::drop});
  REQUIRE(dropped.size() == 3);
  CHECK(dropped[2].prompt == "b");
  CHECK(dropped.duplicates_dropped() == 1);
  has(error_of(text, {.duplicates = Duplicates::refuse}),
      "train.jsonl:3: the same example as line 1");
}

TEST_CASE("the shuffle visits each example once per epoch, in another order each") {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "{\"prompt\": \"p" + std::to_string(i) + "\", \"answer\": 1}\n";
  }
  auto data = parse(text);
  std::vector<std::vector<std::uint64_t>> epochs(3);
  for (std::uint64_t position = 0; position < 150; ++position) {
    epochs[position / 50].push_back(data.shuffled_index(position, 7));
  }
  for (const auto& epoch : epochs) {
    CHECK(std::set<std::uint64_t>(epoch.begin(), epoch.end()).size() == 50);
    CHECK_FALSE(std::is_sorted(epoch.begin(), epoch.end()));
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  CHECK(data.shuffled_index(3, 7) == epochs[0][3]);
}
