#pragma once
// Between lexer and parser: what a run of tokens means where it stands. Letters that stand alone
// are a word ("HTH", "No") and not a product, letters after a number may be its unit ("5 m/s"),
// "x" before a power of ten multiplies, and {1 \over 2} is \frac{1}{2}.

#include "actors/rewards/maths/lexer.h"

#include <string>
#include <vector>

namespace tramontane::maths {

struct RewritingOptions {
  bool close_units = false;  // a unit's letter may touch its number: "5m"
};

// The last token is `end`, before and after.
void rewrite(std::vector<Token>& tokens, const RewritingOptions& options = {});

// Its parts: units, and "2 hours and 30 minutes" as one time.
void find_units(std::vector<Token>& tokens, const RewritingOptions& options);
void join_quantities(std::vector<Token>& tokens);

// Whether the token ends one of several answers, or one side of a relation.
bool separates(const Token& token);

// Why LaTeX shows something else than was meant: "x^10" is x¹0, "\sqrt12" √1 2. Empty if nothing.
// A power of ten may be written so.
std::string shown_otherwise(const std::vector<Token>& tokens);

}  // namespace tramontane::maths
