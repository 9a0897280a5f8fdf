// Reads tokenizer.json, and refuses by name what this build would not compute exactly.
#include "actors/model/byte_level.h"
#include "actors/model/tokenizer_state.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::string_view file = "tokenizer.json";
constexpr std::int64_t ids_max = 1 << 20;

[[noreturn]] void refuse(Errc code, const std::string& text) {
  throw Error(code, str(file, ": ", text));
}

// The field's value, or null where it is absent or null.
const json::value* find(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::string string_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_string()) refuse(Errc::bad_input, what + " is no string");
  return json::value_to<std::string>(*value);
}

// The object's 'type', or "?" for what is no object.
std::string type_of(const json::value& value, const std::string& what) {
  return value.is_object() ? string_of(find(value.as_object(), "type"), what + "'s type") : "?";
}

// Calls each(part) for the value itself, or for every part of a Sequence, which calls them `name`.
template <class Each>
void each_of(const json::value& value, std::string_view name, const std::string& what, Each each) {
  if (type_of(value, what) != "Sequence") {
    each(value);
    return;
  }
  const json::value* parts = find(value.as_object(), name);
  if (parts == nullptr || !parts->is_array())
    refuse(Errc::bad_input, str("the ", what, "'s Sequence has no list '", name, "'"));
  for (const json::value& part : parts->as_array()) each(part);
}

bool is_true(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

// Refuses what would change the tokens and is not computed here.
void refuse_if_set(const json::object& object, std::string_view name, std::string_view where) {
  const json::value* value = find(object, name);
  if (value == nullptr) return;
  if (value->is_bool() && !value->as_bool()) return;
  if (value->is_string() && value->as_string().empty()) return;
  refuse(Errc::unsupported,
      str(where, " has '", name, "': ", json_text(*value).substr(0, 80), "; it is not supported"));
}

Token id_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0 ||
      value->as_int64() >= ids_max)
    refuse(Errc::bad_input, str(what, " is no token id in 0..", ids_max - 1));
  return static_cast<Token>(value->as_int64());
}

}  // namespace

void Tokenizer::State::put(Token id, std::string text, bool is_added, bool is_special) {
  auto i = static_cast<std::size_t>(id);
  if (i >= texts.size()) {
    texts.resize(i + 1);
    added.resize(i + 1);
    special.resize(i + 1);
    known.resize(i + 1);
  }
  if (known[i] && texts[i] != text)
    refuse(Errc::bad_input, str("id ", id, " is both '", texts[i], "' and '", text, "'"));
  texts[i] = std::move(text);
  added[i] = is_added;
  special[i] = is_special;
  known[i] = true;
}

void Tokenizer::State::parse_model(const json::object& model) {
  const json::value* type = find(model, "type");
  if (type != nullptr && string_of(type, "the model's type") != "BPE")
    refuse(Errc::unsupported,
        str("model type '", string_of(type, "type"), "' is not supported; supported is BPE"));
  for (std::string_view name :
      {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"})
    refuse_if_set(model, name, "the model");
  whole_words = is_true(model, "ignore_merges");
  const json::value* vocabulary = find(model, "vocab");
  if (vocabulary == nullptr || !vocabulary->is_object())
    refuse(Errc::bad_input, "the model has no 'vocab' object");
  for (const auto& [text, id] : vocabulary->as_object()) {
    std::string key(text);
    Token token = id_of(&id, "the id of '" + key + "'");
    put(token, key, false, false);
    ids.emplace(std::move(key), token);
  }
  if (const json::value* list = find(model, "merges")) parse_merges(*list);
}

void Tokenizer::State::parse_merges(const json::value& list) {
  if (!list.is_array()) refuse(Errc::bad_input, "'merges' is no list");
  std::int64_t rank = 0;
  for (const json::value& entry : list.as_array()) {
    std::string left;
    std::string right;
    if (entry.is_string()) {  // "a b", the older form
      std::string both = json::value_to<std::string>(entry);
      std::size_t blank = both.find(' ');
      left = both.substr(0, blank);
      right = blank == std::string::npos ? "" : both.substr(blank + 1);
    } else if (entry.is_array() && entry.as_array().size() == 2) {
      left = string_of(&entry.as_array()[0], "half of a merge");
      right = string_of(&entry.as_array()[1], "half of a merge");
    }
    auto a = ids.find(left);
    auto b = ids.find(right);
    auto merged = ids.find(left + right);
    if (a == ids.end() || b == ids.end() || merged == ids.end())
      refuse(Errc::bad_input,
          str("merge ", rank, " (", json_text(entry).substr(0, 80), ") is not of the vocabulary"));
    merges.emplace(pair_key(a->second, b->second), Merge{rank++, merged->second});
  }
}

void Tokenizer::State::parse_normalizer(const json::value& value) {
  each_of(value, "normalizers", "normalizer", [&](const json::value& part) {
    std::string type = type_of(part, "normalizer");
    if (type != "NFC")
      refuse(Errc::unsupported,
          str("normalizer '", type, "' is not supported; supported are none and NFC"));
    normalises = true;
  });
}

void Tokenizer::State::parse_split(const json::object& fields) {
  std::string behavior = string_of(find(fields, "behavior"), "the behavior of a Split");
  if (behavior != "Isolated")
    refuse(Errc::unsupported,
        str("a Split of behavior '", behavior, "' is not supported; supported is Isolated"));
  refuse_if_set(fields, "invert", "a Split");
  const json::value* pattern = find(fields, "pattern");
  if (pattern == nullptr || !pattern->is_object())
    refuse(Errc::bad_input, "a Split has no 'pattern' object");
  const json::value* literal = find(pattern->as_object(), "String");
  const json::value* expression =
      literal != nullptr ? literal : find(pattern->as_object(), "Regex");
  std::string text = string_of(expression, "the pattern of a Split, 'Regex' or 'String',");
  try {
    patterns.emplace_back(text, literal != nullptr);
  } catch (const Error& error) {
    refuse(error.errc(), "a Split: " + error.text());
  }
}

void Tokenizer::State::parse_pre_tokenizer(const json::value& value) {
  each_of(value, "pretokenizers", "pre_tokenizer", [&](const json::value& part) {
    std::string type = type_of(part, "pre_tokenizer");
    // What follows would see the symbols of bytes, not the text.
    if (byte_level)
      refuse(Errc::unsupported,
          str("pre_tokenizer '", type, "' behind ByteLevel is not supported: it must come last"));
    if (type == "Split") {
      parse_split(part.as_object());
      return;
    }
    if (type != "ByteLevel")
      refuse(Errc::unsupported,
          str("pre_tokenizer '", type,
              "' is not supported; supported are none, Split, ByteLevel and a Sequence of them"));
    const json::object& fields = part.as_object();
    refuse_if_set(fields, "add_prefix_space", "the pre_tokenizer");
    byte_level = true;
    if (find(fields, "use_regex") == nullptr || is_true(fields, "use_regex"))
      patterns.emplace_back(word_pattern);
  });
}

void Tokenizer::State::parse_added(const json::value& tokens) {
  if (!tokens.is_array()) refuse(Errc::bad_input, "'added_tokens' is no list");
  for (const json::value& entry : tokens.as_array()) {
    if (!entry.is_object()) refuse(Errc::bad_input, "an added token is no object");
    const json::object& fields = entry.as_object();
    std::string text = string_of(find(fields, "content"), "an added token's content");
    if (text.empty()) refuse(Errc::bad_input, "an added token's content is empty");
    for (std::string_view name : {"single_word", "lstrip", "rstrip"})
      refuse_if_set(fields, name, "added token '" + text + "'");
    Token id = id_of(find(fields, "id"), "the id of added token '" + text + "'");
    put(id, text, true, is_true(fields, "special"));
    if (!is_true(fields, "normalized"))
      raw_added.add(std::move(text), id);
    else
      normalised_added.add(normalises ? nfc(text) : std::move(text), id);
  }
}

Tokenizer Tokenizer::parse(std::string_view text) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) refuse(Errc::bad_input, "not JSON: " + code.message());
  if (!value.is_object()) refuse(Errc::bad_input, "not a JSON object");
  const json::object& object = value.as_object();
  const json::value* model = find(object, "model");
  if (model == nullptr || !model->is_object()) refuse(Errc::bad_input, "no 'model' object");
  auto state = std::make_unique<State>();
  state->source = std::string(text);
  if (const json::value* part = find(object, "normalizer")) state->parse_normalizer(*part);
  if (const json::value* part = find(object, "pre_tokenizer")) state->parse_pre_tokenizer(*part);
  if (const json::value* part = find(object, "post_processor"))
    each_of(*part, "processors", "post_processor", [](const json::value& processor) {
      std::string type = type_of(processor, "post_processor");
      if (type != "ByteLevel" && type != "TemplateProcessing")
        refuse(Errc::unsupported, str("post_processor '", type, "' is not supported; supported ",
                                      "are none, ByteLevel and TemplateProcessing"));
    });
  state->parse_model(model->as_object());
  if (const json::value* added = find(object, "added_tokens")) state->parse_added(*added);
  if (state->texts.empty()) refuse(Errc::bad_input, "it has no tokens");
  return Tokenizer(std::move(state));
}

Tokenizer Tokenizer::of_characters(
    const std::vector<std::string>& special, std::string_view characters) {
  json::array added;
  json::object vocabulary;
  std::int64_t id = 0;
  for (const std::string& token : special) {
    added.push_back({{"id", id}, {"content", token}, {"single_word", false}, {"lstrip", false},
        {"rstrip", false}, {"normalized", false}, {"special", true}});
    vocabulary[token] = id++;
  }
  for (std::size_t at = 0; at < characters.size();) {
    std::size_t bytes = character_bytes(characters, at);
    vocabulary[characters.substr(at, bytes)] = id++;
    at += bytes;
  }
  if (vocabulary.size() != static_cast<std::size_t>(id))
    throw Error(Errc::bad_input, "a token of the tokenizer is named twice");
  json::object object{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr},
      {"added_tokens", std::move(added)}, {"normalizer", nullptr}, {"pre_tokenizer", nullptr},
      {"post_processor", nullptr}, {"decoder", {{"type", "Fuse"}}},
      {"model", {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr},
                    {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr},
                    {"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false},
                    {"vocab", std::move(vocabulary)}, {"merges", json::array()}}}};
  return parse(json_text(object));
}

}  // namespace tramontane
