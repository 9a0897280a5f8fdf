#pragma once
// A chat template is how a model was taught to read a conversation: text with Jinja2 code, which a
// model's folder carries (template_folder.h).
//
//   ChatTemplate chat = ChatTemplate::parse(source);
//   std::string prompt = chat.render(messages, {.add_generation_prompt = true, .bos_token =
//   "<s>"});
//
// What it renders is byte for byte what Jinja2 renders as transformers sets it up: the immutable
// sandbox, trim_blocks, lstrip_blocks, loop controls, the tag `generation`, `tojson`,
// `raise_exception`, `strftime_now`. What is not supported is refused by its name.
//
// A value, immutable: any thread. Neither parsing nor rendering runs or grows without bound.

#include "actors/model/chat_template/date.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

namespace jinja {
struct Template;
}

struct ChatOptions {
  boost::json::value tools = nullptr;  // an array of their schemas, or null
  boost::json::value documents = nullptr;
  bool add_generation_prompt = false;
  std::optional<std::string> bos_token, eos_token, pad_token, unk_token;
  boost::json::object variables;  // further names, such as enable_thinking; they go before the rest
  ChatDate date;
  std::int64_t work = std::int64_t{1} << 28;  // bytes and steps that rendering may cost
};

class ChatTemplate {
 public:
  // Error(bad_input) for what Jinja2 refuses, Error(unsupported) for what it knows and this does
  // not; both with line and column.
  static ChatTemplate parse(std::string_view source);

  // `messages`: objects with role, content, tool_calls, …, as templates want them. Error(bad_input)
  // where rendering fails, with line and column; where the template refuses the conversation
  // (`raise_exception`), with its own words alone.
  std::string render(const boost::json::array& messages, const ChatOptions& options = {}) const;

 private:
  std::shared_ptr<const jinja::Template> tree_;
};

}  // namespace tramontane
