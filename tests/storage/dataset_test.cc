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
  has(error_of("{\"prompt\": {\"a\": 1}, \"answer\": 1}"), "'prompt' must be a text or a number");
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

TEST_CASE("numbers keep the very text that stands in the file") {
  auto data = parse(
      "{\"prompt\": 1.50, \"answer\": 0.5}\n"
      "{\"prompt\": \"x\", \"answer\": 123456789012345678901234567890}\n"
      "{\"prompt\": \"x\", \"answer\": 1E400}\n"
      "{\"prompt\": \"x\", \"answer\": [0.5, \"1/2\", 7, true]}\n"
      "{\"prompt\": \"x\", \"answer\": {\"tests\": [0.5]}}\n");
  CHECK(data[0].prompt == "1.50");
  CHECK(data[0].answer == "0.5");
  CHECK(data[1].answer == "123456789012345678901234567890");
  CHECK(data[2].answer == "1E400");
  CHECK(data[3].answer == R"(["0.5","1/2","7","true"])");
  CHECK(has(data[4].answer, "tests"));
}

TEST_CASE("a field's name may lead into objects") {
  DatasetOptions options{
      .prompt_field = "extra.question", .answer_field = "reward_model.ground_truth"};
  auto data = parse(
      "{\"extra\": {\"question\": \"1+1\"}, \"reward_model\": {\"style\": \"rule\", "
      "\"ground_truth\": 2.0}}\n"
      "{\"extra.question\": \"whole\", \"extra\": 7, \"reward_model\": {\"ground_truth\": "
      "\"3\"}}\n",
      options);
  CHECK(data[0].prompt == "1+1");
  CHECK(data[0].answer == "2.0");
  CHECK(data[1].prompt == "whole");  // a field of that very name comes first
  CHECK(has(error_of("{\"extra\": [1], \"reward_model\": {\"ground_truth\": 1}}\n", options),
      "no field 'extra.question'"));
}

TEST_CASE("a prompt may be a conversation that ends with the user's message") {
  auto data = parse(
      "{\"prompt\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", "
      "\"content\": \"1+1\"}], \"answer\": 2}\n");
  CHECK(data[0].prompt == "1+1");
  CHECK(data[0].turns == std::vector<Turn>{{"system", "Be brief."}, {"user", "1+1"}});
  auto refused = [](const std::string& messages) {
    return error_of("{\"prompt\": " + messages + ", \"answer\": 2}\n");
  };
  CHECK(has(refused("[]"), "the last message of a prompt must be the user's"));
  CHECK(has(refused("[{\"role\": \"assistant\", \"content\": \"x\"}]"), "must be the user's"));
  CHECK(has(refused("[{\"role\": \"tool\", \"content\": \"x\"}]"), "role 'tool'"));
  CHECK(has(refused("[{\"role\": \"user\", \"content\": [1]}]"), "messages {"));
  CHECK(has(refused("[1]"), "messages {"));
}

TEST_CASE("numbers are taken to the letter, in lists of accepted answers too") {
  auto data = parse(
      "{\"prompt\": \"x\", \"answer\": [0.50, 123456789012345678901234567890, \"a, ]\", 1e-3 "
      ",true]}\n"
      "{\"prompt\": \"x\", \"answer\": 0.50}\n");
  CHECK(
      data[0].answer == "[\"0.50\",\"123456789012345678901234567890\",\"a, ]\",\"1e-3\",\"true\"]");
  CHECK(data[1].answer == "0.50");
}

TEST_CASE("fields that nobody asked for may have any shape") {
  auto data =
      parse("{\"prompt\": \"x\", \"answer\": 1, \"kind\": [1, {}], \"meta\": {\"a\": null}}\n");
  CHECK(data[0].kind.empty());
}
