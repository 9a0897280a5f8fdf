// A chat template as a caller sees it.
#include "actors/model/chat_template/chat_template.h"

#include "actors/model/chat_template/template_folder.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <boost/json/parse.hpp>

#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

boost::json::array conversation() {
  return boost::json::parse(R"([{"role": "user", "content": "Hi"}])").as_array();
}

std::string render(std::string_view source, const ChatOptions& options = {}) {
  return ChatTemplate::parse(source).render(conversation(), options);
}

void write(const TempFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder.path() + "/" + name, std::ios::binary) << text;
}

std::string error_of(const TempFolder& folder) {
  try {
    chat_template_of(folder.path());
  } catch (const Error& error) {
    const std::string& text = error.text();
    return text.substr(folder.path().size() + 1);
  }
  return "none";
}

}  // namespace

TEST_CASE("a template sees messages, tools, special tokens and further names") {
  ChatOptions options;
  options.tools = boost::json::parse(R"([{"type": "function"}])");
  options.add_generation_prompt = true;
  options.bos_token = "<s>";
  options.variables["enable_thinking"] = false;
  CHECK(
      render("{{ bos_token }}{{ messages[0].content }}{{ tools|tojson }}{{ add_generation_prompt }}"
             "{{ enable_thinking }}{{ eos_token is defined }}",
          options) == R"(<s>Hi[{"type": "function"}]TrueFalseFalse)");
}

TEST_CASE("without tools and documents both are none, and a prompt is not asked for") {
  CHECK(render(
            "{{ tools }} {{ documents }} {{ add_generation_prompt }} {{ bos_token is defined }}") ==
        "None None False False");
}

TEST_CASE("today is the day that the caller says, and else always the same") {
  CHECK(render("{{ strftime_now('%d %b %Y') }}") == "26 Jul 2024");
  ChatOptions options;
  options.date = {2025, 3, 1};
  CHECK(render("{{ strftime_now('%Y-%m-%d %A %B %j %-d %H:%M 100%%') }}", options) ==
        "2025-03-01 Saturday March 060 1 00:00 100%");
  CHECK_THROWS_AS(render("{{ strftime_now('%Z') }}"), Error);
  options.date = {2025, 2, 30};
  CHECK_THROWS_AS(render("{{ strftime_now('%d') }}", options), Error);
}

TEST_CASE("one template renders any number of conversations") {
  ChatTemplate chat =
      ChatTemplate::parse("{% set ns = namespace(n=1) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}");
  CHECK(chat.render(conversation()) == "2");
  CHECK(chat.render(conversation()) == "2");
}

TEST_CASE("a folder without a template has none") {
  TempFolder folder;
  CHECK(!chat_template_of(folder.path()));
  write(folder, "tokenizer_config.json", R"({"eos_token": "</s>"})");
  CHECK(!chat_template_of(folder.path()));
  write(folder, "tokenizer_config.json", R"({"chat_template": null})");
  CHECK(!chat_template_of(folder.path()));
}

TEST_CASE("a folder's template is chat_template.jinja before that of tokenizer_config.json") {
  TempFolder folder;
  write(folder, "tokenizer_config.json",
      R"({"chat_template": "B{{ eos_token }}", "bos_token": {"content": "<s>"}, "eos_token": "</s>"})");
  CHECK(chat_template_of(folder.path())->render(conversation(), {}) == "B</s>");
  write(folder, "chat_template.jinja", "A{{ bos_token }}{{ pad_token is defined }}\n");
  auto chat = chat_template_of(folder.path());
  CHECK(chat->bos_token == "<s>");
  CHECK(chat->render(conversation(), {}) == "A<s>False");
  ChatOptions options;
  options.bos_token = "own";
  CHECK(chat->render(conversation(), options) == "AownFalse");
}

TEST_CASE("a template of chat_template.json counts where the folder has no other") {
  TempFolder folder;
  write(folder, "chat_template.json", R"({"chat_template": "P{{ eos_token }}"})");
  CHECK(chat_template_of(folder.path())->render(conversation(), {.eos_token = ""}) == "P");
  write(folder, "tokenizer_config.json", R"({"eos_token": "</s>"})");
  CHECK(chat_template_of(folder.path())->render(conversation(), {}) == "P</s>");
  write(folder, "chat_template.json", R"({"chat_template": 3})");
  CHECK(error_of(folder) ==
        "chat_template.json: chat_template: neither a text nor a list of templates");
  write(folder, "tokenizer_config.json", R"({"chat_template": "C"})");
  CHECK(chat_template_of(folder.path())->render(conversation(), {}) == "C");
}

TEST_CASE("of several templates in tokenizer_config.json the default counts") {
  TempFolder folder;
  write(folder, "tokenizer_config.json",
      R"({"chat_template": [{"name": "rag", "template": "R"}, {"name": "default", "template": "D"}]})");
  std::filesystem::create_directory(folder.path() + "/additional_chat_templates");
  write(folder, "additional_chat_templates/rag.jinja", "{% broken");
  CHECK(chat_template_of(folder.path())->render(conversation(), {}) == "D");
  write(
      folder, "tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "R"}]})");
  CHECK(error_of(folder) ==
        "tokenizer_config.json: chat_template: none of its templates is named 'default'; they are: "
        "rag");
}

TEST_CASE("a folder whose files are not as they must be is an error that names the file") {
  TempFolder folder;
  write(folder, "chat_template.jinja", "{% if %}");
  CHECK(error_of(folder) == "chat_template.jinja: line 1, column 7: unexpected `%}`");
  write(folder, "tokenizer_config.json", "{");
  CHECK(error_of(folder).substr(0, 36) == "tokenizer_config.json: it is no JSON");
  write(folder, "tokenizer_config.json", "[]");
  CHECK(error_of(folder) == "tokenizer_config.json: it is no JSON object");
  write(folder, "tokenizer_config.json", R"({"bos_token": 1})");
  CHECK(error_of(folder) ==
        "tokenizer_config.json: bos_token: neither a text nor an object with one");
  std::filesystem::remove(folder.path() + "/chat_template.jinja");
  write(folder, "tokenizer_config.json", R"({"chat_template": 1})");
  CHECK(error_of(folder) ==
        "tokenizer_config.json: chat_template: neither a text nor a list of templates");
  write(folder, "tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  CHECK(error_of(folder) ==
        "tokenizer_config.json: chat_template: an item without the texts `name` and `template`");
}
