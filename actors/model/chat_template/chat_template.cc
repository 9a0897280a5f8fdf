#include "actors/model/chat_template/chat_template.h"

#include "actors/model/chat_template/evaluator.h"
#include "actors/model/chat_template/parser.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <limits>

namespace tramontane {

namespace {

using jinja::Value;

constexpr int json_nesting_max =
    jinja::nesting_max - 10;  // room for what a template puts around it

Value value_of(const boost::json::value& json, int nesting = 0) {
  if (nesting > json_nesting_max) jinja::fail("the conversation nests too deeply");
  switch (json.kind()) {
    case boost::json::kind::null:
      return Value::none();
    case boost::json::kind::bool_:
      return Value::boolean(json.get_bool());
    case boost::json::kind::int64:
      return Value::integer(json.get_int64());
    case boost::json::kind::uint64:
      if (json.get_uint64() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        jinja::refuse("an integer of more than 64 bits");
      return Value::integer(static_cast<std::int64_t>(json.get_uint64()));
    case boost::json::kind::double_:
      return Value::real(json.get_double());
    case boost::json::kind::string:
      return Value::text(valid_utf8(json.get_string()));
    case boost::json::kind::array: {
      Value::Items items;
      items.reserve(json.get_array().size());
      for (const auto& item : json.get_array()) items.push_back(value_of(item, nesting + 1));
      return Value::list(std::move(items));
    }
    case boost::json::kind::object: {
      Value::Pairs pairs;
      pairs.reserve(json.get_object().size());
      for (const auto& [key, value] : json.get_object())
        pairs.emplace_back(Value::text(valid_utf8(key)), value_of(value, nesting + 1));
      return Value::dict(std::move(pairs));
    }
  }
  return Value::none();
}

}  // namespace

ChatTemplate ChatTemplate::parse(std::string_view source) {
  ChatTemplate made;
  made.tree_ = std::make_shared<const jinja::Template>(jinja::parse_template(source));
  return made;
}

std::string ChatTemplate::render(
    const boost::json::array& messages, const ChatOptions& options) const {
  TRAM_CHECK(tree_ != nullptr, "a chat template that was not parsed");
  std::map<std::string, Value> names;
  for (const auto& [name, value] : options.variables) names.emplace(name, value_of(value));
  names.emplace("messages", value_of(messages));
  names.emplace("tools", value_of(options.tools));
  names.emplace("documents", value_of(options.documents));
  names.emplace("add_generation_prompt", Value::boolean(options.add_generation_prompt));
  auto token = [&](const char* name, const std::optional<std::string>& text) {
    if (text) names.emplace(name, Value::text(valid_utf8(*text)));
  };
  token("bos_token", options.bos_token);
  token("eos_token", options.eos_token);
  token("pad_token", options.pad_token);
  token("unk_token", options.unk_token);
  return jinja::Evaluator(*tree_, std::move(names), options.date, options.work).render();
}

}  // namespace tramontane
