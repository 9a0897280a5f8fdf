#include "actors/model/tokenizer_settings.h"

#include "actors/model/tokenizer/json_parts.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr const char* file = "tokenizer_config.json";

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Errc::bad_input, str(file, ": ", what));
}

std::string_view text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

// A text, or an object with it as `content`.
std::string_view token_of(const json::object& config, const char* name) {
  const json::value* value = config.if_contains(name);
  if (value != nullptr && value->is_object()) value = value->get_object().if_contains("content");
  return text_of(value);
}

}  // namespace

Tokenizer with_config(Tokenizer tokenizer, std::string_view config) {
  boost::system::error_code error;
  json::value parsed = json::parse(config, error);
  if (error || !parsed.is_object()) refuse("it is no JSON object");
  const json::object& settings = parsed.get_object();
  std::string_view kind = text_of(settings.if_contains("tokenizer_class"));
  const json::value* adds = settings.if_contains("add_bos_token");
  bool llama = kind == "LlamaTokenizer" || kind == "LlamaTokenizerFast";
  if (!llama || adds == nullptr || !adds->is_bool()) return tokenizer;
  std::string begin(token_of(settings, "bos_token"));
  Token id = begin.empty() || !adds->get_bool() ? -1 : tokenizer.id(begin);
  if (adds->get_bool() && id < 0)
    refuse(str("add_bos_token is true, but bos_token '", begin,
        "' is no token of the tokenizer; name one, or set add_bos_token to false"));
  std::vector<Token> wanted(id < 0 ? 0 : 1, id);
  if (tokenizer.prefix() == wanted) return tokenizer;
  json::value file_of_tokens = json::parse(tokenizer.to_json());
  file_of_tokens.as_object()["post_processor"] = detail::prefix_json(begin, id);
  return Tokenizer::parse(json_text(file_of_tokens));
}

}  // namespace tramontane
