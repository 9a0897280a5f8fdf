#pragma once
// Finds the code in a completion's answer: the last fenced block.
//
//   auto block = last_code_block("Here:\n```python\nprint(1)\n```\nDone.");
//   // {"python", "print(1)\n"}
//
// As in CommonMark: a fence is three or more ` or ~ after at most three spaces; it is closed by at
// least as many of the same, or by the end of the text. A fence of ` has no ` behind it.

#include <optional>
#include <string>
#include <string_view>

namespace tramontane::code {

enum class Language { none, python, cpp };

const char* name(Language language);

// Of a name as people write it: py, Python3, c++, CPP, cc…; none for any other.
Language language_of(std::string_view word);

struct CodeBlock {
  std::string word;  // the first word behind the fence, lower case
  std::string code;
  bool closed = false;
};

std::optional<CodeBlock> last_code_block(std::string_view text);

}  // namespace tramontane::code
