#pragma once
// Finds the code in a completion's answer: the last fenced block of the language that is asked for.
//
//   auto blocks = code_blocks("Here:\n```python\nprint(1)\n```\nprints\n```\n1\n```");
//   const CodeBlock* block = program_among(blocks, Language::python);   // "print(1)\n"
//
// As in CommonMark: a fence is three or more ` or ~; it is closed by at least as many of the same,
// or by the end of the text. A fence of ` has no ` behind it. A block may be indented as a whole,
// as in a list: the fence that closes it stands no more than three spaces deeper than it began.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

std::vector<CodeBlock> code_blocks(std::string_view text);
std::optional<CodeBlock> last_code_block(std::string_view text);

// The block that counts as the answer: the last one that names a language which is accepted
// (`wanted`; none: any there is). Where none does, the last that may be a program: one without a
// name or of a language unknown here, but no output, shell line, data or text. Null if there is no
// such block.
const CodeBlock* program_among(const std::vector<CodeBlock>& blocks, Language wanted);

}  // namespace tramontane::code
