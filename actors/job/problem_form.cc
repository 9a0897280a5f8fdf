#include "actors/job/problem_form.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

// How one form of chat writes its turns.
struct Turns {
  std::string_view name;
  std::string_view begin;  // of the whole
  std::string_view system_open, system_close;
  std::string_view user_open, user_close;  // which opens the model's turn
  std::string_view model_close;
  std::string_view end;  // the token that ends the model's turn
};

// In the order of Chat.
constexpr Turns forms[] = {
    {"none", "", "", "", "", "", "", ""},
    {"mistral", "<s>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[INST]", "[/INST]", "</s>", "</s>"},
    {"chatml", "", "<|im_start|>system\n", "<|im_end|>\n", "<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>\n", "<|im_end|>"},
    {"llama3", "<|begin_of_text|>", "<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>",
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>", "<|eot_id|>"},
};

const Turns& turns_of(Chat chat) {
  return forms[static_cast<std::size_t>(chat)];
}

std::string text_or(const json::object& object, const char* key, std::string fallback) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : fallback;
}

bool flag_or(const json::object& object, const char* key, bool fallback) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() ? value->as_bool() : fallback;
}

}  // namespace

std::string default_system_prompt(const ThinkingTags& tags) {
  return str("Work the problem out first, as freely and at whatever length you need, between ",
      tags.open, " and ", tags.close,
      ", in the language of the problem. After that, write the answer for the reader: a "
      "mathematical "
      "result goes into \\boxed{}, a program into a fenced code block that names its language.");
}

std::string ProblemForm::render(std::string_view problem) const {
  return render({{"user", std::string(problem)}});
}

std::string ProblemForm::render(const std::vector<Turn>& messages) const {
  const Turns& turns = turns_of(chat);
  if (chat == Chat::none && messages.size() > 1)
    throw Error(Errc::bad_input, "a conversation needs a form to be written in: set data.chat");
  bool has_system = !messages.empty() && messages.front().role == "system";
  std::string out(turns.begin);
  if (has_system || (chat != Chat::none && system_turn)) {
    out += turns.system_open;
    out += has_system       ? messages.front().content
           : system.empty() ? default_system_prompt(tags)
                            : system;
    out += turns.system_close;
  }
  for (std::size_t i = has_system ? 1 : 0; i < messages.size(); ++i) {
    bool user = messages[i].role == "user";
    out += user ? turns.user_open : "";
    out += messages[i].content;
    out += user ? turns.user_close : turns.model_close;
  }
  if (think_first) out += tags.open + "\n";
  return out;
}

Prompt ProblemForm::prompt(
    const Tokenizer& tokenizer, std::string_view problem, const std::vector<Turn>& turns) const {
  std::string text = turns.empty() ? render(problem) : render(turns);
  // A form of chat writes the first token itself, where its models have one.
  return {.text = std::string(problem),
      .tokens = chat == Chat::none ? tokenizer.encode_whole(text) : tokenizer.encode(text)};
}

void ProblemForm::add_end(const Tokenizer& tokenizer, ModelConfig& model) const {
  std::string_view end = turns_of(chat).end;
  Token token = end.empty() ? -1 : tokenizer.id(end);
  if (token < 0) return;
  std::erase(model.ends, token);
  model.ends.insert(model.ends.begin(), token);
}

Chat chat_named(std::string_view name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::size(forms); ++i) {
    if (forms[i].name == name) return static_cast<Chat>(i);
    names.emplace_back(forms[i].name);
  }
  throw Error(Errc::bad_input, unknown_name("chat form", std::string(name), names));
}

boost::json::object problem_form_json(const ProblemForm& form) {
  return {{"prompt_field", form.prompt_field}, {"answer_field", form.answer_field},
      {"answer_after", form.answer_after}, {"chat", turns_of(form.chat).name},
      {"system_turn", form.system_turn}, {"system", form.system}, {"think_first", form.think_first},
      {"think_open", form.tags.open}, {"think_close", form.tags.close}};
}

ProblemForm problem_form_of(const boost::json::object& object) {
  ProblemForm form;
  form.prompt_field = text_or(object, "prompt_field", form.prompt_field);
  form.answer_field = text_or(object, "answer_field", form.answer_field);
  form.answer_after = text_or(object, "answer_after", form.answer_after);
  std::string chat = text_or(object, "chat", "none");
  for (std::size_t i = 0; i < std::size(forms); ++i)
    if (forms[i].name == chat) form.chat = static_cast<Chat>(i);
  form.system_turn = flag_or(object, "system_turn", form.system_turn);
  form.system = text_or(object, "system", form.system);
  form.think_first = flag_or(object, "think_first", form.think_first);
  form.tags.open = text_or(object, "think_open", form.tags.open);
  form.tags.close = text_or(object, "think_close", form.tags.close);
  return form;
}

}  // namespace tramontane
