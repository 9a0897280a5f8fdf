// Each step from text to tokens and back, by hand; what `tokenizers` 0.23 gives for the same.
#include "actors/model/tokenizer/added_tokens.h"
#include "actors/model/tokenizer/normalizer.h"
#include "actors/model/tokenizer/pre_tokenizer.h"
#include "actors/model/tokenizer/token_decoder.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

using Texts = std::vector<std::string>;

std::string normal(const char* json, std::string_view text, bool goes_on = false) {
  Normalizer normalizer;
  normalizer.parse(boost::json::parse(json));
  return normalizer.apply(text, goes_on);
}

Texts words(const std::string& json, std::string text, bool goes_on = false) {
  PreTokenizer cutter;
  cutter.parse(boost::json::parse(json));
  Words cut{.text = std::move(text), .goes_on = goes_on};
  cutter.cut(cut, false);
  Texts out;
  for (const Words::Span& span : cut.spans)
    out.push_back(cut.text.substr(span.begin, span.end - span.begin));
  return out;
}

Texts split(const std::string& behavior, bool invert = false) {
  return words(R"({"type": "Split", "pattern": {"String": "-"}, "behavior": ")" + behavior +
                   R"(", "invert": )" + (invert ? "true}" : "false}"),
      "-a--b-");
}

std::string joined(const char* json, Texts tokens) {
  TokenDecoder decoder;
  decoder.parse(boost::json::parse(json));
  return decoder.join(std::move(tokens));
}

// Characters, bytes for what is none, and a few merges, as SentencePiece's models have them.
std::string sentencepiece_json(const std::string& model, const std::string& more = "") {
  return R"({"added_tokens": [{"id": 1, "content": "<s>", "special": true}], "normalizer":
    {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
      {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "decoder": {"type": "Sequence", "decoders": [
      {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
      {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "post_processor": {"type": "TemplateProcessing", "single": [
      {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
    "model": {"type": "BPE", "dropout": 0.0, "unk_token": "<unk>", )" +
         model + R"(, "vocab": {"<unk>": 0, "<s>": 1, "<0xC3>": 2, "<0xA9>": 3, "▁": 4, "a": 5,
      "b": 6, "ab": 7, "▁ab": 8)" +
         more + R"(}, "merges": ["a b", ["▁", "ab"]]}})";
}

}  // namespace

TEST_CASE("a text is normalised as its file says, one step after the other") {
  CHECK(normal(R"({"type": "NFD"})", "\u00e9") == "e\u0301");
  CHECK(normal(R"({"type": "NFKC"})", "\ufb01\u2460") == "fi1");
  CHECK(normal(R"({"type": "NFKD"})", "\ufb01\u00e9") == "fie\u0301");
  CHECK(normal(R"({"type": "Lowercase"})", "\u0130\u03a3A") == "i\u0307\u03c3a");
  CHECK(normal(R"({"type": "StripAccents"})", "e\u0301a") == "ea");
  CHECK(normal(R"({"type": "Strip", "strip_left": true, "strip_right": false})", "\u3000 a ") ==
        "a ");
  CHECK(normal(R"({"type": "Prepend", "prepend": "_"})", "a") == "_a");
  CHECK(normal(R"({"type": "Prepend", "prepend": "_"})", "") == "");
  CHECK(normal(R"({"type": "Prepend", "prepend": "_"})", "a", true) == "a");
  CHECK(normal(R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "_"})", "a  b c") ==
        "a_b c");
  CHECK(normal(R"({"type": "ByteLevel"})", "a \u00e9") == "a\u0120\u00c3\u00a9");
  CHECK(normal(R"({"type": "Precompiled", "precompiled_charsmap": ""})", "a") == "a");
}

TEST_CASE("Split treats what it matches in five ways") {
  CHECK(split("Removed") == Texts{"a", "b"});
  CHECK(split("Isolated") == Texts{"-", "a", "-", "-", "b", "-"});
  CHECK(split("MergedWithPrevious") == Texts{"-", "a-", "-", "b-"});
  CHECK(split("MergedWithNext") == Texts{"-a", "-", "-b", "-"});
  CHECK(split("Contiguous") == Texts{"-", "a", "--", "b", "-"});
  CHECK(split("Removed", true) == Texts{"-", "-", "-", "-"});
}

TEST_CASE("words are cut at digits, punctuation, spaces and signs") {
  CHECK(words(R"({"type": "Digits", "individual_digits": true})", "a12b") ==
        Texts{"a", "1", "2", "b"});
  CHECK(words(R"({"type": "Digits"})", "a12\u00bdb") == Texts{"a", "12\u00bd", "b"});
  CHECK(words(R"({"type": "Punctuation"})", "a+b\u3002c") == Texts{"a", "+", "b", "\u3002", "c"});
  CHECK(words(R"({"type": "Whitespace"})", "a_1 --b\u00a0c") == Texts{"a_1", "--", "b", "c"});
  CHECK(words(R"({"type": "WhitespaceSplit"})", " a-b \n c") == Texts{"a-b", "c"});
  CHECK(words(R"({"type": "CharDelimiterSplit", "delimiter": ";"})", "a;;b") == Texts{"a", "b"});
  CHECK(words(R"({"type": "ByteLevel", "add_prefix_space": true})", "ab c") ==
        Texts{"\u0120ab", "\u0120c"});
  CHECK(words(
            R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "use_regex": false},
    {"type": "Split", "pattern": {"String": "\u0120"}, "behavior": "Isolated"}]})",
            "a b") == Texts{"a", "\u0120", "b"});
}

TEST_CASE("Metaspace writes spaces as its sign, and one before a text where it should") {
  CHECK(words(R"({"type": "Metaspace"})", "a b") == Texts{"▁a", "▁b"});
  CHECK(words(R"({"type": "Metaspace"})", " a") == Texts{"▁a"});
  CHECK(words(R"({"type": "Metaspace", "split": false})", "a b") == Texts{"▁a▁b"});
  CHECK(words(R"({"type": "Metaspace", "prepend_scheme": "never"})", "a b") == Texts{"a", "▁b"});
  CHECK(words(R"({"type": "Metaspace", "add_prefix_space": false})", "a b") == Texts{"a", "▁b"});
  CHECK(words(R"({"type": "Metaspace"})", "a b", true) == Texts{"a", "▁b"});
  std::string after = R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
    {"type": "Metaspace", "prepend_scheme": ")";
  CHECK(words(after + R"(always"}]})", "a b") == Texts{"▁a", "▁b"});
  CHECK(words(after + R"(first"}]})", "a b") == Texts{"▁a", "b"});
}

TEST_CASE("tokens are joined as their file says") {
  CHECK(joined(R"({"type": "ByteLevel"})", {"a\u0120", "\u00c3", "\u00a9", "▁"}) == "a \u00e9▁");
  CHECK(joined(R"({"type": "Metaspace"})", {"▁a", "▁b"}) == "a b");
  CHECK(joined(R"({"type": "Metaspace", "prepend_scheme": "never"})", {"▁a", "▁b"}) == " a b");
  CHECK(joined(R"({"type": "ByteFallback"})", {"<0xC3>", "<0xA9>", "a", "<0xC3>", "<0x41>"}) ==
        "\u00e9a\ufffd\ufffd");
  CHECK(joined(R"({"type": "Strip", "content": "_", "start": 1, "stop": 2})", {"__a___"}) == "_a_");
}

TEST_CASE("an added token takes the spaces that it should, and stands alone where it must") {
  AddedTokens added;
  added.add({.text = "<m>", .id = 1, .takes_left = true, .takes_right = true});
  added.add({.text = "ab", .id = 2, .single_word = true});
  auto cut = [&](std::string_view text) {
    Texts out;
    added.cut(text, [&](std::size_t begin, std::size_t end, Token id) {
      out.push_back(std::to_string(id) + ":" + std::string(text.substr(begin, end - begin)));
    });
    return out;
  };
  CHECK(cut("x <m>\n y") == Texts{"-1:x", "1: <m>\n ", "-1:y"});
  CHECK(cut("ab abc ab") == Texts{"2:ab", "-1: abc ", "2:ab"});
  CHECK(cut("") == Texts{});
}

TEST_CASE("characters without a token are their bytes, or unknown") {
  Tokenizer t = Tokenizer::parse(sentencepiece_json(R"("byte_fallback": true, "fuse_unk": true)"));
  CHECK(t.encode("ab") == std::vector<Token>{8});
  CHECK(t.encode("ab\u00e9") == std::vector<Token>{8, 2, 3});
  CHECK(t.encode("??a") == std::vector<Token>{4, 0, 5});
  CHECK(t.decode({8, 2, 3, 8}) == "ab\u00e9 ab");
  CHECK(Tokenizer::parse(sentencepiece_json(R"("fuse_unk": false)")).encode("??").size() == 3);
}

TEST_CASE("a whole text has what a model wants before it, once") {
  Tokenizer t = Tokenizer::parse(sentencepiece_json(R"("byte_fallback": true)"));
  CHECK(t.prefix() == std::vector<Token>{1});
  CHECK(t.encode_whole("ab") == std::vector<Token>{1, 8});
  CHECK(t.encode_whole("<s>ab") == std::vector<Token>{1, 8});
  CHECK(t.encode_whole("") == std::vector<Token>{1});
  CHECK(t.encode_behind("ab") == std::vector<Token>{7});
  CHECK(Tokenizer::of_characters({"<s>"}, "ab").encode_whole("ab") == std::vector<Token>{1, 2});
}

TEST_CASE("of a merge that is listed twice the last rank counts") {
  Tokenizer t = Tokenizer::parse(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2,
      "ab": 3, "bc": 4}, "merges": ["a b", "b c", "a b"]}})");
  CHECK(t.encode("abc") == std::vector<Token>{0, 4});
}
