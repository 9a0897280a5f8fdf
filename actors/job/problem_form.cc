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
    {"auto", "", "", "", "", "", "", ""},
};

struct Piece {
  Chat chat;
  std::string_view token;
  bool of_system = false;
};

constexpr Piece pieces[] = {
    {Chat::mistral, "<s>"},
    {Chat::mistral, "[SYSTEM_PROMPT]", true},
    {Chat::mistral, "[/SYSTEM_PROMPT]", true},
    {Chat::mistral, "[INST]"},
    {Chat::mistral, "[/INST]"},
    {Chat::mistral, "</s>"},
    {Chat::chatml, "<|im_start|>"},
    {Chat::chatml, "<|im_end|>"},
    {Chat::llama3, "<|begin_of_text|>"},
    {Chat::llama3, "<|start_header_id|>"},
    {Chat::llama3, "<|end_header_id|>"},
    {Chat::llama3, "<|eot_id|>"},
};

std::string_view trimmed_end(std::string_view text) {
  auto last = text.find_last_not_of(" \n\t\r");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

// The special token that the template writes behind what the model has said; -1: there is none.
Token end_of_turn(const FolderTemplate& chat, const Tokenizer& tokenizer) {
  constexpr std::string_view said = "AnswerOfTheModel";
  json::array turns = {
      {{"role", "user"}, {"content", "Hello"}}, {{"role", "assistant"}, {"content", said}}};
  std::string text;
  try {
    text = chat.render(turns, {});
  } catch (const Error&) {
    return -1;  // it wants other conversations: the model's own ends are what there is
  }
  auto at = text.rfind(said);
  if (at == std::string::npos) return -1;
  std::vector<Token> behind = tokenizer.encode(text.substr(at + said.size()));
  if (behind.empty()) return -1;
  std::vector<Token> first = {behind.front()};
  bool special = tokenizer.decode(first, false).empty() && !tokenizer.decode(first).empty();
  return special ? first.front() : -1;
}

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

std::string ProblemForm::fit(const std::string& folder, const std::map<std::string, Bytes>& files,
    const Tokenizer& tokenizer) {
  if (chat == Chat::automatic) {
    try {
      auto found = chat_template_of(folder, files);
      if (found) chat_template = std::make_shared<const FolderTemplate>(std::move(*found));
    } catch (const Error& error) {
      return str("the model's chat template cannot be used: ", error.text(),
          ". Say none, or a form that is built in, to do without");
    }
    if (chat_template == nullptr) chat = Chat::none;
  }
  for (const Piece& piece : pieces)
    if (piece.chat == chat && (system_turn || !piece.of_system) && tokenizer.id(piece.token) < 0)
      return str("the model has no token ", piece.token,
          ", which this form writes: it is the form of other models. Say auto, or none");
  return "";
}

std::string ProblemForm::render_by_template(const std::vector<Turn>& messages) const {
  json::array all;
  if (system_turn && (messages.empty() || messages.front().role != "system"))
    all.push_back(
        {{"role", "system"}, {"content", system.empty() ? default_system_prompt(tags) : system}});
  for (const Turn& turn : messages) all.push_back({{"role", turn.role}, {"content", turn.content}});
  std::string out;
  try {
    out = chat_template->render(all, {.add_generation_prompt = true});
  } catch (const Error& error) {
    throw Error(error.errc(),
        str("the model's chat template refuses it: ", error.text(),
            " (data.system_turn: false leaves the system turn out, data.chat: none the template)"));
  }
  bool open = trimmed_end(out).ends_with(tags.open);
  return think_first && !open ? out + tags.open + "\n" : out;
}

std::string ProblemForm::render(const std::vector<Turn>& messages) const {
  if (chat_template != nullptr) return render_by_template(messages);
  const Turns& turns = turns_of(chat);
  bool plain = chat == Chat::none || chat == Chat::automatic;
  if (plain && messages.size() > 1)
    throw Error(Errc::bad_input, "a conversation needs a form to be written in: set data.chat");
  bool has_system = !messages.empty() && messages.front().role == "system";
  std::string out(turns.begin);
  if (has_system || (!plain && system_turn)) {
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
  Token token = chat_template != nullptr ? end_of_turn(*chat_template, tokenizer)
                : end.empty()            ? -1
                                         : tokenizer.id(end);
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
  std::string chat = text_or(object, "chat", "auto");
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
