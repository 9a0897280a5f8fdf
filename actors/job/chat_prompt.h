#pragma once
// How a problem is put to a model that was taught to converse: system prompt, the problem as the
// user's turn, and the beginning of the model's own. Pure functions.

#include "actors/rewards/reward_spec.h"

#include <string>
#include <string_view>

namespace tramontane {

enum class Chat : std::uint8_t { none, mistral, chatml, llama3 };  // as in actors/job/job.capnp

// Asks for thinking between the tags, then a boxed result or a fenced program.
std::string default_system_prompt(const ThinkingTags& tags);

// The text to tokenize, special tokens written out. Chat::none: the problem as it is.
std::string chat_prompt(Chat chat, std::string_view system, std::string_view problem);

}  // namespace tramontane
