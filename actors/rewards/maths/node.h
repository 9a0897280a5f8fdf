#pragma once
// The typed tree of an answer. A value; its depth is bounded by the parser, so that recursion over
// it is safe.

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane::maths {

enum class Kind : std::uint8_t {
  number,    // text: see Decimal in number.h
  based,     // text: digits; parts: the base
  symbol,    // text: a variable's name, or a call of an unknown function
  constant,  // text: pi, e, i
  infinity,
  dots,  // an ellipsis in a list
  text,  // text: lower-case words
  sum,
  product,
  quotient,    // of two
  negative,    // of one
  plus_minus,  // of two; text: "+-" or "-+"
  power,       // of two
  root,        // radicand, degree
  factorial,
  binomial,  // of two
  absolute,
  floor,
  ceiling,
  logarithm,  // base, argument
  function,   // text: sin, …, ln, exp, with one part; gcd, lcm, max, min, mod with several
  series,     // a finite sum or product; text: "sum" or "prod"; its variable, from, to, term
  percent,    // of one
  quantity,   // of one; text: the unit's canonical form
  list,       // without brackets; text: the joint, "," "and" or "or"
  tuple,      // text: its brackets, "()" "[]" "(]" "[)"
  set,
  unite,  // unions of sets
  intersect,
  without,   // set difference
  ratio,     // a:b, also a time
  residue,   // of two: a value and its modulus
  matrix,    // parts: rows, each a tuple
  relation,  // text: one character for each sign between the parts, see Sign
};

// The signs in a relation's text.
namespace sign {
inline constexpr char equal = '=', unequal = '!', less = '<', at_most = '{', more = '>',
                      at_least = '}', about = '~', in = 'E', congruent = 'c';
}  // namespace sign

struct Node {
  Kind kind = Kind::number;
  std::string text;
  std::vector<Node> parts;

  bool operator==(const Node& other) const = default;
};

Node make(Kind kind, std::string text, std::vector<Node> parts = {});
Node make(Kind kind, Node only);
Node make(Kind kind, Node first, Node second);
Node integer(std::int64_t value);

// Whether any node of the tree is of this kind.
bool contains(const Node& node, Kind kind);

// Whether the tree is an expression: no lists, sets, relations, text, units or infinity in it.
bool is_expression(const Node& node);

// Adds the names of the tree's variables, sorted, each once.
void collect_symbols(const Node& node, std::vector<std::string>& names);

// One line for evidence.
std::string to_text(const Node& node);

}  // namespace tramontane::maths
