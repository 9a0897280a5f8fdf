// Reads SentencePiece's tokenizer.model as the tokenizer.json that says the same.
#include "actors/model/tokenizer/json_fields.h"
#include "actors/model/tokenizer/json_parts.h"
#include "actors/model/tokenizer/protobuf.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"

#include <boost/json.hpp>

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::string_view space = "\u2581";
constexpr std::size_t piece_bytes_max = 1024;

enum class PieceType : std::uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

struct VocabularyPiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::normal;
};

// What the file says; numbers of fields are those of sentencepiece_model.proto.
struct SentencePiece {
  std::vector<VocabularyPiece> pieces;
  std::uint64_t model_type = 1;  // unigram
  bool byte_fallback = false;
  bool space_behind = false;
  std::int32_t begin = 1;
  std::size_t map_bytes = 0;  // of a normalisation
  bool puts_space = true;
  bool drops_spaces = true;
  bool escapes_spaces = true;
  bool whole = false;  // it says how text is normalised, which is last
};

[[noreturn]] void refuse(Errc code, const std::string& text) {
  throw Error(code, "tokenizer.model: " + text);
}

VocabularyPiece piece_of(std::string_view bytes, std::size_t id) {
  VocabularyPiece piece;
  ProtobufReader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1 && field->is_bytes) piece.text = field->bytes;
    if (field->number == 2)
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field->value));
    if (field->number != 3) continue;
    if (field->value < 1 || field->value > 6)
      refuse(
          Errc::unsupported, str("piece ", id, " is of type ", field->value, ", which is unknown"));
    piece.type = static_cast<PieceType>(field->value);
  }
  if (piece.text.empty() || piece.text.size() > piece_bytes_max || !is_utf8(piece.text))
    refuse(Errc::bad_input,
        str("piece ", id, " is no text of 1..", piece_bytes_max, " bytes in UTF-8"));
  return piece;
}

SentencePiece read(std::string_view bytes) {
  SentencePiece file;
  ProtobufReader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number > 3) continue;
    if (!field->is_bytes) refuse(Errc::bad_input, "no model of SentencePiece");
    if (field->number == 1) {
      if (file.pieces.size() >= static_cast<std::size_t>(detail::ids_max))
        refuse(Errc::unsupported, str("more than ", detail::ids_max, " pieces"));
      file.pieces.push_back(piece_of(field->bytes, file.pieces.size()));
      continue;
    }
    file.whole = file.whole || field->number == 3;
    ProtobufReader inner(field->bytes);
    while (auto setting = inner.next()) {
      bool on = setting->value != 0;
      if (field->number == 2) {
        if (setting->number == 3) file.model_type = setting->value;
        if (setting->number == 24) file.space_behind = on;
        if (setting->number == 35) file.byte_fallback = on;
        if (setting->number == 41) file.begin = static_cast<std::int32_t>(setting->value);
      } else {
        if (setting->number == 2) file.map_bytes = setting->bytes.size();
        if (setting->number == 3) file.puts_space = on;
        if (setting->number == 4) file.drops_spaces = on;
        if (setting->number == 5) file.escapes_spaces = on;
      }
    }
  }
  return file;
}

void check(const SentencePiece& file) {
  constexpr std::string_view types[] = {"?", "Unigram", "BPE", "Word", "Char"};
  constexpr std::string_view remedy =
      "; give the folder a tokenizer.json, as transformers' save_pretrained() writes it";
  auto unsupported = [&](const std::string& what) {
    refuse(Errc::unsupported, what + " is not supported" + std::string(remedy));
  };
  if (file.pieces.empty()) refuse(Errc::bad_input, "it has no pieces");
  if (!file.whole)
    refuse(
        Errc::bad_input, "it does not say how text is normalised: it is cut off, or no such model");
  if (file.model_type != 2)
    refuse(
        Errc::unsupported, str("a model of type ", types[file.model_type < 5 ? file.model_type : 0],
                               " is not supported; supported is BPE"));
  if (file.map_bytes > 0)
    unsupported(str("a normalisation by a table of ", file.map_bytes, " bytes"));
  if (file.space_behind) unsupported("a space behind words instead of before");
  if (!file.escapes_spaces) unsupported("a vocabulary that does not escape spaces");
  std::set<std::string_view> seen;
  for (const VocabularyPiece& piece : file.pieces) {
    if (!seen.insert(piece.text).second)
      refuse(Errc::bad_input, "piece '" + piece.text + "' is there twice");
    if (piece.type == PieceType::unused) unsupported("the unused piece '" + piece.text + "'");
    bool spaced = piece.text.find(space) != std::string::npos;
    if (piece.type == PieceType::user_defined && spaced && (file.puts_space || file.drops_spaces))
      unsupported("the user-defined piece '" + piece.text + "' with a space");
  }
}

json::object replace_json(json::object pattern, std::string_view content) {
  return {{"type", "Replace"}, {"pattern", std::move(pattern)}, {"content", content}};
}

json::value normalizer_json(const SentencePiece& file) {
  json::array steps;
  if (file.drops_spaces) {
    steps.emplace_back(
        json::object{{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
    steps.emplace_back(replace_json({{"Regex", " {2,}"}}, " "));
  }
  if (file.puts_space) steps.emplace_back(json::object{{"type", "Prepend"}, {"prepend", space}});
  steps.emplace_back(replace_json({{"String", " "}}, space));
  return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

json::value decoder_json(const SentencePiece& file) {
  json::array steps;
  steps.emplace_back(replace_json({{"String", space}}, " "));
  steps.emplace_back(json::object{{"type", "ByteFallback"}});
  steps.emplace_back(json::object{{"type", "Fuse"}});
  if (file.puts_space)
    steps.emplace_back(
        json::object{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

// Pieces that merges make, the best score first.
std::vector<std::string> ranked_pieces(const SentencePiece& file) {
  std::vector<std::size_t> order(file.pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return file.pieces[i].type != PieceType::normal; });
  auto score = [&](std::size_t i) {
    float value = file.pieces[i].score;
    return value == value ? value : 0;
  };
  std::stable_sort(order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  std::vector<std::string> ranked;
  for (std::size_t i : order) ranked.push_back(file.pieces[i].text);
  return ranked;
}

SentencePiece read_checked(std::string_view bytes) {
  try {
    SentencePiece file = read(bytes);
    check(file);
    return file;
  } catch (const Error& error) {
    if (error.text().starts_with("tokenizer.model")) throw;
    refuse(error.errc(), error.text());
  }
}

}  // namespace

Tokenizer Tokenizer::parse_sentencepiece(std::string_view bytes) {
  SentencePiece source = read_checked(bytes);
  detail::FileJson file;
  detail::BpeJson model{.byte_fallback = source.byte_fallback, .fuse_unknown = true};
  for (std::size_t i = 0; i < source.pieces.size(); ++i) {
    const VocabularyPiece& piece = source.pieces[i];
    auto id = static_cast<Token>(i);
    model.vocabulary[piece.text] = id;
    bool special = piece.type == PieceType::control || piece.type == PieceType::unknown;
    bool spaced = piece.text.find(space) != std::string::npos;
    if (piece.type == PieceType::unknown) model.unknown = piece.text;
    if (special || piece.type == PieceType::user_defined)
      file.added.emplace_back(
          detail::added_token_json(id, piece.text, special, !special && spaced));
  }
  model.merges = detail::merges_json(ranked_pieces(source), false);
  file.model = detail::bpe_json(std::move(model));
  file.normalizer = normalizer_json(source);
  file.decoder = decoder_json(source);
  auto begin = static_cast<std::size_t>(source.begin);
  if (source.begin >= 0 && begin < source.pieces.size() &&
      source.pieces[begin].type == PieceType::control)
    file.post_processor = detail::prefix_json(source.pieces[begin].text, source.begin);
  return parse(detail::file_json(std::move(file)));
}

}  // namespace tramontane
