// How problems are put to models that bring a chat template of their own.

#include "actors/job/job.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "tests/job/job_folder.h"

#include <boost/json.hpp>

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr const char* chatml =
    "{%- for m in messages %}"
    "{%- if m.role == 'system' and refuses %}{{ raise_exception('no system turn, please') }}{% "
    "endif "
    "%}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

// A job on a model with that template.
struct ChatFolder : JobFolder {
  explicit ChatFolder(const std::string& chat_template) {
    add_model("model", 1);
    write("model/chat_template.jinja", chat_template);
    write("chat.jsonl", "{\"prompt\": \"1+1=\", \"answer\": \"2\", \"short\": \"2\"}\n");
    graph =
        "name: chat\nmodel: { path: model }\n"
        "data: { prompts: chat.jsonl, system: Be brief. }\n"
        "stages:\n"
        "  - warm_start: { demonstrations: chat.jsonl, styles: { short: 1 }, optimizer: "
        "{ learning_rate: 1 } }\n"
        "  - reinforce: { optimizer: { learning_rate: 1 } }\n"
        "actors: { verifier: { rewards: { math: 1 } } }\n";
  }

  static std::string put(const Job& job) {
    return job.tokenizer->decode(job.prompts[0].prompt.tokens);
  }
};

// The tokenizer of a model that begins every text with a token.
void begin_with_end_of_text(const JobFolder& folder) {
  std::string path = folder.path() + "/model/tokenizer.json";
  auto value = boost::json::parse(as_text(system_files()->read(path)));
  value.as_object()["post_processor"] = boost::json::parse(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
          {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
      "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0],
          "tokens": ["<|endoftext|>"]}}})");
  folder.write("model/tokenizer.json", boost::json::serialize(value));
}

}  // namespace

TEST_CASE("a model's first token begins each prompt once, whoever writes it") {
  std::string answered = "1+1=";
  ChatFolder folder(std::string("<|endoftext|>") + chatml);
  begin_with_end_of_text(folder);
  auto put = [&](std::vector<std::string> sets) {
    sets.insert(sets.end(), {"data.system_turn=false"});
    Job job = folder.load(sets);
    REQUIRE(job.tokenizer->prefix() == std::vector<Token>{0});
    // The demonstration has the prompt as the stages after it put it.
    CHECK(job.warm_starts[0].styles[0].sequences[0].prompt == job.prompts[0].prompt.tokens);
    return folder.put(job);
  };
  std::string turn = "<|im_start|>user\n1+1=<|im_end|>\n<|im_start|>assistant\n";
  CHECK(put({}) == "<|endoftext|>" + turn);                      // the template writes it
  CHECK(put({"data.chat=none"}) == "<|endoftext|>" + answered);  // the tokenizer puts it
  folder.write("model/chat_template.jinja", chatml);
  CHECK(put({}) == turn);  // a template is the whole of what stands before an answer
  folder.write(
      "chat.jsonl", "{\"prompt\": \"<|endoftext|>1+1=\", \"answer\": \"2\", \"short\": \"2\"}\n");
  CHECK(put({"data.chat=none"}) == "<|endoftext|>" + answered);  // the data has it already
}

TEST_CASE("what tokenizer_config.json says of a first token counts for a tokenizer of Llama's") {
  ChatFolder folder(chatml);
  auto prefix = [&](const std::string& kind, const std::string& says) {
    folder.write("model/tokenizer_config.json",
        "{\"tokenizer_class\": \"" + kind + "\", \"bos_token\": {\"content\": \"<think>\"}" + says +
            "}");
    return folder.load({"data.chat=none"}).tokenizer->prefix();
  };
  using Tokens = std::vector<Token>;
  for (bool template_too : {false, true}) {
    CAPTURE(template_too);
    if (template_too) begin_with_end_of_text(folder);
    Tokens own = template_too ? Tokens{0} : Tokens{};
    for (const char* kind : {"LlamaTokenizer", "LlamaTokenizerFast"}) {
      CHECK(prefix(kind, R"(, "add_bos_token": true)") == Tokens{3});
      CHECK(prefix(kind, R"(, "add_bos_token": false, "add_eos_token": true)").empty());
      CHECK(prefix(kind, "") == own);
    }
    for (const char* kind : {"PreTrainedTokenizerFast", "Qwen2Tokenizer", "GPT2Tokenizer"})
      for (const char* says : {R"(, "add_bos_token": true)", R"(, "add_bos_token": false)"})
        CHECK(prefix(kind, says) == own);
  }
  folder.write("model/tokenizer_config.json",
      R"({"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "add_bos_token": true})");
  CHECK(
      folder.refusal({"data.chat=none"})
          .find("tokenizer_config.json: add_bos_token is true, but bos_token '<s>' is no token") !=
      std::string::npos);
}

TEST_CASE("a model's own chat template puts problems, where the job does not say otherwise") {
  ChatFolder folder(chatml);
  Job job = folder.load();
  CHECK(job.form.chat == Chat::automatic);
  std::string rendered =
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n1+1=<|im_end|>\n"
      "<|im_start|>assistant\n";
  CHECK(folder.put(job) == rendered);
  CHECK(folder.put(folder.load({"data.chat=chatml"})) == rendered);
  CHECK(folder.put(folder.load({"data.chat=none"})) == "1+1=");
  CHECK(folder.put(folder.load({"data.system_turn=false"})) ==
        "<|im_start|>user\n1+1=<|im_end|>\n<|im_start|>assistant\n");
  CHECK(folder.put(folder.load({"data.think_first=true"})) == rendered + "<think>\n");
  // What ends the model's turn ends a completion, and a demonstration has it.
  CHECK(job.model.ends.front() == job.tokenizer->id("<|im_end|>"));
  const TrainSequence& shown = job.warm_starts[0].styles[0].sequences[0];
  CHECK(job.tokenizer->decode(shown.completion) == "2<|im_end|>");
  // A checkpoint carries the template, and that it was used.
  CHECK(job.carried.contains("chat_template.jinja"));
  CHECK(problem_form_json(job.form).at("chat") == "auto");
}

TEST_CASE("a conversation is put by the template, with its own system turn") {
  ChatFolder folder(chatml);
  folder.write("chat.jsonl",
      "{\"prompt\": [{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"1\"},"
      "{\"role\":\"assistant\",\"content\":\"2\"},{\"role\":\"user\",\"content\":\"3\"}], "
      "\"answer\": \"4\", \"short\": \"4\"}\n");
  CHECK(folder.put(folder.load()) ==
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n1<|im_end|>\n<|im_start|>assistant\n2"
        "<|im_end|>\n<|im_start|>user\n3<|im_end|>\n<|im_start|>assistant\n");
}

TEST_CASE("a template that opens the thinking itself is not given a second tag") {
  std::string opens(chatml);
  opens.insert(opens.rfind("{% endif %}"), "<think>\n");
  ChatFolder folder(opens);
  std::string put = folder.put(folder.load({"data.think_first=true"}));
  CHECK(put.ends_with("<|im_start|>assistant\n<think>\n"));
}

TEST_CASE("a model without a template is spoken to as it is") {
  ChatFolder folder(chatml);
  folder.remove("model/chat_template.jinja");
  Job job = folder.load();
  CHECK(job.form.chat == Chat::none);
  CHECK(folder.put(job) == "1+1=");
  CHECK(problem_form_json(job.form).at("chat") == "none");
}

TEST_CASE("what a template refuses is told with its words, the line and the remedy") {
  ChatFolder folder(std::string("{% set refuses = true %}") + chatml);
  std::string said = folder.refusal();
  INFO(said);
  CHECK(said.find("chat.jsonl:1: ") != std::string::npos);
  CHECK(said.find("refuses it: no system turn, please") != std::string::npos);
  CHECK(said.find("data.system_turn: false") != std::string::npos);
  CHECK(folder.refusal({"data.system_turn=false"}).empty());
}

TEST_CASE(
    "a template that cannot be used is told where data.chat stands, and can be done without") {
  for (const char* text : {"{% for m in messages %}", "{% include 'other.jinja' %}", "{{ 1 +"}) {
    ChatFolder folder(text);
    std::string said = folder.refusal();
    INFO(said);
    CHECK(said.find("data.chat: the model's chat template cannot be used: ") != std::string::npos);
    CHECK(said.find("chat_template.jinja") != std::string::npos);
    CHECK(folder.put(folder.load({"data.chat=none"})) == "1+1=");
    CHECK(folder.refusal({"data.chat=chatml"}).empty());
  }
}

TEST_CASE("a form of chat that is of other models is refused by the token that is missing") {
  ChatFolder folder(chatml);
  std::string said = folder.refusal({"data.chat=llama3"});
  CHECK_MESSAGE(
      said.find("data.chat: the model has no token <|begin_of_text|>") != std::string::npos, said);
  said = folder.refusal({"data.chat=mistral"});
  CHECK_MESSAGE(said.find("the model has no token <s>") != std::string::npos, said);
}

TEST_CASE("a template whose end of turn is no special token leaves the model's own end in front") {
  ChatFolder folder("{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}");
  Job job = folder.load();
  CHECK(folder.put(job) == "[system]Be brief.\n[user]1+1=\n");
  CHECK(job.model.ends == std::vector<Token>{job.tokenizer->id("<|endoftext|>")});
}
