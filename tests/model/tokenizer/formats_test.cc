// Tokenizers from tekken.json and SentencePiece's tokenizer.model.
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/result.h"

#include <bit>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string error_of(Tokenizer (*parse)(std::string_view), const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    return std::string(name(error.errc())) + ": " + error.text();
  }
  return "accepted";
}

// Strings below 128 bytes only.
std::string message(int field, const std::string& bytes) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

std::string number(int field, int value) {
  std::string key(1, static_cast<char>((field << 3) & 0x7f));
  if (field > 15)
    key = std::string{static_cast<char>((field << 3 & 0x7f) | 0x80), static_cast<char>(field >> 4)};
  return key + static_cast<char>(value);
}

std::string piece(const std::string& text, float score, int type) {
  auto bits = std::bit_cast<std::uint32_t>(score);
  std::string score_bytes(1, static_cast<char>(2 << 3 | 5));
  for (int i = 0; i < 4; ++i) score_bytes += static_cast<char>(bits >> 8 * i & 0xff);
  return message(1, message(1, text) + score_bytes + number(3, type));
}

std::string model(int type = 2, int drops = 0) {
  return piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("<0xC3>", 0, 6) + piece("<0xA9>", 0, 6) +
         piece("▁ab", -1, 1) + piece("ab", 0, 1) + piece("bc", -2, 1) + piece("▁", -3, 1) +
         piece("a", -4, 1) + piece("b", -5, 1) + piece("c", -6, 1) +
         message(2, number(3, type) + number(35, 1) + number(41, 1)) +
         message(3, number(3, 1) + number(4, drops));
}

std::string tekken(const std::string& config, const std::string& more = "") {
  return R"({"config": {"pattern": "[a-z]+|.", )" + config + R"(}, "vocab": [
    {"rank": 0, "token_bytes": "YQ==", "token_str": "a"}, {"rank": 1, "token_bytes": "Yg=="},
    {"rank": 2, "token_bytes": "/w=="}, {"rank": 3, "token_bytes": "YWI="},
    {"rank": 4, "token_bytes": "eHg="}])" +
         more + "}";
}

}  // namespace

TEST_CASE("tokenizer.model merges by score, falls back to bytes and begins with <s>") {
  Tokenizer t = Tokenizer::parse_sentencepiece(model());
  CHECK(t.vocabulary() == 11);
  CHECK(t.encode("abc") == std::vector<Token>{4, 10});
  CHECK(t.encode("a\u00e9??") == std::vector<Token>{7, 8, 2, 3, 0});
  CHECK(t.encode("  ab") == std::vector<Token>{7, 7, 4});
  CHECK(t.encode_whole("ab") == std::vector<Token>{1, 4});
  CHECK(t.decode({4, 2, 3, 4}) == "ab\u00e9 ab");
  CHECK(t.decode_behind({4, 2, 3, 4}) == " ab\u00e9 ab");
  CHECK(t.decode_behind({2}) == "\ufffd");
  CHECK(t.decode_behind({}).empty());
  CHECK(Tokenizer::parse(t.to_json()).encode("abc ab") == t.encode("abc ab"));
  CHECK(Tokenizer::parse_sentencepiece(model(2, 1)).encode("  ab  ") == std::vector<Token>{4});
}

TEST_CASE("what a tokenizer.model has that is not supported is refused by name") {
  auto says = [](const std::string& bytes, const std::string& part) {
    std::string error = error_of(&Tokenizer::parse_sentencepiece, bytes);
    INFO(error);
    return error.find(part) != std::string::npos;
  };
  CHECK(says(model(1), "unsupported: tokenizer.model: a model of type Unigram"));
  CHECK(says("", "bad_input: tokenizer.model: it has no pieces"));
  CHECK(says(model() + message(3, message(2, "table")), "a normalisation by a table of 5 bytes"));
  CHECK(says(model() + piece("ab", 0, 1), "'ab' is there twice"));
  CHECK(says(model() + piece("zz", 0, 5), "unused piece 'zz'"));
  CHECK(says(model() + piece("\xff", 0, 1), "in UTF-8"));
  CHECK(says(model() + piece("zz", 0, 0), "piece 11 is of type 0, which is unknown"));
  CHECK(says(model() + piece("zz", 0, 7), "piece 11 is of type 7, which is unknown"));
  CHECK(says(model() + message(1, message(1, "zz") + message(3, "\x01")), "piece 11 is of type 0"));
  for (std::size_t size = 1; size < model().size(); ++size)
    CHECK(error_of(&Tokenizer::parse_sentencepiece, model().substr(0, size)) != "accepted");
}

TEST_CASE("tekken.json joins bytes by rank, behind its special tokens") {
  std::string config = R"("default_vocab_size": 7, "default_num_special_tokens": 3)";
  Tokenizer t = Tokenizer::parse_tekken(tekken(config));
  CHECK(t.vocabulary() == 7);
  CHECK(t.encode("aab") == std::vector<Token>{3, 6});
  CHECK(t.encode("<s>ab</s>") == std::vector<Token>{1, 6, 2});
  CHECK(t.encode_whole("ab") == std::vector<Token>{1, 6});
  CHECK(Tokenizer::parse(t.to_json()).encode("aab<s>") == t.encode("aab<s>"));
  CHECK(t.decode({6, 5}) == "ab\xff");
  auto says = [](const std::string& json, const std::string& part) {
    std::string error = error_of(&Tokenizer::parse_tekken, json);
    INFO(error);
    return error.find(part) != std::string::npos;
  };
  CHECK(says("[", "bad_input: tekken.json: not JSON"));
  CHECK(says("{}", "no 'config'"));
  CHECK(says(tekken(R"("default_vocab_size": 99, "default_num_special_tokens": 3)"), "96 tokens"));
  CHECK(
      says(tekken(R"("default_vocab_size": 2, "default_num_special_tokens": 3)"), "more special"));
  CHECK(says(
      tekken(config, R"(, "special_tokens": [{"rank": 9, "token_str": "x"}])"), "beyond the 3"));
}
