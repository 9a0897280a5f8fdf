// Tokenizes lines for a comparison with other programs.
//
//   tokenizer_lines FILE < texts.jsonl > tokens.jsonl
//
// FILE is a tokenizer.json, tekken.json or tokenizer.model. Each line in is a JSON string; each out
// is [tokens, their text, their text without special tokens], bytes as Latin-1 characters, or
// {"error": …}. With `--time N`: the seconds that N rounds of encoding everything took. With
// `--json`: the file as tokenizer.json.
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace tramontane;

namespace {

Tokenizer load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (path.ends_with(".model")) return Tokenizer::parse_sentencepiece(bytes);
  if (path.find("tekken") != std::string::npos && bytes.find("\"added_tokens\"") > 65536)
    return Tokenizer::parse_tekken(bytes);
  return Tokenizer::parse(bytes);
}

std::string latin1(std::string_view bytes) {
  std::string out;
  for (char byte : bytes) out += utf8(static_cast<unsigned char>(byte));
  return out;
}

boost::json::value line_of(const Tokenizer& tokenizer, std::string_view text) {
  try {
    std::vector<Token> tokens = tokenizer.encode(text);
    return boost::json::array{boost::json::value_from(tokens), latin1(tokenizer.decode(tokens)),
        latin1(tokenizer.decode(tokens, false))};
  } catch (const Error& error) {
    return boost::json::object{{"error", latin1(error.text())}};
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  Tokenizer tokenizer = load(arguments[1]);
  std::string option = count > 2 ? arguments[2] : "";
  if (option == "--json") {
    std::cout << tokenizer.to_json();
    return 0;
  }
  std::vector<std::string> texts;
  for (std::string line; std::getline(std::cin, line);)
    texts.push_back(boost::json::value_to<std::string>(boost::json::parse(line)));
  if (option == "--time" && count > 3) {
    auto begin = std::chrono::steady_clock::now();
    std::size_t tokens = 0;
    for (int round = std::atoi(arguments[3]); round > 0; --round)
      for (const std::string& text : texts) tokens += tokenizer.encode(text).size();
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    std::printf("%.6f %zu\n", taken.count(), tokens);
    return 0;
  }
  for (const std::string& text : texts)
    std::cout << boost::json::serialize(line_of(tokenizer, text)) << '\n';
  return 0;
}
