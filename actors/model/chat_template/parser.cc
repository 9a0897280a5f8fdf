#include "actors/model/chat_template/parser.h"

#include "actors/model/chat_template/late_names.h"
#include "actors/model/chat_template/parser_state.h"
#include "actors/model/chat_template/scopes.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <set>

namespace tramontane::jinja {

namespace {

constexpr std::size_t source_bytes_max = 1 << 20;
constexpr int levels_max = 150;

const char* const tags_refused[] = {
    "autoescape", "block", "debug", "do", "extends", "from", "import", "include", "trans"};

std::unique_ptr<Statement> make(Statement::Type type, std::size_t at) {
  auto made = std::make_unique<Statement>();
  made->type = type;
  made->at = at;
  return made;
}

}  // namespace

Parser::Level::Level(Parser& parser) : parser_(parser) {
  if (parser_.levels_ >= 4 * levels_max)  // an expression takes several
    fail_at(parser_.source_, parser_.now().at, "the template nests too deeply");
  ++parser_.levels_;
}

Parser::Parser(std::string_view source) : source_(normal_source(source)), tokens_(lex(source_)) {}

Template Parser::run() {
  Body all = body({});
  return {source_, std::move(all), {}};
}

Token Parser::take() {
  Token token = now();
  if (token.type != Token::Type::end) ++place_;
  return token;
}

bool Parser::skip_op(std::string_view op) {
  if (!at_op(op)) return false;
  take();
  return true;
}

bool Parser::skip_name(std::string_view name) {
  if (!at_name(name)) return false;
  take();
  return true;
}

void Parser::want_op(std::string_view op) {
  if (!skip_op(op)) fail_here(str("expected `", op, "`, not `", now().text, "`"));
}

std::string Parser::want_name() {
  if (now().type != Token::Type::name) fail_here("expected a name, not `" + now().text + "`");
  return take().text;
}

void Parser::want_end_of_block() {
  if (now().type != Token::Type::block_end) fail_here("expected `%}`, not `" + now().text + "`");
  take();
}

void Parser::unexpected() {
  fail_here("unexpected `" + now().text + "`");
}

void Parser::fail_here(const std::string& text) {
  fail_at(source_, now().at, text);
}

Body Parser::body(std::initializer_list<std::string_view> ends) {
  Level level(*this);
  Body all;
  for (;;) {
    Token token = take();
    switch (token.type) {
      case Token::Type::text:
        all.push_back(make(Statement::Type::text, token.at));
        all.back()->text = std::move(token.text);
        break;
      case Token::Type::print_begin:
        all.push_back(make(Statement::Type::output, now().at));
        all.back()->expressions.push_back(tuple());
        if (now().type != Token::Type::print_end)
          fail_here("expected `}}`, not `" + now().text + "`");
        take();
        break;
      case Token::Type::block_begin:
        if (now().type == Token::Type::name && std::ranges::find(ends, now().text) != ends.end())
          return all;
        all.push_back(statement());
        want_end_of_block();
        break;
      default:
        if (ends.size() == 0) return all;
        fail_here(str("the template ends where `", *(ends.end() - 1), "` is missing"));
    }
  }
}

// Up to the tag `end`, which is taken, but not its `%}`.
Body Parser::ended_body(std::string_view end) {
  skip_op(":");
  want_end_of_block();
  Body inside = body({end});
  take();
  return inside;
}

Body Parser::function_body(std::string_view end) {
  int outer = std::exchange(loops_, 0);
  Body inside = ended_body(end);
  loops_ = outer;
  return inside;
}

std::unique_ptr<Statement> Parser::statement() {
  Level level(*this);
  std::size_t at = now().at;
  std::string tag = want_name();
  auto made = known_statement(tag, at);
  if (made) return made;
  if (std::ranges::find(tags_refused, tag) != std::end(tags_refused))
    refuse_at(source_, at, "the tag `" + tag + "`");
  fail_at(source_, at, "there is no tag `" + tag + "` here");
}

std::unique_ptr<Statement> Parser::known_statement(const std::string& tag, std::size_t at) {
  if (tag == "set") return set(at);
  if (tag == "for") return loop(at);
  if (tag == "if") return choice(at);
  if (tag == "macro") return macro(at);
  if (tag == "call") return call_block(at);
  if (tag == "with") return with(at);
  if (tag == "filter") return filter_block(at);
  if (tag == "generation") return generation(at);
  if (tag == "break") return leave(Statement::Type::leave, at);
  if (tag == "continue") return leave(Statement::Type::skip, at);
  if (tag == "print") return print(at);
  return nullptr;
}

ExpressionPtr Parser::one_target(bool spaces) {
  std::size_t at = now().at;
  if (spaces && now().type == Token::Type::name && ahead().is(Token::Type::op, ".")) {
    auto space = node(Type::name, at, take().text);
    take();
    auto made = node(Type::attribute, at, want_name());
    put(*made, std::move(space));
    return made;
  }
  auto made = primary();
  auto check = [&](auto&& self, const Expression& part) -> void {
    if (part.type == Type::tuple) {
      for (const auto& inner : part.parts) self(self, *inner);
    } else if (part.type != Type::name) {
      fail_at(source_, part.at, "nothing can be assigned to this");
    } else if (part.text == "loop") {
      refuse_at(source_, part.at, "assigning to `loop`");
    }
  };
  check(check, *made);
  return made;
}

ExpressionPtr Parser::target(bool spaces, std::string_view end_name) {
  return listed([&] { return one_target(spaces); }, end_name, false);
}

std::unique_ptr<Statement> Parser::set(std::size_t at) {
  auto made = make(Statement::Type::set, at);
  made->target = target(true);
  if (skip_op("=")) {
    made->value = tuple();
    return made;
  }
  made->type = Statement::Type::block_set;
  if (made->target->type == Type::tuple) refuse_at(source_, at, "a block that sets several names");
  while (skip_op("|")) made->value = filter(std::move(made->value));
  made->body = ended_body("endset");
  return made;
}

std::unique_ptr<Statement> Parser::loop(std::size_t at) {
  auto made = make(Statement::Type::loop, at);
  made->target = target(false, "in");
  if (!skip_name("in")) fail_here("expected `in`, not `" + now().text + "`");
  made->value = tuple(false, "recursive");
  if (skip_name("if")) made->condition = expression();
  made->recursive = skip_name("recursive");
  skip_op(":");
  want_end_of_block();
  ++loops_;
  made->body = body({"else", "endfor"});
  --loops_;
  if (take().text == "else") made->otherwise = ended_body("endfor");
  return made;
}

std::unique_ptr<Statement> Parser::choice(std::size_t at) {
  Level level(*this);
  auto made = make(Statement::Type::choice, at);
  made->value = tuple(false);
  skip_op(":");
  want_end_of_block();
  made->body = body({"elif", "else", "endif"});
  std::size_t next = now().at;
  std::string tag = take().text;
  if (tag == "elif")
    made->otherwise.push_back(choice(next));
  else if (tag == "else")
    made->otherwise = ended_body("endif");
  return made;
}

void Parser::signature(Statement& macro) {
  want_op("(");
  std::set<std::string> names;
  while (!at_op(")")) {
    if (!macro.parameters.empty()) want_op(",");
    std::size_t at = now().at;
    std::string name = want_name();
    if (!names.insert(name).second) fail_at(source_, at, "the parameter `" + name + "` twice");
    if (name == "loop") refuse_at(source_, at, "a parameter `loop`");
    macro.parameters.push_back(name);
    if (skip_op("="))
      macro.expressions.push_back(expression());
    else if (!macro.expressions.empty())
      fail_at(source_, at, "a parameter without a default behind one with");
  }
  take();
}

std::unique_ptr<Statement> Parser::macro(std::size_t at) {
  auto made = make(Statement::Type::macro, at);
  made->text = want_name();
  signature(*made);
  made->body = function_body("endmacro");
  return made;
}

std::unique_ptr<Statement> Parser::call_block(std::size_t at) {
  auto made = make(Statement::Type::call, at);
  if (at_op("(")) signature(*made);
  made->value = expression();
  if (made->value->type != Type::call) fail_at(source_, at, "`call` wants a call");
  made->body = function_body("endcall");
  return made;
}

std::unique_ptr<Statement> Parser::with(std::size_t at) {
  auto made = make(Statement::Type::with, at);
  while (now().type != Token::Type::block_end) {
    if (!made->targets.empty()) want_op(",");
    made->targets.push_back(target(false, {}));
    want_op("=");
    made->expressions.push_back(expression());
  }
  made->body = ended_body("endwith");
  return made;
}

std::unique_ptr<Statement> Parser::filter_block(std::size_t at) {
  auto made = make(Statement::Type::filter, at);
  made->value = filter(nullptr);
  while (skip_op("|")) made->value = filter(std::move(made->value));
  made->body = ended_body("endfilter");
  return made;
}

std::unique_ptr<Statement> Parser::generation(std::size_t at) {
  auto made = make(Statement::Type::generation, at);
  made->body = function_body("endgeneration");
  return made;
}

std::unique_ptr<Statement> Parser::leave(Statement::Type type, std::size_t at) {
  if (loops_ == 0) fail_at(source_, at, "it stands in no loop");
  return make(type, at);
}

std::unique_ptr<Statement> Parser::print(std::size_t at) {
  auto made = make(Statement::Type::output, at);
  while (now().type != Token::Type::block_end) {
    if (!made->expressions.empty()) want_op(",");
    made->expressions.push_back(expression());
  }
  return made;
}

Template parse_template(std::string_view source) {
  if (source.size() > source_bytes_max)
    fail_at({}, 0,
        str("the template has ", source.size(), " bytes, of which ", source_bytes_max,
            " are allowed"));
  for (std::size_t at = 0; at < source.size();) {
    std::size_t length = utf8_length(source.substr(at));
    if (length == 0) fail_at(source, at, "the template is not UTF-8");
    at += length;
  }
  Template made = Parser(source).run();
  check_late_names(made);
  resolve_names(made);
  return made;
}

}  // namespace tramontane::jinja
