#pragma once
// One side of a comparison as read: its tokens, whether it is prose or a choice, its tree.

#include "actors/rewards/maths/lexer.h"
#include "actors/rewards/maths/maths.h"
#include "actors/rewards/maths/node.h"
#include "actors/rewards/maths/number.h"

#include <optional>
#include <string>
#include <string_view>

namespace tramontane::maths {

struct Reading {
  std::string text;                    // without fences
  std::optional<SimpleNumber> simple;  // then nothing below is filled
  std::string spelled;                 // equal for spellings of the same text; "" if not lexed
  std::string prose;                   // lower-case words, if it is made of words
  char choice = 0;                     // 'A'..'J', if it is the letter of a choice
  bool bare_choice = false;            // a letter without brackets: it may be a variable
  std::optional<Node> tree;
  std::string why;  // there is no tree
};

// The fast part alone: text and simple number.
Reading skim(std::string_view text);

struct ReadAs {
  bool strict = false;       // as LaTeX shows it, not as it was meant: x^10 is x¹0
  bool close_units = false;  // "5m" has a unit
};

// Everything.
Reading read(std::string_view text, const CompareOptions& options, const ReadAs& as = {});

// What stands beside the letter of a choice: "7" in "B) 7". Nothing where nothing does.
std::optional<Reading> read_chosen(const Reading& reading, const CompareOptions& options);

// Another way to read an answer, where one was not enough: "1,5" as a decimal for a gold number,
// "32,349" as a list for a gold list. Nothing where there is none.
std::optional<Reading> read_otherwise(
    const Reading& answer, const Node& gold, const CompareOptions& options);

}  // namespace tramontane::maths
