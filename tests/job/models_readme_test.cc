// The tables of README.md about models say what the code does, all of it and no more.
#include "actors/job/problem_form.h"
#include "actors/model/config_keys.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <boost/json.hpp>

#include <set>
#include <string>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

// The texts between backticks.
Names quoted(const std::string& text) {
  Names names;
  std::size_t at = 0;
  while ((at = text.find('`', at)) != std::string::npos) {
    std::size_t end = text.find('`', at + 1);
    names.insert(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return names;
}

// Rows of the table whose head begins with `head`, as their first two cells.
std::vector<std::pair<std::string, std::string>> rows(const std::string& head) {
  auto bytes = system_files()->read(std::string(TRAM_SOURCE) + "/README.md");
  std::string text(as_text(bytes));
  std::size_t at = text.find("\n| " + head + " |");
  REQUIRE(at != std::string::npos);
  at = text.find("\n|---", at);
  std::vector<std::pair<std::string, std::string>> found;
  for (at = text.find('\n', at + 1) + 1; text[at] == '|'; at = text.find('\n', at) + 1) {
    std::size_t first = text.find(" | ", at);
    std::size_t second = text.find(" |", first + 3);
    found.emplace_back(
        text.substr(at + 2, first - at - 2), text.substr(first + 3, second - first - 3));
  }
  return found;
}

// Whether a tokenizer.json whose `part` is of that type is read; one that is refused must say that
// the type is not supported.
bool reads(const std::string& part, const std::string& type) {
  json::object made = {{"type", type}, {"pattern", {{"String", "a"}}}, {"content", "b"},
      {"prepend", "b"}, {"behavior", "Isolated"}, {"delimiter", "-"}, {"start", 0}, {"stop", 0},
      {"single", json::array()}, {"precompiled_charsmap", "AAAA"}, {"replacement", "\u2581"}};
  json::object file = json::parse(Tokenizer::of_characters({"<eos>"}, "ab").to_json()).as_object();
  if (type == "Sequence")
    made = {{"type", type}, {"normalizers", json::array()}, {"pretokenizers", json::array()},
        {"processors", json::array()}, {"decoders", json::array()}};
  if (part == "model")
    file["model"].as_object()["type"] = type;
  else
    file[part] = made;
  try {
    Tokenizer::parse(json::serialize(file));
    return true;
  } catch (const Error& error) {
    INFO(error.text());
    CHECK(error.errc() == Errc::unsupported);
    return false;
  }
}

}  // namespace

TEST_CASE("README lists every architecture, and no other") {
  Names told;
  for (const auto& [name, models] : rows("`architectures`")) told.merge(quoted(name));
  Names known;
  for (const Architecture& one : architectures()) known.emplace(one.name);
  CHECK(told == known);
}

TEST_CASE("README lists what is read of a tokenizer, and no other type that there is") {
  const Names types = {"BPE", "Unigram", "WordPiece", "WordLevel", "NFC", "NFD", "NFKC", "NFKD",
      "Lowercase", "StripAccents", "Strip", "Prepend", "Replace", "ByteLevel", "Sequence", "Nmt",
      "Precompiled", "BertNormalizer", "Split", "Metaspace", "Digits", "Punctuation", "Whitespace",
      "WhitespaceSplit", "CharDelimiterSplit", "BertPreTokenizer", "UnicodeScripts", "FixedLength",
      "TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteFallback", "Fuse", "CTC",
      "BPEDecoder"};
  auto parts = rows("part");
  CHECK(parts.size() == 5);
  for (const auto& [part, supported] : parts) {
    Names told = quoted(supported);
    for (const std::string& type : types) {
      CAPTURE(part);
      CAPTURE(type);
      CHECK(reads(part, type) == told.contains(type));
    }
    for (const std::string& type : told) CHECK(types.contains(type));
  }
}

TEST_CASE("README lists every form of chat, and no other") {
  Names told;
  for (const auto& [name, writes] : rows("form")) told.merge(quoted(name));
  for (const std::string& name : told) CHECK_NOTHROW(chat_named(name));
  try {
    chat_named("no such form");
    FAIL("there is no such form");
  } catch (const Error& error) {  // which names all there are
    std::string text = error.text();
    CAPTURE(text);
    for (const std::string& name : told) CHECK(text.find(name) != std::string::npos);
    CHECK(
        std::count(text.begin(), text.end(), ',') + 1 == static_cast<std::ptrdiff_t>(told.size()));
  }
}
