#pragma once
// The syntax tree of a chat template, as Jinja2's parser makes it.
//
// An Expression's operands are in `parts`, in the order in which they are written; what each kind
// has there is said beside it. Names are resolved when the tree is evaluated, in frames that Scope
// describes: what a body begins with is fixed when it is parsed (scopes.h).
// Immutable once parsed: any thread.

#include "actors/model/chat_template/value.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tramontane::jinja {

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Body = std::vector<std::unique_ptr<Statement>>;

// A literal, as it can be shared by renderings: a Value belongs to one.
struct Literal {
  enum class Type { none, boolean, integer, real, text } type = Type::none;
  std::int64_t integer = 0;  // or a boolean
  double real = 0;
  std::string text;
};

struct Expression {
  enum class Type {
    literal,
    name,       // `text`
    attribute,  // parts[0].text; as a target of `set`: of the namespace called by the name parts[0]
    element,    // parts[0][parts[1]]
    slice,      // parts[0][parts[1]:parts[2]:parts[3]], each of which may be null
    call,       // parts[0](arguments)
    filter,     // parts[0] | text(arguments); parts[0] is null for a block's
    test,       // parts[0] is text(arguments)
    negation,   // not parts[0]
    minus,
    plus,
    arithmetic,  // parts[0] text parts[1]
    comparison,  // parts[0] operators[0] parts[1] operators[1] parts[2] …
    both,        // parts[0] and parts[1]
    either,      // parts[0] or parts[1]
    joined,      // parts[0] ~ parts[1] ~ …
    choice,      // parts[0] if parts[1] else parts[2], which may be null
    list,
    tuple,
    dict,  // parts: key, value, key, value, …
  };

  Type type;
  std::size_t at = 0;  // where it begins, in bytes
  int depth = 1;       // of the tree below it
  std::string text;
  Literal literal;
  std::vector<ExpressionPtr> parts;
  std::vector<std::string> operators;
  std::vector<ExpressionPtr> arguments;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr rest;        // *rest
  ExpressionPtr named_rest;  // **named_rest
};

// What a frame holds when it begins: names, and where their first value comes from.
struct Scope {
  enum class From { parameter, outer, context, nothing };

  struct Entry {
    std::string name;
    From from;
  };

  std::vector<Entry> entries;
};

struct Statement {
  enum class Type {
    output,     // expressions
    text,       // `text`
    set,        // target = value
    block_set,  // target = the body's text, through the filter `value` if there is one
    loop,       // for target in value if condition [recursive]: body; otherwise
    choice,     // if value: body; otherwise
    macro,      // name(parameters): body
    call,       // call(parameters) value: body
    with,       // targets = expressions: body
    filter,     // the body's text through the filter `value`
    generation,
    leave,  // break
    skip,   // continue
  };

  Type type;
  std::size_t at = 0;
  std::string text;  // or a macro's name
  ExpressionPtr target;
  ExpressionPtr value;
  ExpressionPtr condition;
  std::vector<ExpressionPtr> targets;
  std::vector<ExpressionPtr> expressions;  // or the defaults of the last parameters
  std::vector<std::string> parameters;
  bool recursive = false;
  bool takes_caller = false, takes_rest = false, takes_named_rest = false;
  Body body;
  Body otherwise;
  Scope scope;            // of the body
  Scope condition_scope;  // of a loop's condition
  Scope otherwise_scope;  // of a loop's `else`
};

struct Template {
  std::string source;  // its line ends are \n
  Body body;
  Scope scope;
};

}  // namespace tramontane::jinja
