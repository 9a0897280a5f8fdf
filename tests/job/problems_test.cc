// The problems of a data file: what of each line is prompt and answer, and how they are put.
#include "actors/job/problems.h"

#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <memory>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A job whose tokens are characters, and its data file.
struct ProblemsBench {
  ProblemsBench() {
    std::string characters = "\n";
    for (char c = ' '; c <= '~'; ++c) characters += c;
    tokenizer = std::make_unique<Tokenizer>(Tokenizer::of_characters({"<eos>"}, characters));
    model.context = 1000;
  }

  std::vector<Problem> read(const std::string& lines) {
    std::string path = folder.path() + "/data.jsonl";
    files->write(path, as_bytes(lines));
    return read_problems(*files, path, "data.prompts", form, *tokenizer, model).problems;
  }

  std::string put(const Problem& problem) const { return tokenizer->decode(problem.prompt.tokens); }

  std::string refused(const std::string& lines) {
    try {
      (void)read(lines);
      return "";
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::bad_input);
      return error.text();
    }
  }

  TempFolder folder;
  std::unique_ptr<Files> files = system_files();
  ProblemForm form;
  std::unique_ptr<Tokenizer> tokenizer;
  ModelConfig model;
};

}  // namespace

TEST_CASE("a problem is its prompt and its answer, by the names that the job graph gives") {
  ProblemsBench bench;
  bench.form.prompt_field = "question";
  bench.form.answer_field = "solution";
  auto problems = bench.read(
      "{\"question\":\"1+1=\",\"solution\":\"2\",\"kind\":\"easy\"}\n"
      "{\"question\":\"2+2=\",\"solution\":4}\n");
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].prompt.index == 0);
  CHECK(problems[0].prompt.text == "1+1=");
  CHECK(problems[0].prompt.answer == "2");
  CHECK(problems[0].kind == "easy");
  CHECK(bench.put(problems[0]) == "1+1=");
  CHECK(problems[1].prompt.index == 1);
  CHECK(problems[1].prompt.answer == "4");
}

TEST_CASE("the answer is what stands behind the last mark, without the space around it") {
  ProblemsBench bench;
  bench.form.answer_after = "####";
  auto problems = bench.read(
      "{\"prompt\":\"a\",\"answer\":\"#### 5 so\\n####\\n 7 8 \\n\"}\n"
      "{\"prompt\":\"b\",\"answer\":\"####9\"}\n");
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].prompt.answer == "7 8");
  CHECK(problems[1].prompt.answer == "9");
  for (const char* none : {"7", "so ####", "so #### \\n"}) {
    auto said = bench.refused("\n{\"prompt\":\"a\",\"answer\":\"" + std::string(none) + "\"}\n");
    CHECK_MESSAGE(said.find("data.jsonl:2: no answer behind '####'") != std::string::npos, said);
  }
}

TEST_CASE("with chat a problem is put with the system prompt, or with one that asks to think") {
  ProblemsBench bench;
  std::string line = "{\"prompt\":\"1+1=\",\"answer\":\"2\"}\n";
  bench.form.chat = Chat::chatml;
  bench.form.system = "Be brief.";
  CHECK(bench.put(bench.read(line)[0]) ==
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n1+1=<|im_end|>\n"
        "<|im_start|>assistant\n");
  bench.form.system = "";
  bench.form.tags = {"[T]", "[/T]"};
  auto put = bench.put(bench.read(line)[0]);
  CHECK_MESSAGE(put.find("need, between [T] and [/T], in the language") != std::string::npos, put);
  CHECK(put == bench.form.render("1+1="));
  bench.form.chat = Chat::mistral;
  CHECK(bench.put(bench.read(line)[0]).ends_with("[/SYSTEM_PROMPT][INST]1+1=[/INST]"));
  bench.form.chat = Chat::llama3;
  CHECK(bench.put(bench.read(line)[0]).ends_with("assistant<|end_header_id|>\n\n"));
  CHECK(bench.read(line)[0].prompt.text == "1+1=");
}

TEST_CASE("a prompt that leaves no room for an answer, or has no tokens, is refused by its line") {
  ProblemsBench bench;
  bench.model.context = 5;
  auto line = [](const std::string& prompt) {
    return "{\"prompt\":\"" + prompt + "\",\"answer\":\"2\"}\n";
  };
  CHECK(bench.read(line("1+1=")).size() == 1);
  auto said = bench.refused(line("1+1=") + line("11+1="));
  CHECK_MESSAGE(
      said.find("data.jsonl:2: 1 of 2 prompts (data.prompts) leave no room for an answer in a "
                "context of 5, the longest has 5 tokens; lines 2. ") != std::string::npos,
      said);
  bench.form.skip_overlong = true;
  CHECK(bench.read(line("1+1=") + line("11+1=")).size() == 1);
  CHECK(bench.refused(line("11+1=")).find("1 of 1 prompts") != std::string::npos);  // none is left
  said = bench.refused(line("\\u00e9"));
  CHECK_MESSAGE(said.find("data.jsonl:1: ") != std::string::npos, said);
}

TEST_CASE("a conversation is put turn by turn, with its own system turn") {
  ProblemsBench bench;
  std::string line =
      "{\"prompt\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"1\"},"
      "{\"role\":\"assistant\",\"content\":\"2\"},{\"role\":\"user\",\"content\":\"3\"}],"
      "\"answer\":4}\n";
  CHECK(bench.refused(line).find("set data.chat") != std::string::npos);
  bench.form.chat = Chat::chatml;
  bench.form.system = "of the form";
  auto problem = bench.read(line)[0];
  CHECK(bench.put(problem) ==
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n1<|im_end|>\n<|im_start|>assistant\n2"
        "<|im_end|>\n<|im_start|>user\n3<|im_end|>\n<|im_start|>assistant\n");
  CHECK(problem.prompt.text == "3");
  bench.form.chat = Chat::mistral;
  CHECK(bench.put(bench.read(line)[0]) ==
        "<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]1[/INST]2</s>[INST]3[/INST]");
  // One message of the user needs no form.
  bench.form.chat = Chat::none;
  CHECK(bench.put(bench.read(
            "{\"prompt\":[{\"role\":\"user\",\"content\":\"1\"}],\"answer\":4}\n")[0]) == "1");
}
