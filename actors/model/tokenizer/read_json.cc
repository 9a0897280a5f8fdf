// Reads tokenizer.json, and refuses by name what this build would not compute exactly.
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/json_parts.h"
#include "actors/model/tokenizer/state.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json.hpp>

namespace tramontane {

namespace json = boost::json;
using detail::find;
using detail::id_of;
using detail::is_true;
using detail::refuse;
using detail::refuse_if_set;
using detail::string_of;
using detail::type_of;

void Tokenizer::State::put(Token id, std::string text, bool is_special) {
  auto i = static_cast<std::size_t>(id);
  if (i >= texts.size()) {
    texts.resize(i + 1);
    special.resize(i + 1);
    known.resize(i + 1);
  }
  if (known[i] && texts[i] != text)
    refuse(Errc::bad_input, str("id ", id, " is both '", texts[i], "' and '", text, "'"));
  auto [place, fresh] = by_text.emplace(text, id);
  if (!fresh && place->second != id)
    refuse(Errc::bad_input, str("'", text, "' has the ids ", place->second, " and ", id));
  texts[i] = std::move(text);
  special[i] = is_special;
  known[i] = true;
}

void Tokenizer::State::parse_model(const json::object& model) {
  std::string type = detail::string_or(model, "type", "BPE");
  if (type != "BPE")
    refuse(Errc::unsupported,
        str("model type '", type,
            "' is not supported; supported is BPE: take a model whose tokenizer is one"));
  for (std::string_view name : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"})
    refuse_if_set(model, name, "the model");
  const json::value* vocabulary = find(model, "vocab");
  if (vocabulary == nullptr || !vocabulary->is_object())
    refuse(Errc::bad_input, "the model has no 'vocab' object");
  for (const auto& [text, id] : vocabulary->as_object()) {
    std::string key(text);
    Token token = id_of(&id, "the id of '" + key + "'");
    put(token, key, false);
    bpe.add_token(std::move(key), token);
  }
  if (const json::value* list = find(model, "merges")) parse_merges(*list);
  std::string unknown = detail::string_or(model, "unk_token", "");
  bpe.finish({.by_byte = pre_tokenizer.ends_in_bytes(),
      .byte_fallback = is_true(model, "byte_fallback"),
      .fuse_unknown = is_true(model, "fuse_unk"),
      .whole_words = is_true(model, "ignore_merges"),
      .unknown = bpe.id(unknown)});
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
    if (!bpe.add_merge(left, right))
      refuse(Errc::bad_input,
          str("merge ", rank, " (", json_text(entry).substr(0, 80), ") is not of the vocabulary"));
    ++rank;
  }
}

void Tokenizer::State::parse_added(const json::value& tokens) {
  if (!tokens.is_array()) refuse(Errc::bad_input, "'added_tokens' is no list");
  for (const json::value& entry : tokens.as_array()) {
    if (!entry.is_object()) refuse(Errc::bad_input, "an added token is no object");
    const json::object& fields = entry.as_object();
    std::string text = string_of(find(fields, "content"), "an added token's content");
    if (text.empty()) refuse(Errc::bad_input, "an added token's content is empty");
    Token id = id_of(find(fields, "id"), "the id of added token '" + text + "'");
    put(id, text, is_true(fields, "special"));
    bool normalised = is_true(fields, "normalized") && !normalizer.empty();
    if (normalised) text = normalizer.apply(text, false);
    if (text.empty()) continue;  // its normal form is nothing, which stands nowhere
    (normalised ? normalised_added : raw_added)
        .add({.text = std::move(text),
            .id = id,
            .single_word = is_true(fields, "single_word"),
            .takes_left = is_true(fields, "lstrip"),
            .takes_right = is_true(fields, "rstrip")});
  }
}

// Of a TemplateProcessing, what stands before the text.
void Tokenizer::State::parse_post_processor(const json::value& processor) {
  std::string type = type_of(processor, "post_processor");
  if (type == "ByteLevel") return;
  if (type != "TemplateProcessing")
    refuse(Errc::unsupported, str("post_processor '", type, "' is not supported; supported ",
                                  "are none, ByteLevel and TemplateProcessing"));
  const json::object& fields = processor.as_object();
  const json::value* single = find(fields, "single");
  if (single == nullptr || !single->is_array())
    refuse(Errc::bad_input, "a TemplateProcessing has no list 'single'");
  const json::value* named = find(fields, "special_tokens");
  std::vector<Token> before;
  for (const json::value& piece : single->as_array()) {
    if (!piece.is_object()) refuse(Errc::bad_input, "a part of a TemplateProcessing is no object");
    const json::value* token = find(piece.as_object(), "SpecialToken");
    if (token == nullptr) break;  // the text
    if (!token->is_object()) refuse(Errc::bad_input, "a SpecialToken is no object");
    std::string name = string_of(find(token->as_object(), "id"), "a SpecialToken's id");
    const json::value* known_as =
        named != nullptr && named->is_object() ? find(named->as_object(), name) : nullptr;
    const json::value* ids =
        known_as != nullptr && known_as->is_object() ? find(known_as->as_object(), "ids") : nullptr;
    if (ids == nullptr || !ids->is_array())
      refuse(Errc::bad_input, str("a TemplateProcessing does not say what '", name, "' is"));
    for (const json::value& id : ids->as_array())
      before.push_back(id_of(&id, "an id of '" + name + "'"));
  }
  // Of several, each puts its own around what there is.
  prefix.insert(prefix.begin(), before.begin(), before.end());
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
  if (const json::value* part = find(object, "normalizer")) state->normalizer.parse(*part);
  if (const json::value* part = find(object, "pre_tokenizer")) state->pre_tokenizer.parse(*part);
  if (const json::value* part = find(object, "post_processor"))
    detail::each_of(*part, "processors", "post_processor",
        [&](const json::value& processor) { state->parse_post_processor(processor); });
  if (const json::value* part = find(object, "decoder"))
    state->decoder.parse(*part);
  else
    state->decoder.parse_none(state->pre_tokenizer.writes_bytes());
  state->parse_model(model->as_object());
  if (const json::value* added = find(object, "added_tokens")) state->parse_added(*added);
  if (state->texts.empty()) refuse(Errc::bad_input, "it has no tokens");
  return Tokenizer(std::move(state));
}

Tokenizer Tokenizer::of_characters(
    const std::vector<std::string>& special, std::string_view characters) {
  detail::FileJson file;
  detail::BpeJson model;
  Token id = 0;
  for (const std::string& token : special) {
    file.added.emplace_back(detail::added_token_json(id, token, true));
    model.vocabulary[token] = id++;
  }
  for (std::size_t at = 0; at < characters.size();) {
    std::size_t bytes = character_bytes(characters, at);
    model.vocabulary[characters.substr(at, bytes)] = id++;
    at += bytes;
  }
  if (model.vocabulary.size() != static_cast<std::size_t>(id))
    throw Error(Errc::bad_input, "a token of the tokenizer is named twice");
  file.decoder = {{"type", "Fuse"}};
  file.model = detail::bpe_json(std::move(model));
  return parse(detail::file_json(std::move(file)));
}

}  // namespace tramontane
