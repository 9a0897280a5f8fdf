// Any text as a problem's tests, a completion's answer, or a C++ declaration.
#include "actors/rewards/code/block.h"
#include "actors/rewards/code/cpp_source.h"
#include "actors/rewards/code/judge.h"
#include "actors/rewards/code/problem.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <cstdlib>

using namespace tramontane;
using namespace tramontane::code;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    Problem problem = parse_problem(text);
    if (problem.shape == Problem::Shape::programs ? problem.tests.empty() : problem.entry.empty())
      std::abort();
  } catch (const Error& error) {
    if (error.errc() != Errc::bad_input) std::abort();
  }
  auto block = last_code_block(text);
  if (block && block->code.size() > text.size() + 1) std::abort();
  if (auto declaration = split_declaration(text)) {
    if (harness_source(*declaration, text).find(declaration->entry) == std::string::npos)
      std::abort();
    if (candidate_source(*declaration, text, text).empty()) std::abort();
  }
  if (!same_output(text, text)) std::abort();
  return 0;
}
