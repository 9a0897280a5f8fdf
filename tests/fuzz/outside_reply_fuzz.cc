// Any bytes as the reply of a grader outside: a result for each completion, its share within
// bounds, or a reason why not.
#include "actors/rewards/outside.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

using namespace tramontane;

namespace {

void check(const RewardResult& result) {
  bool decided = result.cannot_decide.empty();
  if (decided && !(std::abs(result.share) <= 1)) std::abort();
  if (!decided && (result.share != 0 || result.failed_gate)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Completion completions[] = {{.prompt = text, .answer = "2", .text = "two", .id = 1},
      {.prompt = "1+1=", .answer = text, .text = text, .id = 18446744073709551615ULL}};
  auto results = read_grading(text, completions);
  if (results.size() != std::size(completions)) std::abort();
  for (const auto& result : results) check(result);
  check(read_judge(text));
  // What is said is one line, whatever it is about.
  if (grading_request(completions).find('\n') != std::string::npos) std::abort();
  if (judge_request(text, text, completions[1]).find('\n') != std::string::npos) std::abort();
  return 0;
}
