#include "actors/model/tokenizer.h"

#include "actors/model/byte_level.h"
#include "actors/model/unicode.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::string_view file = "tokenizer.json";
constexpr std::int64_t ids_max = 1 << 20;

[[noreturn]] void refuse(Errc code, const std::string& text) {
  throw Error(code, str(file, ": ", text));
}

struct Merge {
  std::int64_t rank = 0;
  Token merged = 0;
};

std::uint64_t pair_key(Token left, Token right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

// The field's value, or null where it is absent or null.
const json::value* find(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
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
  refuse(Errc::unsupported, str(where, " has '", name, "': ", json::serialize(*value).substr(0, 80),
                                "; it is not supported"));
}

std::string string_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_string()) refuse(Errc::bad_input, what + " is no string");
  return json::value_to<std::string>(*value);
}

Token id_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0 ||
      value->as_int64() >= ids_max)
    refuse(Errc::bad_input, str(what, " is no token id in 0..", ids_max - 1));
  return static_cast<Token>(value->as_int64());
}

}  // namespace

struct Tokenizer::State {
  std::string source;                          // the JSON it was made from
  std::vector<std::string> texts;              // by id; of model tokens as the file writes them
  std::vector<bool> added;                     // by id: its text is literal
  std::vector<bool> special;                   // by id
  std::vector<bool> known;                     // by id: some ids may stand for nothing
  std::unordered_map<std::string, Token> ids;  // of model tokens
  std::vector<Token> added_ids;                // longest text first
  std::unordered_map<std::uint64_t, Merge> merges;
  bool byte_level = false;
  bool split = false;        // into words first
  bool whole_words = false;  // a word that is a token needs no merges

  void put(Token id, std::string text, bool is_added, bool is_special);
  void parse_model(const json::object& model);
  void parse_merges(const json::value& merges);
  void parse_pre_tokenizer(const json::object& object);
  void parse_added(const json::value& tokens);

  void encode_plain(std::string_view text, std::size_t offset, std::vector<Token>& out) const;
  void encode_word(std::string_view word, std::size_t offset, std::vector<Token>& out) const;
  void merge(std::vector<Token>& symbols) const;
  const std::string* added_at(std::string_view text, std::size_t at, Token* id) const;
};

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
      refuse(Errc::bad_input, str("merge ", rank, " (", json::serialize(entry).substr(0, 80),
                                  ") is not of the vocabulary"));
    merges.emplace(pair_key(a->second, b->second), Merge{rank++, merged->second});
  }
}

void Tokenizer::State::parse_pre_tokenizer(const json::object& object) {
  const json::value* value = find(object, "pre_tokenizer");
  if (value == nullptr) return;
  std::string type = value->is_object()
                         ? string_of(find(value->as_object(), "type"), "the pre_tokenizer's type")
                         : "?";
  if (type != "ByteLevel")
    refuse(Errc::unsupported,
        str("pre_tokenizer '", type, "' is not supported; supported are none and ByteLevel"));
  const json::object& fields = value->as_object();
  refuse_if_set(fields, "add_prefix_space", "the pre_tokenizer");
  byte_level = true;
  split = find(fields, "use_regex") == nullptr || is_true(fields, "use_regex");
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
    added_ids.push_back(id);
  }
  std::stable_sort(added_ids.begin(), added_ids.end(), [&](Token a, Token b) {
    return texts[static_cast<std::size_t>(a)].size() > texts[static_cast<std::size_t>(b)].size();
  });
}

// Applies the merge of the lowest rank, leftmost first, until none applies.
void Tokenizer::State::merge(std::vector<Token>& symbols) const {
  while (symbols.size() > 1 && !merges.empty()) {
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    std::size_t where = 0;
    Token merged = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      auto found = merges.find(pair_key(symbols[i], symbols[i + 1]));
      if (found == merges.end() || found->second.rank >= best) continue;
      best = found->second.rank;
      where = i;
      merged = found->second.merged;
    }
    if (best == std::numeric_limits<std::int64_t>::max()) return;
    symbols[where] = merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

void Tokenizer::State::encode_word(
    std::string_view word, std::size_t offset, std::vector<Token>& out) const {
  std::vector<Token> symbols;
  std::string whole;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t bytes = byte_level ? 1 : character_bytes(word, at);
    std::string symbol = byte_level ? byte_symbol(static_cast<unsigned char>(word[at]))
                                    : std::string(word.substr(at, bytes));
    auto found = ids.find(symbol);
    if (found == ids.end())
      throw Error(Errc::bad_input, str("the tokenizer cannot write the character '",
                                       word.substr(at, bytes), "' at byte ", offset + at));
    symbols.push_back(found->second);
    if (whole_words) whole += symbol;
    at += bytes;
  }
  if (whole_words) {
    auto found = ids.find(whole);
    if (found != ids.end()) {
      out.push_back(found->second);
      return;
    }
  }
  merge(symbols);
  out.insert(out.end(), symbols.begin(), symbols.end());
}

void Tokenizer::State::encode_plain(
    std::string_view text, std::size_t offset, std::vector<Token>& out) const {
  if (text.empty()) return;
  if (!split) {
    encode_word(text, offset, out);
    return;
  }
  for (std::string_view word : split_words(text))
    encode_word(word, offset + static_cast<std::size_t>(word.data() - text.data()), out);
}

const std::string* Tokenizer::State::added_at(
    std::string_view text, std::size_t at, Token* id) const {
  for (Token candidate : added_ids) {
    const std::string& content = texts[static_cast<std::size_t>(candidate)];
    if (text.compare(at, content.size(), content) != 0) continue;
    *id = candidate;
    return &content;
  }
  return nullptr;
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::parse(std::string_view text) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) refuse(Errc::bad_input, "not JSON: " + code.message());
  if (!value.is_object()) refuse(Errc::bad_input, "not a JSON object");
  const json::object& object = value.as_object();
  refuse_if_set(object, "normalizer", "the file");
  const json::value* model = find(object, "model");
  if (model == nullptr || !model->is_object()) refuse(Errc::bad_input, "no 'model' object");
  auto state = std::make_unique<State>();
  state->source = std::string(text);
  state->parse_pre_tokenizer(object);
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
  return parse(json::serialize(object));
}

std::vector<Token> Tokenizer::encode(std::string_view text) const {
  std::vector<Token> out;
  std::size_t begin = 0;  // of the stretch since the last added token
  for (std::size_t at = 0; at < text.size();) {
    Token id = 0;
    const std::string* content = state_->added_at(text, at, &id);
    if (content == nullptr) {
      ++at;
      continue;
    }
    state_->encode_plain(text.substr(begin, at - begin), begin, out);
    out.push_back(id);
    at += content->size();
    begin = at;
  }
  state_->encode_plain(text.substr(begin), begin, out);
  return out;
}

std::string Tokenizer::decode(const std::vector<Token>& tokens, bool special) const {
  const State& s = *state_;
  std::string out;
  for (Token token : tokens) {
    auto i = static_cast<std::size_t>(token);
    if (token < 0 || i >= s.texts.size() || !s.known[i]) {
      out += "\xEF\xBF\xBD";  // a model may have more ids than its tokenizer
      continue;
    }
    if (s.special[i] && !special) continue;
    const std::string& text = s.texts[i];
    if (!s.byte_level || s.added[i]) {
      out += text;
      continue;
    }
    for (std::size_t at = 0; at < text.size();) {
      std::size_t bytes = character_bytes(text, at);
      std::string_view character = std::string_view(text).substr(at, bytes);
      if (auto byte = symbol_byte(character))
        out += static_cast<char>(*byte);
      else
        out += character;
      at += bytes;
    }
  }
  return out;
}

std::int64_t Tokenizer::vocabulary() const {
  return static_cast<std::int64_t>(state_->texts.size());
}

Token Tokenizer::id(std::string_view token) const {
  for (std::size_t i = 0; i < state_->texts.size(); ++i)
    if (state_->known[i] && state_->texts[i] == token) return static_cast<Token>(i);
  return -1;
}

std::string Tokenizer::to_json() const {
  return state_->source;
}

}  // namespace tramontane
