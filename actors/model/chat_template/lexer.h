#pragma once
// The lexer cuts a chat template into tokens as Jinja2's does with trim_blocks and lstrip_blocks.
//
//   std::vector<Token> tokens = lex("Hi {{ name }}");
//   // text "Hi ", print_begin, name "name", print_end, end
//
// Pure functions: any thread. What Jinja2 refuses is Error(bad_input), with line and column.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::jinja {

struct Token {
  enum class Type {
    text,
    print_begin,
    print_end,
    block_begin,
    block_end,
    name,
    integer,
    real,
    string,
    op,
    end,
  };

  Type type;
  std::size_t at;    // in bytes
  std::string text;  // what it says: a string without its escapes
  std::int64_t integer = 0;
  double real = 0;

  bool is(Type wanted, std::string_view what) const { return type == wanted && text == what; }
};

// With line ends as \n, and without the last one.
std::string normal_source(std::string_view source);

// Of a normal source.
std::vector<Token> lex(std::string_view source);

// Throws Error(bad_input) or Error(unsupported) that begins with the line and column of the byte at
// `at`; without them where there is no source.
[[noreturn]] void fail_at(std::string_view source, std::size_t at, const std::string& text);
[[noreturn]] void refuse_at(std::string_view source, std::size_t at, const std::string& what);

// "line 3, column 7"
std::string place_of(std::string_view source, std::size_t at);

}  // namespace tramontane::jinja
