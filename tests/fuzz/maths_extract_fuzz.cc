// Any bytes as a completion: what is extracted is part of it, in every form.
#include "actors/rewards/maths/maths.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (AnswerForm form : {AnswerForm::boxed, AnswerForm::hash_marks, AnswerForm::answer_is,
           AnswerForm::last_number, AnswerForm::whole, AnswerForm::automatic}) {
    auto answer = extract_answer(text, form);
    if (answer.how.empty()) std::abort();
    if (answer.found && text.find(answer.text) == text.npos) std::abort();
    if (!answer.found && !answer.text.empty()) std::abort();
  }
  return 0;
}
