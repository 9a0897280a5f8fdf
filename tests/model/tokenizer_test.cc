#include "actors/model/tokenizer.h"

#include "actors/model/byte_level.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Tokenizer arithmetic() {
  return Tokenizer::of_characters({"<pad>", "<eos>", "<think>", "</think>"}, "0123456789+-*/=,r");
}

std::string error_of(const std::string& json) {
  try {
    Tokenizer::parse(json);
  } catch (const Error& error) {
    return std::string(name(error.errc())) + ": " + error.text();
  }
  return "accepted";
}

// All 256 bytes, then a few merges.
std::string byte_level_json(const std::string& pre_tokenizer) {
  std::string vocabulary;
  int id = 0;
  auto put = [&](const std::string& token) {
    std::string escaped = token == "\"" || token == "\\" ? "\\" + token : token;
    vocabulary += (id == 0 ? "\"" : ", \"") + escaped + "\": " + std::to_string(id);
    ++id;
  };
  for (int b = 0; b < 256; ++b) put(byte_symbol(static_cast<unsigned char>(b)));
  for (const char* token : {"he", "ll", "hell", "hello", "\xc4\xa0w", "or", "\xc4\xa0wor"})
    put(token);
  return R"({"added_tokens": [{"id": 263, "content": "<|end|>", "special": true}], "pre_tokenizer": )" +
         pre_tokenizer + R"(, "model": {"type": "BPE", "vocab": {)" + vocabulary +
         R"(}, "merges": ["h e", "l l", ["he", "ll"], "hell o", ")" + "\xc4\xa0" +
         R"( w", "o r", ")" + "\xc4\xa0" + R"(w or"]}})";
}

}  // namespace

TEST_CASE("a tokenizer of characters writes and reads back") {
  Tokenizer t = arithmetic();
  CHECK(t.vocabulary() == 21);
  CHECK(t.encode("385+47=") == std::vector<Token>{7, 12, 9, 14, 8, 11, 18});
  CHECK(t.encode("<think>1</think>2<eos>") == std::vector<Token>{2, 5, 3, 6, 1});
  CHECK(t.decode({2, 5, 3, 6, 1}) == "<think>1</think>2<eos>");
  CHECK(t.decode({2, 5, 3, 6, 1}, false) == "12");
  CHECK(t.id("<eos>") == 1);
  CHECK(t.id("r") == 20);
  CHECK(t.id("x") == -1);
  CHECK(t.encode("").empty());
}

TEST_CASE("a character that it cannot write is named, with its place") {
  CHECK_THROWS_WITH_AS(
      arithmetic().encode("1+x"), "the tokenizer cannot write the character 'x' at byte 2", Error);
  CHECK_THROWS_WITH_AS(arithmetic().encode("<eos>1\xc3\xa9"),
      "the tokenizer cannot write the character '\xc3\xa9' at byte 6", Error);
  CHECK_THROWS_AS(Tokenizer::of_characters({"a"}, "bab"), Error);
}

TEST_CASE("tokenizer.json survives a round trip") {
  Tokenizer t = arithmetic();
  Tokenizer again = Tokenizer::parse(t.to_json());
  CHECK(again.to_json() == t.to_json());
  CHECK(again.encode("<think>9*91=") == t.encode("<think>9*91="));
}

TEST_CASE("byte-level BPE merges by rank, within words") {
  Tokenizer t =
      Tokenizer::parse(byte_level_json(R"({"type": "ByteLevel", "add_prefix_space": false})"));
  CHECK(t.encode("hello") == std::vector<Token>{259});
  CHECK(
      t.encode("hello world") == std::vector<Token>{259, 262, t.encode("l")[0], t.encode("d")[0]});
  CHECK(t.encode("hell") == std::vector<Token>{258});
  CHECK(t.encode("a<|end|>b").size() == 3);
  CHECK(t.vocabulary() == 264);
  // Every text reads back, also one that is no UTF-8.
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    std::string text(random.below(40), ' ');
    for (char& c : text) c = static_cast<char>(random.below(i % 2 == 0 ? 256 : 128));
    CHECK(t.decode(t.encode(text)) == text);
  }
}

TEST_CASE("words are cut as GPT-2's pattern cuts them") {
  using Words = std::vector<std::string_view>;
  CHECK(split_words("Hello, world!") == Words{"Hello", ",", " world", "!"});
  CHECK(split_words("I'm 42  years") == Words{"I", "'m", " 42", " ", " years"});
  CHECK(split_words("a\n\n b") == Words{"a", "\n\n", " b"});
  CHECK(split_words("x  ") == Words{"x", "  "});
  CHECK(split_words("\xc3\xa9t\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd") ==
        Words{"\xc3\xa9t\xc3\xa9", " \xe4\xbd\xa0\xe5\xa5\xbd"});
  CHECK(split_words("we'll'x") == Words{"we", "'ll", "'", "x"});
  CHECK(split_words("a \tb") == Words{"a", " ", "\t", "b"});
}

TEST_CASE("what is not supported is refused by name") {
  auto says = [](const std::string& json, const std::string& part) {
    INFO(error_of(json));
    return error_of(json).find(part) != std::string::npos;
  };
  CHECK(says("{", "bad_input: tokenizer.json: not JSON"));
  CHECK(says("{}", "no 'model' object"));
  CHECK(says(
      R"({"model": {"type": "Unigram"}})", "unsupported: tokenizer.json: model type 'Unigram'"));
  CHECK(says(R"({"model": {"type": "BPE"}})", "no 'vocab' object"));
  CHECK(says(R"({"model": {"type": "BPE", "vocab": {}}})", "no tokens"));
  CHECK(says(R"({"model": {"type": "BPE", "vocab": {"a": -1}}})", "is no token id"));
  CHECK(says(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}}})", "id 0 is both"));
  CHECK(says(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}})", "merge 0"));
  CHECK(says(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "byte_fallback": true}})",
      "'byte_fallback'"));
  CHECK(says(R"({"normalizer": {"type": "NFC"}, "model": {"type": "BPE", "vocab": {"a": 0}}})",
      "'normalizer'"));
  CHECK(says(
      R"({"pre_tokenizer": {"type": "Metaspace"}, "model": {"type": "BPE", "vocab": {"a": 0}}})",
      "pre_tokenizer 'Metaspace'"));
}
