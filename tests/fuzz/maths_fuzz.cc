// Any bytes as a gold answer, a newline, and a model's answer. Whatever can be read is equal to
// itself in fences, and no comparison crashes or runs away. The symbolic stage, which has no clock
// here, sees short texts under narrow bounds only.
#include "actors/rewards/maths/maths.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t quick_max = 4096;
  constexpr std::size_t symbolic_max = 60;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.size() > quick_max) return 0;
  std::size_t line = text.find('\n');
  std::string_view gold_text = text.substr(0, line);
  std::string_view answer = line == text.npos ? gold_text : text.substr(line + 1);

  CompareOptions options;
  options.number_bits_max = 1U << 12;
  options.precision_bits_max = 512;
  options.points = 3;
  GoldAnswer gold(gold_text, options);
  Comparison said;
  gold.compare_quickly(answer, said);
  if (text.size() <= symbolic_max) said = gold.compare(answer);
  if (said.how.empty()) std::abort();
  bool itself = gold.compare_quickly(gold.text(), said);
  if (itself && said.outcome == Outcome::different && !gold.text().empty()) std::abort();
  return 0;
}
