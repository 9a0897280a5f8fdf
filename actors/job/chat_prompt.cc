#include "actors/job/chat_prompt.h"

#include "runtime/base/check.h"

namespace tramontane {

std::string default_system_prompt(const ThinkingTags& tags) {
  return str("Work the problem out first, as freely and at whatever length you need, between ",
      tags.open, " and ", tags.close,
      ", in the language of the problem. After that, write the answer for the reader: a "
      "mathematical "
      "result goes into \\boxed{}, a program into a fenced code block that names its language.");
}

std::string chat_prompt(Chat chat, std::string_view system, std::string_view problem) {
  switch (chat) {
    case Chat::none:
      break;
    case Chat::mistral:
      return str("<s>[SYSTEM_PROMPT]", system, "[/SYSTEM_PROMPT][INST]", problem, "[/INST]");
    case Chat::chatml:
      return str("<|im_start|>system\n", system, "<|im_end|>\n<|im_start|>user\n", problem,
          "<|im_end|>\n<|im_start|>assistant\n");
    case Chat::llama3:
      return str("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n", system,
          "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n", problem,
          "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
  }
  return std::string(problem);
}

}  // namespace tramontane
