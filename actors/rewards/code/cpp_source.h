#pragma once
// C++ sources of a call-based problem: the harness with the tests, and the candidate's program,
// which are compiled apart and speak through inside/carry.inc.
//
// The declaration is text such as HumanEval-X has it: includes, helper functions perhaps, then the
// head of the wanted function with its "{" (and perhaps the beginning of its body).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane::code {

struct Declaration {
  std::string preamble;  // what comes before the head, less the helpers

  struct Helper {
    std::string name;
    std::string text;
  };

  std::vector<Helper> helpers;
  std::string before;                  // the head: its type,
  std::string entry;                   // the function's name,
  std::string parameters;              // "(vector<int> a, int b)"
  std::vector<std::string> arguments;  // "a", "b"
};

// Nothing if the text is not of that form.
std::optional<Declaration> split_declaration(std::string_view text);

// Whether `code` defines a function of that name.
bool defines_function(std::string_view code, std::string_view name);

std::string harness_source(const Declaration& declaration, std::string_view test);

// `text` is the whole declaration: code that only is the function's body goes behind it.
std::string candidate_source(
    const Declaration& declaration, std::string_view text, std::string_view code);

}  // namespace tramontane::code
