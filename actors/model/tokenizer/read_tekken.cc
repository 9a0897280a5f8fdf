// Reads tekken.json as the tokenizer.json that says the same.
#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/json_parts.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/check.h"

#include <boost/json.hpp>

#include <set>

namespace tramontane {

namespace {

namespace json = boost::json;
using detail::find;

constexpr std::size_t token_bytes_max = 1024;

// Of files without a list of their own.
constexpr std::string_view first_special[] = {"<unk>", "<s>", "</s>", "[INST]", "[/INST]",
    "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]",
    "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]"};

[[noreturn]] void refuse(const std::string& text) {
  throw Error(Errc::bad_input, "tekken.json: " + text);
}

std::string from_base64(const std::string& text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    if (c == '=') break;
    std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) refuse("token_bytes '" + text + "' is no base64");
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xffU);
  }
  return out;
}

std::vector<std::string> special_tokens(const json::object& file, std::size_t count) {
  std::vector<std::string> names(count);
  const json::value* list = find(file, "special_tokens");
  if (list != nullptr && !list->is_array()) refuse("'special_tokens' is no list");
  if (list == nullptr)
    for (std::size_t i = 0; i < std::min(count, std::size(first_special)); ++i)
      names[i] = first_special[i];
  else
    for (const json::value& entry : list->as_array()) {
      if (!entry.is_object()) refuse("a special token is no object");
      const json::object& fields = entry.as_object();
      auto rank = static_cast<std::size_t>(
          detail::whole_of(find(fields, "rank"), "a special token's rank", detail::ids_max));
      if (rank >= count || !names[rank].empty())
        refuse(str("special token ", rank, " is there twice, or beyond the ", count,
            " that the file says it has"));
      names[rank] = detail::string_of(find(fields, "token_str"), "a special token's text");
    }
  for (std::size_t i = 0; i < count; ++i)
    if (names[i].empty()) names[i] = str("<SPECIAL_", i, ">");
  return names;
}

std::vector<std::string> ranked_tokens(const json::object& file, std::size_t count) {
  const json::value* list = find(file, "vocab");
  if (list == nullptr || !list->is_array()) refuse("it has no list 'vocab'");
  if (list->as_array().size() < count)
    refuse(str("its config says that there are ", count, " tokens, 'vocab' has ",
        list->as_array().size()));
  std::vector<std::string> ranked;
  std::set<std::string_view> seen;
  ranked.reserve(count);  // `seen` looks into them
  for (std::size_t i = 0; i < count; ++i) {
    const json::value& entry = list->as_array()[i];
    if (!entry.is_object()) refuse(str("token ", i, " is no object"));
    const json::object& fields = entry.as_object();
    if (detail::whole_of(find(fields, "rank"), "a token's rank", detail::ids_max) !=
        static_cast<std::int64_t>(i))
      refuse(str("token ", i, " has another rank"));
    std::string bytes =
        from_base64(detail::string_of(find(fields, "token_bytes"), "a token's token_bytes"));
    if (bytes.empty() || bytes.size() > token_bytes_max)
      refuse(str("token ", i, " has ", bytes.size(), " bytes; supported are 1..", token_bytes_max));
    ranked.push_back(std::move(bytes));
    if (!seen.insert(ranked.back()).second) refuse(str("token ", i, " is there twice"));
  }
  return ranked;
}

}  // namespace

Tokenizer Tokenizer::parse_tekken(std::string_view text) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) refuse("not JSON: " + code.message());
  const json::value* config = value.is_object() ? find(value.as_object(), "config") : nullptr;
  if (config == nullptr || !config->is_object()) refuse("no 'config' object");
  const json::object& settings = config->as_object();
  auto count_of = [&](const char* name) {
    return static_cast<std::size_t>(
        detail::whole_of(find(settings, name), str("'", name, "'"), detail::ids_max));
  };
  std::size_t all = count_of("default_vocab_size");
  std::size_t special = count_of("default_num_special_tokens");
  if (special > all) refuse("it has more special tokens than tokens");
  std::vector<std::string> names = special_tokens(value.as_object(), special);
  std::vector<std::string> ranked = ranked_tokens(value.as_object(), all - special);

  detail::FileJson file;
  detail::BpeJson model{.whole_words = true};
  Token id = 0;
  Token begin = -1;
  for (const std::string& name : names) {
    if (name == "<s>") begin = id;
    file.added.emplace_back(detail::added_token_json(id, name, true));
    model.vocabulary[name] = id++;
  }
  for (const std::string& token : ranked) model.vocabulary[to_symbols(token)] = id++;
  if (model.vocabulary.size() != all) refuse("a special token is there twice, or a token as well");
  model.merges = detail::merges_json(ranked, true);
  file.model = detail::bpe_json(std::move(model));
  json::object split{{"type", "Split"},
      {"pattern", {{"Regex", detail::string_of(find(settings, "pattern"), "'pattern'")}}},
      {"behavior", "Isolated"}, {"invert", false}};
  json::object bytes{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true},
      {"use_regex", false}};
  json::array steps;
  steps.emplace_back(std::move(split));
  steps.emplace_back(bytes);
  file.pre_tokenizer = {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
  file.decoder = std::move(bytes);
  file.post_processor = detail::prefix_json("<s>", begin);
  return parse(detail::file_json(std::move(file)));
}

}  // namespace tramontane
