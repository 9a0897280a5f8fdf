#pragma once
// The parser's class, shared by its sources. An error is sticky: after fail() every rule returns at
// once, and the tree is thrown away.

#include "actors/rewards/maths/parser.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane::maths {

class Parser {
 public:
  Parser(std::vector<Token> tokens, const ParseLimits& limits)
      : tokens_(std::move(tokens)), limits_(limits) {}

  Node answer();

  bool failed() const { return !why_.empty(); }

  const std::string& why() const { return why_; }

 private:
  // parser.cc: structure.
  Node items();
  Node relation();
  Node named_call();
  Node ratio();
  Node sets();
  Node sum();
  Node negated(Node node);
  char relation_sign() const;

  // parser_terms.cc: products, powers.
  Node term();
  void multiply(Node& product, Node factor);
  bool take_mixed(Node& whole);
  bool starts_factor(const Node& left) const;
  Node power();
  Node raise(Node base);
  bool take_degree();

  // parser_units.cc
  Node unit(Node value);
  Node one_unit(Node value);
  bool take_unit_power(int& power);

  // parser_series.cc: sums, products, congruences.
  Node series(std::string name);
  Node argument_list();
  bool take_modulus(bool congruence, Node& modulus);
  Node congruence(Node node);
  bool at_condition() const;
  Node condition();
  Node not_computed(const std::string& name);

  // parser_atoms.cc
  Node atom();
  Node number();
  Node letter();
  Node words();
  Node mark();
  Node command();
  Node fraction();
  Node root();
  Node function(std::string name);
  Node function_argument();
  Node several(std::string name, Node inside);
  Node bracketed();
  Node braced();
  Node such_that(Node element, Node condition);
  Node bars();
  Node enclosed(Kind kind, std::string_view close);
  Node overlined();
  Node matrix();
  Node matrix_row();
  Node argument();
  Node one_token_argument();
  std::string subscript();

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }

  bool at_mark(std::string_view text) const {
    return peek().kind == TokenKind::mark && peek().text == text;
  }

  bool at_command(std::string_view text) const {
    return peek().kind == TokenKind::command && peek().text == text;
  }

  bool take_mark(std::string_view text) {
    if (!at_mark(text)) return false;
    ++at_;
    return true;
  }

  void expect(std::string_view text) {
    if (!take_mark(text)) fail("expected " + std::string(text));
  }

  // The end of the input for every rule; returns a node to be thrown away.
  Node fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    at_ = tokens_.size() - 1;
    return {};
  }

  std::vector<Token> tokens_;  // the last is `end`
  std::size_t at_ = 0;
  ParseLimits limits_;
  std::uint32_t depth_ = 0;
  std::uint32_t nodes_ = 0;
  std::uint32_t bars_ = 0;   // open absolute values
  bool index_i_ = false;     // in a sum over i
  bool congruence_ = false;  // after "≡", where "mod" names the modulus
  bool builder_ = false;     // in \{…\}, where "|" may mean "such that"
  std::string why_;
};

}  // namespace tramontane::maths
