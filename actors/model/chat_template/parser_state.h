#pragma once
// The parser's place in the tokens, and its functions: one for each rule of the grammar.
//
//   Template tree = Parser(source).run();
//
// Expressions are in parser_expressions.cc, those with arguments in parser_calls.cc, statements in
// parser.cc. Of one thread.

#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/syntax.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::jinja {

class Parser {
 public:
  explicit Parser(std::string_view source);

  Template run();

 private:
  using Type = Expression::Type;

  // One level of nesting in the source, which is bounded.
  class Level {
   public:
    explicit Level(Parser& parser);

    ~Level() { --parser_.levels_; }

    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  const Token& now() const { return tokens_[place_]; }

  const Token& ahead() const { return tokens_[std::min(place_ + 1, tokens_.size() - 1)]; }

  bool at_op(std::string_view op) const { return now().is(Token::Type::op, op); }

  bool at_name(std::string_view name) const { return now().is(Token::Type::name, name); }

  Token take();
  bool skip_op(std::string_view op);
  bool skip_name(std::string_view name);
  void want_op(std::string_view op);
  std::string want_name();
  void want_end_of_block();
  [[noreturn]] void unexpected();
  [[noreturn]] void fail_here(const std::string& text);

  ExpressionPtr node(Type type, std::size_t at, std::string text = {});
  // `part` becomes the last of `whole`, whose depth is bounded.
  void put(Expression& whole, ExpressionPtr part);
  ExpressionPtr binary(Type type, std::string text, ExpressionPtr a, ExpressionPtr b);

  // Expressions, from the loosest binding to the tightest.
  ExpressionPtr tuple(
      bool conditions = true, std::string_view end_name = {}, bool brackets = false);
  ExpressionPtr expression();
  ExpressionPtr either();
  ExpressionPtr both();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr joined();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filters = true);
  ExpressionPtr primary();
  ExpressionPtr literal();
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr postfix(ExpressionPtr whole);
  ExpressionPtr subscript(ExpressionPtr whole);
  ExpressionPtr element(ExpressionPtr whole);
  ExpressionPtr filters(ExpressionPtr whole);
  ExpressionPtr filter(ExpressionPtr whole);
  ExpressionPtr test(ExpressionPtr whole);
  ExpressionPtr call(ExpressionPtr whole);
  void arguments(Expression& whole);
  std::string dotted_name();
  // One, or several with commas between them: a tuple.
  ExpressionPtr listed(
      const std::function<ExpressionPtr()>& one, std::string_view end_name, bool may_be_empty);
  bool at_tuple_end(std::string_view end_name) const;

  // Targets of assignments.
  ExpressionPtr target(bool spaces, std::string_view end_name = {});
  ExpressionPtr one_target(bool spaces);

  // Statements.
  Body body(std::initializer_list<std::string_view> ends);
  std::unique_ptr<Statement> statement();
  std::unique_ptr<Statement> known_statement(const std::string& tag, std::size_t at);
  std::unique_ptr<Statement> set(std::size_t at);
  std::unique_ptr<Statement> loop(std::size_t at);
  std::unique_ptr<Statement> choice(std::size_t at);
  std::unique_ptr<Statement> macro(std::size_t at);
  std::unique_ptr<Statement> call_block(std::size_t at);
  std::unique_ptr<Statement> with(std::size_t at);
  std::unique_ptr<Statement> filter_block(std::size_t at);
  std::unique_ptr<Statement> generation(std::size_t at);
  std::unique_ptr<Statement> leave(Statement::Type type, std::size_t at);
  std::unique_ptr<Statement> print(std::size_t at);
  void signature(Statement& macro);
  // Statements up to the tag `end`, in whose function no loop is open.
  Body function_body(std::string_view end);
  Body ended_body(std::string_view end);

  static constexpr int depth_max = 200;  // of an expression

  std::string source_;
  std::vector<Token> tokens_;
  std::size_t place_ = 0;
  int levels_ = 0;
  int loops_ = 0;  // open, in the function that is being parsed
};

}  // namespace tramontane::jinja
