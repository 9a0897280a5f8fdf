#include "actors/model/tokenizer/json_parts.h"

#include "actors/model/tokenizer/bpe.h"
#include "actors/model/tokenizer/byte_level.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/json_text.h"

#include <boost/json.hpp>

#include <algorithm>

namespace tramontane::detail {

namespace json = boost::json;

json::object added_token_json(Token id, std::string_view text, bool special, bool normalised) {
  return {{"id", id}, {"content", text}, {"single_word", false}, {"lstrip", false},
      {"rstrip", false}, {"normalized", normalised}, {"special", special}};
}

json::object bpe_json(BpeJson parts) {
  json::value unknown = nullptr;
  if (!parts.unknown.empty()) unknown = json::string(parts.unknown);
  return {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", std::move(unknown)},
      {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr},
      {"fuse_unk", parts.fuse_unknown}, {"byte_fallback", parts.byte_fallback},
      {"ignore_merges", parts.whole_words}, {"vocab", std::move(parts.vocabulary)},
      {"merges", std::move(parts.merges)}};
}

json::value prefix_json(std::string_view text, Token id) {
  if (id < 0) return nullptr;
  auto special = [&](int type) {
    return json::object{{"SpecialToken", {{"id", text}, {"type_id", type}}}};
  };
  auto sequence = [](const char* name, int type) {
    return json::object{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  json::array ids;
  ids.emplace_back(id);
  json::array tokens;
  tokens.emplace_back(text);
  json::object named;
  named[text] = {{"id", text}, {"ids", std::move(ids)}, {"tokens", std::move(tokens)}};
  json::array single;
  single.emplace_back(special(0));
  single.emplace_back(sequence("A", 0));
  json::array pair = single;
  pair.emplace_back(special(1));
  pair.emplace_back(sequence("B", 1));
  return {{"type", "TemplateProcessing"}, {"single", std::move(single)}, {"pair", std::move(pair)},
      {"special_tokens", std::move(named)}};
}

std::string file_json(FileJson parts) {
  return json_text(json::object{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr},
      {"added_tokens", std::move(parts.added)}, {"normalizer", std::move(parts.normalizer)},
      {"pre_tokenizer", std::move(parts.pre_tokenizer)},
      {"post_processor", std::move(parts.post_processor)}, {"decoder", std::move(parts.decoder)},
      {"model", std::move(parts.model)}});
}

json::array merges_json(const std::vector<std::string>& ranked, bool symbols) {
  TokenIds ranks;
  ranks.reserve(ranked.size());
  for (std::size_t i = 0; i < ranked.size(); ++i) ranks.emplace(ranked[i], static_cast<Token>(i));
  auto written = [&](std::string_view half) {
    return symbols ? to_symbols(half) : std::string(half);
  };

  struct Halves {
    Token left, right;
    std::size_t at;
  };

  json::array merges;
  std::vector<Halves> halves;
  for (std::string_view token : ranked) {
    halves.clear();
    std::size_t step = 0;
    for (std::size_t at = 0; at < token.size(); at += step) {
      step = symbols ? 1 : character_bytes(token, at);
      std::size_t cut = at + step;
      auto left = ranks.find(token.substr(0, cut));
      if (cut == token.size() || left == ranks.end()) continue;
      auto right = ranks.find(token.substr(cut));
      if (right != ranks.end()) halves.push_back({left->second, right->second, cut});
    }
    std::sort(halves.begin(), halves.end(), [](const Halves& a, const Halves& b) {
      return a.left != b.left ? a.left < b.left : a.right < b.right;
    });
    for (const Halves& one : halves) {
      json::array pair;
      pair.emplace_back(written(token.substr(0, one.at)));
      pair.emplace_back(written(token.substr(one.at)));
      merges.emplace_back(std::move(pair));
    }
  }
  return merges;
}

}  // namespace tramontane::detail
