// Any bytes as a completion: what is extracted is part of it, in every form, or a list of its
// boxes; and boxes lie within the text, one after the other.
#include "actors/rewards/maths/boxes.h"
#include "actors/rewards/maths/maths.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (AnswerForm form : {AnswerForm::boxed, AnswerForm::hash_marks, AnswerForm::answer_is,
           AnswerForm::last_number, AnswerForm::whole, AnswerForm::automatic}) {
    for (BoxRule rule : {BoxRule::last, BoxRule::all}) {
      auto answer = extract_answer(text, form, rule);
      if (answer.how.empty()) std::abort();
      bool several = answer.how.starts_with("boxed ");
      if (answer.found && !several && text.find(answer.text) == text.npos) std::abort();
      if (!answer.found && !answer.text.empty()) std::abort();
    }
  }
  std::size_t end = 0;
  for (const maths::Box& box : maths::find_boxes(text).closed) {
    bool ordered = end <= box.begin && box.begin < box.from && box.from <= box.to &&
                   box.to <= box.end && box.end <= text.size();
    if (!ordered) std::abort();
    end = box.end;
  }
  return 0;
}
