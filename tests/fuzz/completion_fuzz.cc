// Any bytes as a completion, under every reward that is a function of it: a finite share or a
// reason, and parts that lie within the text.
#include "actors/rewards/rewards.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

using namespace tramontane;

namespace {

bool within(std::string_view part, std::string_view text) {
  return part.empty() ||
         (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
}

void check(const RewardResult& result) {
  if (!std::isfinite(result.share) || std::abs(result.share) > 1) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view answer = text.substr(0, text.find('\n'));
  Completion completion{
      .prompt = answer, .answer = answer, .text = text, .tokens = static_cast<std::uint32_t>(size)};
  RewardOptions options;
  Parts parts = split_thinking(text);
  if (!within(parts.thinking, text) || !within(parts.answer, text)) std::abort();
  if (parts.thinks && parts.well_formed && !begins_thinking(text)) std::abort();
  for (const char* thinking : {"optional", "required", "none"}) {
    for (const char* wanted : {"any", "boxed", "code_block"}) {
      RewardSpec spec{.name = "format", .weight = 1, .options = FormatOptions{thinking, wanted}};
      check(reward_format(completion, spec, options));
    }
  }
  RewardSpec spec{.name = "math", .weight = 1};
  check(reward_number(completion, spec, options));
  spec.options = LengthOptions{64, 16};
  check(reward_length(completion, spec, options));
  return 0;
}
